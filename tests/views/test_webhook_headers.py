"""Headers as people paste them: Markdown, tables, Liquid over several lines, other languages."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.forms.headers import as_text, parse, unquoted

CALL = "{% connected_content https://api.roktcalendar.com/oauth2/token :save token %}"
TOKEN = f"{CALL}{{{{token.access_token}}}}"
PLAIN = [("Authorization", f"Bearer {TOKEN}"), ("Content-Type", "application/json")]


def messages(text):
    return [fault.message for fault in parse(text).faults]


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {TOKEN}\nContent-Type: application/json",
        f"Authorization\tBearer {TOKEN}\r\nContent-Type\tapplication/json\r\n",
        f"- **Authorization**: Bearer `{TOKEN}`\n- **Content-Type**: application/json",
        f"  * **Authorization:** Bearer `{TOKEN}`\n\n  * **Content-Type:** `application/json`",
        f"1. `Authorization`: `Bearer {TOKEN}`\n2. __Content-Type__: application/json",
        f'`Authorization: Bearer {TOKEN}`\n"Content-Type": "application/json"',
        f"Authorization: Bearer\n  {CALL}\n  {{{{token.access_token}}}}\nContent-Type: application/json",
        f"{{% raw %}}\n- **HTTP Method**: POST\n- **Request Headers**:\n  - **Authorization**: Bearer `{TOKEN}`\n"
        "  - **Content-Type**: application/json\n{% endraw %}",
    ],
)
def test_what_people_paste_is_understood(text):
    found = parse(text)

    assert found.faults == []
    assert found.pairs == PLAIN


def test_the_whole_list_of_the_partner_page_is_understood():
    page = Path(__file__).parent.parent / "pipeline" / "texts" / "rokt_partner_page_ko.md"
    [listed] = re.findall(r"\{% raw %\}\n- .*?\{% endraw %\}", page.read_text(encoding="utf-8"), re.DOTALL)

    found = parse(listed)

    assert [name for name, _value in found.pairs] == ["권한 부여", "Content-Type"]
    assert found.pairs[0][1].startswith("Bearer {% connected_content https://api.roktcalendar.com/")
    assert [(fault.line, "“Authorization”" in fault.message) for fault in found.faults] == [(4, True)]


def test_liquid_may_run_over_several_lines():
    value = (
        'Bearer {% connected_content https://x.example\n  :headers {\n    "A": "b"\n  }\n  :save t\n%}{{t.a}}'
    )

    found = parse(f"Authorization: {value}\nContent-Type: application/json")

    assert found.pairs == [("Authorization", value), ("Content-Type", "application/json")]
    assert found.faults == []


def test_liquid_that_never_ends_takes_the_rest():
    assert parse("A: {{ x\nB: y").pairs == [("A", "{{ x\nB: y")]


def test_inside_liquid_backticks_and_quotes_stay():
    value = "{{ 'a`b' | append: \"`\" }}"

    assert parse(f"X: `{value}`").pairs == [("X", value)]


def test_a_value_may_hold_colons_and_tabs():
    assert parse("Referer: https://x.example:443/\ta").pairs == [("Referer", "https://x.example:443/\ta")]


def test_curly_quotes_stay_for_lint_to_explain():
    value = "Bearer {{ token | default: \N{LEFT SINGLE QUOTATION MARK}x }}"

    found = parse(f"Authorization: {value}")

    assert (found.pairs, found.faults) == ([("Authorization", value)], [])


@pytest.mark.parametrize(
    ("name", "english"),
    [
        ("Autorisierung", "Authorization"),
        ("Autorização", "Authorization"),
        ("Autorisation", "Authorization"),
        ("**Autorización**", "Authorization"),
        ("권한 부여", "Authorization"),
        ("INHALT-TYP", "Content-Type"),
        ("Tipo de Conteúdo", "Content-Type"),
    ],
)
def test_translated_names_are_told_the_english_word(name, english):
    word = name.strip("*")

    assert messages(f"- {name}: x") == [
        f"“{word}” is a translation. The name has to be English: write “{english}”."
    ]


@pytest.mark.parametrize("word", ["Träger", "portador", "Portador", "Porteur"])
def test_translated_bearers_are_told_the_english_word(word):
    assert messages(f"Authorization: {word} `{TOKEN}`") == [
        f"“{word}” is a translation. The word before the token has to be “Bearer”."
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("no header at all", "Line 1 is no header. Write it as “Name: value”."),
        ("\nA: b\n{}", "Line 3 is no header. Write it as “Name: value”."),
        ("{{ x }}", "Line 1 is no header. Write it as “Name: value”."),
        ("Accept:", "“Accept” has no value. Write it behind the colon, or remove the line."),
        ("Accept: a\nACCEPT: b", "“ACCEPT” is there twice. Remove one of the two."),
        (
            "My Header: x",
            "“My Header” cannot be the name of a header: only English letters, digits and hyphens can stand in it.",
        ),
    ],
)
def test_what_is_no_header_is_named(text, message):
    assert message in messages(text)


def test_more_than_twenty_are_too_many():
    text = "\n".join(f"X-{number}: a" for number in range(21))

    assert messages(text) == ["These are 21 headers. At most 20 are possible."]
    assert messages(text.rsplit("\n", 1)[0]) == []


def test_nothing_is_no_header():
    assert parse(" \n\n").pairs == []


@pytest.mark.parametrize(
    ("text", "inner"),
    [
        ("`https://x.example`", "https://x.example"),
        ('  "https://x.example" ', "https://x.example"),
        ("{% raw %}`https://x.example/{{a}}`{% endraw %}", "https://x.example/{{a}}"),
        ("'a' and 'b'", "'a' and 'b'"),
        ("`", "`"),
        ("", ""),
    ],
)
def test_what_stands_around_an_address_is_taken_off(text, inner):
    assert unquoted(text) == inner


@given(st.text(max_size=300))
def test_whatever_is_pasted_is_read_or_named(text):
    found = parse(text)

    assert all(fault.line >= 1 for fault in found.faults)


@given(
    st.lists(
        st.tuples(
            st.from_regex(r"X-[A-Za-z0-9]{1,10}", fullmatch=True),
            st.from_regex(
                r"(Bearer )?[a-z/;=]{1,20}(\{\{ ?[a-z]{1,5}\n? ?\}\}[a-z]{0,3}){0,2}", fullmatch=True
            ),
        ),
        max_size=5,
        unique_by=lambda pair: pair[0].casefold(),
    )
)
def test_what_the_form_shows_is_read_back(pairs):
    assert parse(as_text(tuple(pairs))).pairs == pairs
