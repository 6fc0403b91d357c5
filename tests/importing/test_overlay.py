"""Rows laid over what is known: all at once comes to the same as one after the other."""

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from campaigns.importing.overlay import ATTRIBUTES, overlaid

NAMES = ["rokt:subscription_id", "rokt:tags", "rokt:calendar_code", "points"]
items = st.sampled_from(["a/x", "b/x", "a/Y", "c/y", "a", "a/", "t/u/x"]) | st.sampled_from(
    [1, None, {"x": 1}]
)
values = st.none() | st.just("text") | st.lists(items, max_size=5)
rows = st.fixed_dictionaries(
    {},
    optional={
        "first_name": st.sampled_from(["Ada", None]),
        ATTRIBUTES: st.none() | st.dictionaries(st.sampled_from(NAMES), values),
    },
)


@given(known=rows, later=st.lists(rows, max_size=5))
@example(known={}, later=[{ATTRIBUTES: {"rokt:tags": ["a/x"]}}, {ATTRIBUTES: {"rokt:tags": None}}])
def test_rows_at_once_come_to_the_same_as_one_after_the_other(
    known: dict[str, Any], later: list[dict[str, Any]]
) -> None:
    step_by_step = known
    for row in later:
        step_by_step, _is_full = overlaid(step_by_step, [row])
    at_once, is_full = overlaid(known, later)
    assert at_once.get(ATTRIBUTES) == (step_by_step.get(ATTRIBUTES) if later else at_once.get(ATTRIBUTES))
    assert at_once | {ATTRIBUTES: None} == step_by_step | {ATTRIBUTES: None}
    assert not is_full


@given(known=rows, later=st.lists(rows, max_size=5))
def test_the_same_rows_again_change_nothing(known: dict[str, Any], later: list[dict[str, Any]]) -> None:
    once, _is_full = overlaid(known, later)
    again, _is_full = overlaid(once, later[-1:])
    assert again == once


def test_a_row_corrects_what_it_names_adds_what_is_new_and_takes_away_by_null() -> None:
    known = {
        "first_name": "Ada",
        ATTRIBUTES: {
            "rokt:calendar_code": ["summer/x", "winter/y"],
            "rokt:tags": ["t/a/x"],
            "points": 1,
            "vip": True,
        },
    }
    row = {
        ATTRIBUTES: {
            "rokt:calendar_code": ["autumn/X"],
            "rokt:tags": ["t/a/x", "t/b/x"],
            "points": None,
        }
    }
    assert overlaid(known, [row])[0] == {
        "first_name": "Ada",
        ATTRIBUTES: {
            "rokt:calendar_code": ["autumn/X", "winter/y"],
            "rokt:tags": ["t/a/x", "t/b/x"],
            "vip": True,
        },
    }
