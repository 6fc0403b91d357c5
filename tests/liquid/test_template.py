"""Templates are read once and rendered many times, by themselves and side by side."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from campaigns.liquid import Data, LiquidError, parse, render


def test_a_template_is_read_once() -> None:
    assert parse("Hi {{${first_name}}}") is parse("Hi {{${first_name}}}")


def test_a_template_that_cannot_be_read_is_refused_each_time() -> None:
    for _ in range(2):
        with pytest.raises(LiquidError):
            parse("{{")


def test_text_without_liquid_is_itself() -> None:
    text = "Sale! 50 % off { today } only, from $5"
    rendered = parse(text).render(Data(user={"first_name": "Ann"}))
    assert rendered == (text, {}, (), ())


def test_nothing_is_left_over_from_the_person_before() -> None:
    template = parse("{% if ${first_name} %}{% assign n = ${first_name} %}{% endif %}{% increment c %}{{n}}")
    assert template.render(Data(user={"first_name": "Ann"})).text == "0Ann"
    assert template.render(Data()).text == "0"


def test_threads_may_share_a_template() -> None:
    template = parse("{% for i in (1..50) %}{% assign n = ${user_id} %}{% cycle 'a', 'b' %}{{n}}{% endfor %}")
    people = [Data(user={"user_id": str(number)}) for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        texts = list(pool.map(lambda data: template.render(data).text, people))
    assert texts == [f"a{number}b{number}" * 25 for number in range(40)]


def test_rendering_leaves_the_data_as_it_was() -> None:
    attributes = {"a": [3, 1, 2], "h": {"k": [1]}}
    source = "{{custom_attribute.${a} | sort | reverse | concat: custom_attribute.${h}.k | uniq | join}}"
    render(
        source + "{% for i in custom_attribute.${a} reversed %}{{i}}{% endfor %}",
        Data(custom_attributes=attributes),
    )
    assert attributes == {"a": [3, 1, 2], "h": {"k": [1]}}


def test_now_is_the_moment_of_rendering_unless_it_is_given() -> None:
    source = "{{ 'now' | date: '%s' }} {{ 'now' | date: '%s' }}"
    first, second = render(source, Data()).text.split()
    moment = datetime.fromtimestamp(int(first), UTC)
    assert abs(datetime.now(UTC) - moment) < timedelta(seconds=60)
    assert first == second
    given = datetime(2026, 1, 2, tzinfo=UTC)
    assert render("{{ 'now' | date: '%F' }}", Data(now=given)).text == "2026-01-02"


def test_moments_in_the_data_are_moments() -> None:
    event = {"at": datetime(2026, 7, 1, 12, tzinfo=UTC), "naive": datetime(2026, 7, 1, 12)}
    source = "{{event_properties.${at} | time_zone: 'Asia/Tokyo' | date: '%R'}} {{event_properties.${naive}}}"
    assert render(source, Data(event_properties=event)).text == "21:00 2026-07-01 12:00:00 UTC"


def test_a_value_of_an_unknown_kind_is_a_fault_of_the_template() -> None:
    class Unwritable:
        def __str__(self) -> str:
            raise KeyError("secret")

    with pytest.raises(LiquidError, match="cannot be rendered with these values") as refused:
        render("\n{{custom_attribute.${x}}}", Data(custom_attributes={"x": Unwritable()}))
    assert refused.value.line == 2


def test_the_room_needs_neither_django_nor_the_network() -> None:
    program = (
        "import sys, campaigns.liquid;"
        "print([name for name in ('django', 'celery', 'requests', 'aiohttp') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
