"""Hostile templates and data stay cheap: every cap is a LiquidError, in bounded time and memory."""

import time
import tracemalloc
from contextlib import suppress

import pytest

from campaigns.liquid import Data, LiquidError, lint, parse, render

SECONDS = 5.0  # of this process; a quadratic pass over 64 KB takes minutes
FULL = 65_536


def fill(piece: str) -> str:
    return (piece * (FULL // len(piece) + 1))[:FULL]


def nested(depth: int) -> list[object]:
    deep: list[object] = []
    for _ in range(depth):
        deep = [deep]
    return deep


ATTRIBUTES = {
    "long": "a" * 200_000,
    "brackets": "<" * 200_000,
    "scripts": "<script" * 30_000,
    "numbers": [place % 77 for place in range(9_999)],
    "empties": [""] * 9_999,
    "deep": nested(50_000),
    "lists": nested(150),
    "hashes": {"a": {"a": nested(150)}},
    "json": f"[{','.join(['[]'] * 60_000)}]",
    "huge": 10**3_000,
    "tiny": 1e-300,
    "wide": {"a": "x" * 300_000},
    "list": list(range(20_000)),
}
PEOPLE = Data(custom_attributes=ATTRIBUTES)

REPEATED = [
    *(
        "{{",
        "${",
        "{%",
        "{{{{${",
        "{{ ${",
        "{{-",
        "{%-",
        "{{a}}",
        "{{${a}}}",
        "{{ a | ",
        "{{ '",
        '{{ "["',
        "{{ ((",
        "{",
    ),
    *(
        "{% if a %}",
        "{% if a and ",
        "{% for i in (1..9) %}",
        "{% capture a %}",
        "{% case a %}{% when a %}",
        "{% liquid ",
    ),
    *(
        "{% raw %}",
        "{% endraw %}",
        "{% comment %}",
        "{% comment ",
        "{% endcomment %}",
        "{% comment %}{% raw %}",
    ),
    *(
        "{% connected_content ",
        "{% connected_content {{ ",
        "{% message_extras :key ",
        "{% abort_message ",
        "}}",
        "%}",
    ),
    *("{{ 1", "{{ a.", "{{a[", "{{ -", " ", "\n", "$", "http://{{a}}", '{"a":"{{a}}","'),
]
WHOLE = [
    "{% if " + "a and " * 10_000 + "a %}{% endif %}",
    "{{ " + "a[" * 10_000 + " }}",
    "{% if a %}" + "{% elsif b %}" * 4_000 + "{% endif %}",
    "{% case a %}" + "{% when b, c %}" * 4_000 + "{% endcase %}",
    "{{ " + "1" * 60_000 + " }}",
    "{{ " + "1" * 60_000 + "x }}",
    "{{ " + "'a' " * 15_000 + " }}",
    "{% connected_content " + "{ " * 30_000 + " %}",
    "{% connected_content " + "}} " * 20_000 + " %}",
    "{% message_extras :key" + " " * 60_000 + "x %}",
    "{%" + " " * 60_000 + "%}",
    "{{" + " " * 60_000 + "}}",
    "{% if " + " or ".join(f"a{place}" for place in range(4_000)) + " %}" + "{{a}}" * 4_000 + "{% endif %}",
    "".join(f"{{{{a|q{place}}}}}" for place in range(5_000)),
    "".join(f"{{% q{place} %}}" for place in range(5_000)),
    "{% if ${a} %}{% abort_message %}{% endif %}" * 1_500,
]


@pytest.mark.parametrize("source", [*map(fill, REPEATED), *WHOLE], ids=lambda source: repr(source[:24]))
def test_reading_and_checking_take_time_in_line_with_the_length(source: str) -> None:
    started = time.process_time()
    with suppress(LiquidError):
        render(source, PEOPLE)
    lint(source)
    assert time.process_time() - started < SECONDS


def loop(body: str) -> str:
    return f"{{% for i in (1..9999) %}}{body}{{% endfor %}}"


TOO_MUCH = [
    ("x" * (FULL + 1), "A template may hold at most 65,536 characters."),
    ("{% if true %}" * 31 + "{% endif %}" * 31, "at most 30 deep"),
    ("{% for i in (1..100000000) %}x{% endfor %}", "A range may hold at most 10,000 numbers."),
    ("{% for i in custom_attribute.${list} %}x{% endfor %}", "A loop may take at most 10,000 steps."),
    (loop(loop("x")), "does too much work"),
    (loop("{{a}}" * 12_000), "does too much work"),
    ("{% assign a = 'aaaaaaaaaa' %}" + "{% assign a = a | replace: 'a', a %}" * 20, "262,144 characters"),
    ("{% assign a = 'aaaaaaaaaa' %}" + "{% assign a = a | append: a %}" * 40, "262,144 characters"),
    ("{% assign a = 'aaaaaaaaaa' %}" + "{% assign a = a | prepend: a %}" * 40, "262,144 characters"),
    ("{% assign a = custom_attribute.${brackets} %}{{ a | escape | escape }}", "262,144 characters"),
    ("{% assign a = '%' %}" + "{% assign a = a | url_escape | append: a %}" * 40, "262,144 characters"),
    ("{% assign a = 'aaa' %}" + "{% assign a = a | base64_encode %}" * 60, "262,144 characters"),
    ("{% assign a = 'aa' %}" + "{% capture a %}{{a}}{{a}}{{a}}{% endcapture %}" * 40, "262,144 characters"),
    ("{% assign a = (1..9999) | join %}{{ (1..9999) | join: a }}", "262,144 characters"),
    (
        "{{ 'a' | truncate: 0, custom_attribute.${long} | append: custom_attribute.${long} }}",
        "262,144 characters",
    ),
    (
        "{{ custom_attribute.${numbers} | concat: custom_attribute.${numbers} }}",
        "A list may hold at most 10,000",
    ),
    ("{{ custom_attribute.${list} | reverse }}", "A list may hold at most 10,000 items."),
    ("{{ custom_attribute.${long} | split: '' }}", "A list may hold at most 10,000 items."),
    ("{{ custom_attribute.${json} | json_parse }}", "too much work"),
    ("{% assign a = 99999 %}" + "{% assign a = a | times: a %}" * 20, "too large to calculate with"),
    ("{{ custom_attribute.${huge} | plus: 1 }}", "too large to calculate with"),
    ("{{ '" + "9" * 60 + "' | plus: 1 }}", "too large to calculate with"),
    ("{{ 1.5 | round: 999999999 }}", "at most 30 places"),
    ("{{ 1 | date: '%999d' }}", "at most 100 characters wide"),
    ("{{ 1 | date: custom_attribute.${long} }}", "A date format may hold at most 1,000 characters."),
    ("{{ custom_attribute.${deep} }}", "too much work"),
    (
        "{% if custom_attribute.${lists} == custom_attribute.${lists} %}{% endif %}",
        "more than 100 levels deep",
    ),
    ("{{ custom_attribute.${hashes} }}", "more than 100 levels deep"),
    ("{% for i in (1..custom_attribute.${huge}) %}{% endfor %}", "too large to calculate with"),
    ("{{ custom_attribute.${wide} }}", "262,144 characters"),
    ("{{ custom_attribute.${huge} | modulo: custom_attribute.${tiny} }}", "too large to calculate with"),
    (
        "{{ 1000000000000000000000000000000000 | modulo: custom_attribute.${tiny} }}",
        "too large to calculate with",
    ),
    ("{{ custom_attribute.${deep} | as_json_string }}", "too much work"),
    (loop("{{ custom_attribute.${empties} }}"), "too much work"),
    (loop("{% if custom_attribute.${long} contains 'b' %}{% endif %}"), "too much work"),
    (loop("{% assign a = custom_attribute.${numbers} | sort %}"), "too much work"),
    (loop("{% assign a = custom_attribute.${numbers} | uniq %}"), "too much work"),
    (loop("{% assign a = custom_attribute.${scripts} | strip_html %}"), "too much work"),
    (loop("{% capture a %}{{ custom_attribute.${long} }}{% endcapture %}"), "too much work"),
    (loop("{% if custom_attribute.${numbers} == custom_attribute.${numbers} %}{% endif %}"), "too much work"),
    (loop("{% case custom_attribute.${numbers} %}{% when 1, 2, 3 %}{% endcase %}"), "too much work"),
    (loop("{{ custom_attribute.${long} }}"), "262,144 characters"),
]


@pytest.mark.parametrize(("source", "words"), TOO_MUCH, ids=lambda value: repr(value[:40]))
def test_too_much_is_refused_quickly(source: str, words: str) -> None:
    started = time.process_time()
    with pytest.raises(LiquidError, match=words):
        render(source, PEOPLE)
    assert time.process_time() - started < SECONDS


GROWING = [source for source, words in TOO_MUCH if "262,144" in words or "10,000" in words]


@pytest.mark.parametrize("source", GROWING, ids=lambda value: repr(value[:40]))
def test_what_would_grow_is_refused_before_it_takes_memory(source: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(LiquidError):
            render(source, PEOPLE)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 30_000_000  # the widest text alone takes one megabyte, in four-byte characters


def test_numbers_that_are_no_numbers_are_bounded_too() -> None:
    assert render("{{ '1e400' | times: 1 | ceil }}", Data()).text == "1"


def test_a_long_text_without_loops_is_no_hostile_text() -> None:
    assert len(render("{{ custom_attribute.${long} | upcase }}", PEOPLE).text) == 200_000


def test_thirty_blocks_inside_each_other_are_allowed() -> None:
    assert render("{% if true %}" * 30 + "x" + "{% endif %}" * 30, Data()).text == "x"


def test_a_template_of_the_full_length_is_read() -> None:
    assert parse("x" * FULL).render(Data()).text == "x" * FULL
