"""Whatever is written and whoever it is rendered for: an answer, a LiquidError or an abort, and never anything else."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.liquid import Aborted, Data, LiquidError, Response, lint, parse, references, render
from campaigns.liquid.filters import FILTERS

FRAGMENTS = [
    *(
        "{{",
        "}}",
        "{%",
        "%}",
        "{{-",
        "-%}",
        "${",
        "}",
        "{",
        "|",
        ":",
        ",",
        ".",
        "..",
        "[",
        "]",
        "(",
        ")",
        "'",
        '"',
        "\n",
    ),
    *(
        " ",
        "a",
        "b",
        "1",
        "-1",
        "0.5",
        "==",
        "<",
        "contains",
        "and",
        "or",
        "nil",
        "blank",
        "empty",
        "true",
        "false",
        "=",
        "$",
    ),
    *(
        "if",
        "endif",
        "elsif",
        "else",
        "unless",
        "endunless",
        "for",
        "endfor",
        "in",
        "case",
        "when",
        "endcase",
        "assign",
    ),
    *(
        "capture",
        "endcapture",
        "raw",
        "endraw",
        "comment",
        "endcomment",
        "liquid",
        "echo",
        "cycle",
        "break",
        "continue",
    ),
    *(
        "limit:",
        "offset:",
        "reversed",
        "tablerow",
        "endtablerow",
        "increment",
        "ifchanged",
        "endifchanged",
        "#",
    ),
    *(
        "connected_content",
        "https://a.co",
        ":save",
        ":retry",
        ":rerender",
        ":body",
        ":headers",
        "abort_message",
    ),
    *(
        "message_extras",
        ":key",
        ":value",
        "custom_attribute.${a}",
        "${first_name}",
        "${{",
        "}}}}",
        "default",
        "(1..3)",
    ),
    *(
        "{% if custom_attribute.${a} %}",
        "{{ custom_attribute.${a} }}",
        "{% endif %}",
        "{% for i in custom_attribute.${a} %}",
    ),
    *FILTERS,
]
templates = st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=3), max_size=40).map("".join)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(alphabet=st.characters(exclude_categories=[]))
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
)


def attempt(source: str, data: Data) -> str | None:
    try:
        return render(source, data, fetch=lambda request: Response(200, {}, '{"a": "{{a}}"}')).text
    except (LiquidError, Aborted):
        return None


@settings(max_examples=200, deadline=5_000)
@given(templates, values)
def test_any_template_gives_text_or_a_reason(source: str, value: Any) -> None:
    text = attempt(source, Data(user={"first_name": value}, custom_attributes={"a": value}))
    assert text is None or isinstance(text.encode(), bytes)


@settings(max_examples=200, deadline=5_000)
@given(st.text(max_size=200))
def test_any_text_at_all_gives_text_or_a_reason(source: str) -> None:
    text = attempt(source, Data())
    assert text is None or isinstance(text, str)


@settings(max_examples=200, deadline=5_000)
@given(templates)
def test_checking_a_template_never_fails_and_agrees_with_reading_it(source: str) -> None:
    findings = lint(source)
    try:
        parse(source)
    except LiquidError:
        assert any(finding.level == "error" for finding in findings)


@settings(max_examples=200, deadline=5_000)
@given(st.sampled_from(sorted(FILTERS)), values, st.lists(values, max_size=3))
def test_any_filter_takes_any_value(name: str, value: Any, arguments: list[Any]) -> None:
    used = FILTERS[name]
    arguments = (arguments + [None] * used.least)[: max(len(arguments), used.least)][: used.most]
    names = ", ".join(f"custom_attribute.${{a{place}}}" for place in range(len(arguments)))
    source = f"{{{{ custom_attribute.${{v}} | {name}{': ' if names else ''}{names} }}}}"
    attributes = {"v": value, **{f"a{place}": argument for place, argument in enumerate(arguments)}}
    text = attempt(source, Data(custom_attributes=attributes))
    assert text is None or isinstance(text.encode(), bytes)


@settings(max_examples=100, deadline=5_000)
@given(st.text(max_size=200))
def test_text_without_braces_is_never_changed(text: str) -> None:
    plain = text.replace("{", "(")
    if not any("\ud800" <= char <= "\udfff" for char in plain):
        assert attempt(plain, Data()) == plain


@settings(max_examples=100, deadline=5_000)
@given(st.text(alphabet=st.characters(exclude_characters="}", exclude_categories=["Cs"]), min_size=1))
def test_an_attribute_may_have_any_name_without_a_closing_brace(name: str) -> None:
    if name.strip() and name == name.strip():
        data = Data(custom_attributes={name: "value"})
        assert render(f"{{{{custom_attribute.${{{name}}}}}}}", data).text == "value"


@pytest.mark.parametrize(
    "value", ["{{ 1 | plus: 1 }}", "{% abort_message %}", "${user_id}", "</script>", "\u2028", "\x00"]
)
def test_what_a_person_is_called_is_never_read_as_a_template(value: str) -> None:
    data = Data(user={"first_name": value, "user_id": "u"})
    assert render("[{{${first_name}}}]{% assign n = ${first_name} %}{{n}}", data).text == f"[{value}]{value}"


@pytest.mark.parametrize(
    "path", ["__class__", "__class__.__mro__", "keys", "items", "format", "append", "pop", "__init__"]
)
def test_nothing_but_the_data_can_be_reached(path: str) -> None:
    attributes = {"t": "text", "l": [1], "h": {"a": 1}, "n": 1, "f": 1.5}
    for name in attributes:
        source = (
            f"[{{{{ custom_attribute.${{{name}}}.{path} }}}}{{{{ custom_attribute.${{{name}.{path}}} }}}}]"
        )
        assert render(source, Data(custom_attributes=attributes)).text == "[]"


def test_the_context_and_its_loops_cannot_be_reached() -> None:
    names = (
        "self context env globals locals template partial now today forloop settings __builtins__ data fetch"
    )
    source = "".join(f"{{{{ {name} }}}}" for name in names.split())
    assert render(source, Data()).text == ""
    assert references(source) == ()
