"""Braze's Connected Audience: what goes both ways unchanged, and what is told instead of dropped."""

import re
from typing import Any

import pytest

from campaigns.segments.connected_audience import exported, imported
from campaigns.segments.rules import parse


def custom(name: str, comparison: str, value: object = None) -> dict[str, Any]:
    said = {"custom_attribute_name": name, "comparison": comparison}
    return {"custom_attribute": said | ({} if value is None else {"value": value})}


def test_a_whole_value_becomes_a_raw_condition() -> None:
    rule = imported(custom("rokt:country_code", "includes_value", "AU/f5733866ade2")).rule
    asked = {"field": "country_code", "op": "raw_is_any_of", "values": ["AU/f5733866ade2"]}
    assert rule == {"match": "all", "rules": [{"person": {"match": "all", "rules": [asked]}}]}


@pytest.mark.parametrize(
    "audience",
    [
        custom("tier", "equals", "gold"),
        {"AND": [custom("rokt:country_code", "matches_regex", "^(AU|NZ)/")]},
        {"NOT": []},
        {"OR": [custom("rokt:country_code", "exists"), {"email_subscription_status": {}}]},
        {"custom_attribute": custom("rokt:source", "exists")["custom_attribute"] | {"case_sensitive": False}},
        custom("rokt:source", "includes_value", " web/f5733866ade2"),
        custom("rokt:source", "includes_value", "web\n/f5733866ade2"),
        7,
    ],
)
def test_what_cannot_be_taken_over_is_told(audience) -> None:
    result = imported(audience)
    assert result.rule is None
    assert result.losses


def test_what_braze_cannot_say_is_told_condition_by_condition() -> None:
    contains = {"field": "source", "op": "contains_any_of", "values": ["x"]}
    seen = {"field": "first_seen", "op": "is_known"}
    result = exported(parse({"match": "any", "rules": [contains, seen]}))
    assert result.audience is None
    assert len(result.losses) == 2


def test_what_can_be_said_on_both_sides_comes_back_unchanged() -> None:
    audience = {
        "AND": [
            {
                "OR": [
                    custom("rokt:country_code", "matches_regex", "^AU/[^/]*$"),
                    custom("rokt:source", "exists"),
                ]
            },
            custom("rokt:calendar_code", "includes_value", "summer/f5733866ade2"),
            custom("rokt:subscription_id", "includes_value", "06423672-b6ba-4536-aa36-70788a7a0a36"),
        ]
    }
    taken = imported(audience)
    assert taken.rule is not None
    assert exported(parse(taken.rule)).audience == audience


def test_a_part_of_a_value_leaves_without_longer_ones_and_says_that_capitals_do_not_count_there() -> None:
    asked = ask("country_code", "is_any_of", "AU", "36"), ask("source", "is_any_of", "AU")
    result = exported(parse({"match": "any", "rules": list(asked)}))
    assert result.audience is not None
    assert result.audience["OR"][1] == custom("rokt:source", "matches_regex", "^AU/[^/]*$")
    assert not re.search("^AU/[^/]*$", "AU/NSW/f5733866ade2")
    assert result.any_case == ["AU"]


def test_what_is_asked_as_a_whole_is_spelled_the_same_in_braze() -> None:
    assert exported(parse({"match": "all", "rules": [ask("source", "is_not_blank")]})).any_case == []


def test_the_short_pattern_that_people_write_is_understood() -> None:
    rule = imported(custom("rokt:country_code", "matches_regex", "^AU/")).rule
    assert rule is not None
    assert rule["rules"][0]["person"]["rules"] == [ask("country_code", "is_any_of", "AU")]


@pytest.mark.parametrize(
    "audience",
    [
        custom("rokt:country_code", "does_not_include_value", "AU/f5733866ade2"),
        custom("rokt:country_code", "does_not_exist"),
    ],
)
def test_what_a_person_has_nowhere_goes_both_ways(audience) -> None:
    taken = imported({"AND": [audience, custom("rokt:source", "exists")]})
    assert taken.rule is not None
    none = taken.rule["rules"][0]
    assert none["match"] == "none"
    assert "person" in none["rules"][0]
    assert exported(parse(taken.rule)).audience == {"AND": [audience, custom("rokt:source", "exists")]}


def test_two_questions_to_the_same_subscription_are_not_passed_off_as_two_filters() -> None:
    asked = [{"field": name, "op": "is_not_blank"} for name in ("country_code", "source")]
    assert "same subscription" in exported(parse({"match": "all", "rules": asked})).losses[0]


def ask(field: str, op: str, *values: str) -> dict[str, Any]:
    return {"field": field, "op": op} | ({"values": list(values)} if values else {})


AUSTRALIA, SUMMER = ask("country_code", "is_any_of", "AU"), ask("calendar_code", "is_any_of", "summer")


@pytest.mark.parametrize(
    "rules",
    [
        [AUSTRALIA, {"match": "any", "rules": [SUMMER, ask("source", "is_not_blank")]}],
        [{"match": "any", "rules": [AUSTRALIA]}, {"match": "all", "rules": [SUMMER]}],
        [
            {
                "person": {
                    "match": "all",
                    "rules": [{"match": "all", "rules": [AUSTRALIA, {"match": "any", "rules": [SUMMER]}]}],
                }
            }
        ],
    ],
)
def test_groups_do_not_hide_that_the_same_subscription_is_meant(rules) -> None:
    result = exported(parse({"match": "all", "rules": rules}))
    assert result.audience is None
    assert "same subscription" in result.losses[0]


def test_one_question_to_the_subscription_may_stand_beside_those_about_the_person() -> None:
    has = {"person": {"match": "all", "rules": [SUMMER]}}
    result = exported(parse({"match": "all", "rules": [{"match": "any", "rules": [AUSTRALIA]}, has]}))
    assert result.losses == []


@pytest.mark.parametrize("is_of_person", [True, False])
def test_a_subscription_without_a_value_is_not_passed_off_as_a_person_without_any(is_of_person) -> None:
    """Another subscription of the person may have one, and then Braze would leave the person out."""
    asked = ask("country_code", "is_blank")
    rule = {"person": {"match": "all", "rules": [asked]}} if is_of_person else asked
    result = exported(parse({"match": "all", "rules": [rule]}))
    assert result.audience is None
    assert "no value anywhere" in result.losses[0]


def test_a_value_that_no_rule_can_hold_is_told_in_words() -> None:
    result = imported(custom("rokt:source", "includes_value", "x" * 300))
    assert result.losses == ["A value has 1 to 255 characters."]


def test_filters_that_lie_too_deep_are_told_as_such() -> None:
    audience = custom("rokt:source", "exists")
    for _level in range(11):
        audience = {"AND": [audience]}
    assert imported(audience).losses == [
        "Filters lie more than 10 deep. Write it with fewer levels in Braze."
    ]
