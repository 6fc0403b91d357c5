"""What changes to custom attributes make of what a person has, by Braze's rules but for silent losses."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.braze.change import Applied, apply
from integrations.braze.track import read

PETS = [{"id": 1, "type": "dog", "name": "Gus"}, {"id": 2, "type": "cat", "name": "Gerald"}]


def applied(before: dict[str, Any], **fields: Any) -> Applied:
    """Send these fields for a person who has these attributes."""
    (change,) = read(json.dumps({"attributes": [{"external_id": "mia"} | fields]}).encode()).attributes
    return apply(before, change)


def after(before: Any, asked: Any, **fields: Any) -> Any:
    """One attribute, changed without a problem."""
    result = applied({} if before is None else {"a": before}, a=asked, **fields)
    assert result.problems == ()
    return result.attributes.get("a")


def selected(value: object, new: object = None, key: str = "id") -> dict[str, Any]:
    """Name the objects that have this value."""
    chosen = {"$identifier_key": key, "$identifier_value": value}
    return chosen if new is None else chosen | {"$new_object": new}


@pytest.mark.parametrize("value", ["x", "", 5, 0.5, True, False, {"b": {"c": [1, [2]]}}, {}, []])
def test_a_value_takes_the_place_of_what_was_there(value: object) -> None:
    assert after("old", value) == after(None, value) == value


def test_null_removes_and_the_others_stay() -> None:
    assert applied({"a": 1, "b": 2}, a=None, c=None) == Applied({"b": 2})


def test_a_change_leaves_what_it_was_given_as_it_was() -> None:
    before = {"a": [1], "pets": PETS, "n": {"x": {"y": 1}}}
    kept = copy.deepcopy(before)
    asked = {"$add": [{"id": 3}], "$update": [selected(1, {"name": "Max"})]}
    applied(before, a={"add": [2]}, pets=asked, n={"x": {"z": 2}}, _merge_objects=True)
    assert before == kept


@pytest.mark.parametrize(("before", "step", "expected"), [(None, 2, 2), (5, 2, 7), (5, -7, -2)])
def test_a_number_is_increased(before: int | None, step: int, expected: int) -> None:
    assert after(before, {"inc": step}) == expected


@pytest.mark.parametrize("before", ["5", 0.5, True, [1], {"b": 1}])
def test_what_is_no_whole_number_is_not_increased_and_that_is_told(before: object) -> None:
    result = applied({"a": before}, a={"inc": 1}, b=2)
    assert result.attributes == {"a": before, "b": 2}
    assert result.problems == ("a is left as it was: it is not a whole number, so it cannot be increased.",)


def test_a_number_does_not_grow_beyond_64_bits() -> None:
    assert "64 bits" in applied({"a": 2**63 - 1}, a={"inc": 1}).problems[0]


def test_a_list_holds_each_value_once_and_what_is_added_again_moves_to_the_end() -> None:
    assert after(None, ["hotdog", "hotdog", "hotdog", "pizza"]) == ["hotdog", "pizza"]
    assert after(["a", "b", "c"], {"add": ["a", "d"]}) == ["b", "c", "a", "d"]
    assert after(None, {"add": ["a"]}) == ["a"]
    assert after(["a", "b"], {"remove": ["a", "x"]}) == ["b"]
    assert after(["a"], {"remove": ["a"]}) == []
    assert after(["a", "b"], {"update": ["c"]}) == ["c"]


def test_adding_and_removing_at_once_adds_first_whatever_the_order() -> None:
    assert after(["a", "b"], {"remove": ["a", "c"], "add": ["c", "d"]}) == ["b", "d"]


def test_true_is_not_one_but_one_is_one_point_nought() -> None:
    assert [type(item) for item in after([1], {"add": [True, 1.0]})] == [bool, float]


@pytest.mark.parametrize("before", ["x", 5, {"b": 1}, [{"b": 1}]])
def test_what_is_no_list_of_values_is_not_added_to_and_that_is_told(before: object) -> None:
    result = applied({"a": before}, a={"add": ["y"]})
    assert result.attributes == {"a": before}
    assert "lists of values only" in result.problems[0]


def test_30_subscriptions_all_stay_where_braze_would_keep_25() -> None:
    ids = [f"{number:08}-0000-0000-0000-000000000000" for number in range(30)]
    result: Applied = Applied({})
    for rokt_id in ids:
        result = applied(result.attributes, **{"rokt:subscription_id": {"add": [rokt_id]}})
    assert result == Applied({"rokt:subscription_id": ids})


def test_over_a_thousand_values_the_oldest_go_and_that_is_told() -> None:
    result = applied({"a": list(range(1_000))}, a={"add": [0, 1_000, 1_001]})
    assert result.attributes["a"] == [*range(3, 1_000), 0, 1_000, 1_001]
    assert result.problems == ("a has more than 1000 values: the 2 oldest are left out.",)


def test_objects_are_added_removed_and_updated_as_documented() -> None:
    doug = {"id": 3, "type": "dog"}
    assert after(None, PETS) == PETS
    assert after(PETS, {"$add": [doug]}) == [*PETS, doug]
    assert after(None, {"$add": [doug]}) == [doug]
    assert after([*PETS, doug], {"$remove": [selected("dog", key="type")]}) == [PETS[1]]
    assert after(PETS, {"$remove": [selected("1"), selected(9), selected(1, key="age")]}) == PETS


def test_an_update_merges_only_when_asked_to() -> None:
    asked = {"$update": [selected(2, {"name": "Pixel"})]}
    assert after(PETS, asked, _merge_objects=True) == [PETS[0], PETS[1] | {"name": "Pixel"}]
    assert after(PETS, asked) == [PETS[0], {"name": "Pixel"}]


def test_objects_are_first_added_then_removed_then_updated() -> None:
    asked = {
        "$update": [selected(3, {"name": "Doug"})],
        "$remove": [selected(1), selected(4)],
        "$add": [{"id": 3}, {"id": 4}],
    }
    assert after(PETS, asked, _merge_objects=True) == [PETS[1], {"id": 3, "name": "Doug"}]


@pytest.mark.parametrize("before", ["x", 5, {"id": 1}, ["x"]])
def test_what_is_no_list_of_objects_is_not_added_to_and_that_is_told(before: object) -> None:
    result = applied({"a": before}, a={"$add": [{"id": 1}]})
    assert result.attributes == {"a": before}
    assert "lists of objects only" in result.problems[0]


def test_a_list_of_objects_over_100_kb_stays_as_it_was_and_that_is_told() -> None:
    result = applied({"a": PETS}, a={"$add": [{"text": "x" * 102_400}]})
    assert result == Applied({"a": PETS}, ("a is left as it was: the list would be larger than 100 KB.",))


def test_nested_objects_are_merged_at_every_depth_or_replaced() -> None:
    before = {"song": "Solea", "plays": {"count": 1, "top": True}}
    asked = {"plays": {"count": 2}, "year": 1960}
    assert after(before, asked, _merge_objects=True) == {
        "song": "Solea",
        "plays": {"count": 2, "top": True},
        "year": 1960,
    }
    assert after(before, asked) == asked
    assert after("text", asked, _merge_objects=True) == asked


@pytest.mark.parametrize(
    "wrap", [lambda time: time, lambda time: {"b": time}, lambda time: [time], lambda time: [{"b": time}]]
)
def test_a_time_becomes_a_text_in_utc_wherever_it_stands(wrap: Any) -> None:
    assert after(None, wrap({"$time": "1980-01-01T20:20:30+01:00"})) == wrap("1980-01-01T19:20:30.000Z")


def test_what_is_there_already_may_hold_anything_a_database_holds() -> None:
    before = [10**30, None, [1], 0.1]
    assert after(before, {"add": ["x"]}) == [*before, "x"]
    big = [{"id": 10**30}]
    assert after(big, {"$remove": [selected(1)]}) == big


KEYS = st.sampled_from(["a", "b"])
SCALARS = st.booleans() | st.integers(-5, 5) | st.sampled_from("xyz")
OBJECTS = st.dictionaries(KEYS, SCALARS, max_size=2)
LISTS = st.lists(SCALARS, max_size=5)
PICKS = st.lists(st.builds(selected, SCALARS, key=KEYS), max_size=2)
ASKED = st.one_of(
    st.none(),
    SCALARS,
    LISTS,
    OBJECTS,
    st.lists(OBJECTS, max_size=4),
    st.fixed_dictionaries({"inc": st.integers(-(2**63), 2**63 - 1)}),
    st.fixed_dictionaries({}, optional={"add": LISTS, "remove": LISTS, "update": LISTS}),
    st.fixed_dictionaries({}, optional={"$add": st.lists(OBJECTS, max_size=3), "$remove": PICKS}),
    st.fixed_dictionaries({"$update": st.lists(st.builds(selected, SCALARS, OBJECTS, KEYS), max_size=2)}),
)


@given(
    st.dictionaries(KEYS, SCALARS | LISTS | st.lists(OBJECTS) | OBJECTS),
    st.dictionaries(KEYS, ASKED),
    st.booleans(),
)
def test_any_change_fits_or_is_told_and_touches_nothing_else(
    before: dict[str, Any], asked: dict[str, Any], merge: bool
) -> None:
    result = applied(before | {"other": [1, 1]}, **asked, _merge_objects=merge)
    assert result.attributes["other"] == [1, 1]
    assert json.loads(json.dumps(result.attributes)) == result.attributes
    for problem in result.problems:
        name = problem.split()[0]
        assert result.attributes.get(name) == before.get(name)


@given(st.lists(st.integers(0, 9)), st.lists(st.integers(0, 9)))
def test_after_adding_the_last_values_are_those_added_and_none_is_lost_or_twice(
    before: list[int], added: list[int]
) -> None:
    result = after(before, {"add": added})
    assert sorted(result) == sorted({*before, *added})
    assert set(result[len(result) - len(set(added)) :]) == set(added)
