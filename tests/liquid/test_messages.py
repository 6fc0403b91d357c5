"""abort_message and message_extras, in every spelling people use."""

import pytest

from campaigns.liquid import Aborted, AbortedError, Data, LiquidError, render

NO_REASON = "{% abort_message %} called"
SPELLINGS = [
    ("{% abort_message('no account') %}", "no account"),
    ('{% abort_message("no account") %}', "no account"),
    ("{% abort_message ( 'no account' ) %}", "no account"),
    ("{% abort_message 'no account' %}", "no account"),
    ("{%- abort_message('no account') -%}", "no account"),
    ("{% abort_message(no account) %}", "no account"),
    ("{% abort_message('it's over') %}", "it's over"),
    ("{% abort_message(\u201ccurly\u201d) %}", "\u201ccurly\u201d"),
    ("{% abort_message('') %}", NO_REASON),
    ("{% abort_message() %}", NO_REASON),
    ("{% abort_message () %}", NO_REASON),
    ("{% abort_message %}", NO_REASON),
    ("{% liquid\nif true\nabort_message('no account')\nendif %}", "no account"),
    ("{% abort_message('{{x}}') %}", "{{x}}"),
]


@pytest.mark.parametrize(("source", "reason"), SPELLINGS)
def test_a_template_may_end_the_message_and_say_why(source: str, reason: str) -> None:
    with pytest.raises(Aborted) as aborted:
        render(f"text {source} more", Data())
    assert aborted.value.reason == str(aborted.value) == reason


def test_ending_a_message_is_no_error() -> None:
    assert Aborted is AbortedError
    assert not issubclass(Aborted, LiquidError)


def test_an_abort_that_is_not_reached_changes_nothing() -> None:
    assert render("{% if false %}{% abort_message %}{% endif %}x", Data()).text == "x"


def extras(source: str, **user: str) -> dict[str, str]:
    rendered = render(source, Data(user=user))
    assert rendered.text == ""
    return rendered.extras


def test_extras_are_text_with_their_edges_trimmed() -> None:
    assert extras("{% message_extras :key   team  :value  a b  %}") == {"team": "a b"}


def test_extras_may_hold_outputs() -> None:
    found = extras("{% message_extras :key {{${city} | downcase}} :value {{ 1 | plus: 1 }}x %}", city="Lima")
    assert found == {"lima": "2x"}


def test_the_first_of_two_extras_wins() -> None:
    assert extras("{% message_extras :key a :value 1 %}{% message_extras :key a :value 2 %}") == {"a": "1"}


def test_an_extra_may_be_empty_but_must_have_a_key() -> None:
    assert extras("{% message_extras :key a :value %}{% message_extras :key {{x}} :value 1 %}") == {"a": ""}


def test_extras_are_cut_at_one_kilobyte_in_all() -> None:
    long = "é" * 600
    found = extras(
        "{% message_extras :key a :value {{${city}}} %}{% message_extras :key b :value x %}", city=long
    )
    assert found == {"a": "é" * 511}
    assert extras("{% message_extras :key {{${city}}} :value x %}", city=long) == {}


def test_a_tag_cannot_stand_inside_extras() -> None:
    with pytest.raises(LiquidError, match=r"\{% is never closed"):
        render("{% message_extras :key a :value {% if %}", Data())


def test_extras_do_not_leak_into_the_next_rendering() -> None:
    extras("{% message_extras :key a :value 1 %}")
    assert extras("{% message_extras :key b :value 1 %}") == {"b": "1"}
