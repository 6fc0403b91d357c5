"""Rules: what is understood, what is refused and where, and how a rule reads."""

import copy
import json
from typing import Any

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from campaigns.segments.fields import FIELDS, Kind, Op
from campaigns.segments.rules import Condition, Group, Match, RuleError, parse, sentence, to_json
from tests.segments import worlds

SUMMER = {"field": "calendar_title", "op": "is_any_of", "values": ["Summer", "Winter"]}
YES = {"field": "opt_in_1", "op": "is_true"}
NEWS = {"field": "tags", "op": "has_none_of", "values": ["News"]}


def every(*rules: Any) -> dict[str, Any]:
    return {"match": "all", "rules": list(rules)}


def matching(pattern: str) -> dict[str, Any]:
    return {"field": "calendar_title", "op": "matches_regex", "values": [pattern]}


def nested(depth: int) -> dict[str, Any]:
    group = every()
    for _ in range(depth - 1):
        group = every(group)
    return group


def test_all_16_attributes_of_a_subscription_can_be_asked_about() -> None:
    of_braze = {
        field.name for field in FIELDS.values() if field.is_suffixed or field.kind in (Kind.YES_NO, Kind.TAGS)
    }
    assert len(of_braze | {"subscription_id"}) == 16


def test_a_stored_rule_becomes_a_tree() -> None:
    assert parse(every(SUMMER, YES)) == Group(
        Match.ALL,
        (
            Condition(FIELDS["calendar_title"], Op.IS_ANY_OF, ("Summer", "Winter")),
            Condition(FIELDS["opt_in_1"], Op.IS_TRUE),
        ),
    )


@given(worlds.rules())
def test_a_rule_survives_storage_unchanged(rule) -> None:
    stored = json.loads(json.dumps(to_json(rule)))
    assert parse(stored) == rule
    assert to_json(parse(stored)) == stored


@pytest.mark.parametrize(
    ("data", "path", "message"),
    [
        (None, (), "begins with a group"),
        ([], (), "begins with a group"),
        (SUMMER, (), "begins with a group"),
        ({"match": "some", "rules": []}, ("match",), "“all”, “any” or “none”"),
        ({"match": ["all"], "rules": []}, ("match",), "“all”, “any” or “none”"),
        ({"match": "all"}, ("rules",), "a list of rules"),
        ({"match": "all", "rules": {}}, ("rules",), "a list of rules"),
        ({"match": "all", "rules": [], "note": 1}, ("note",), "does not belong"),
        (every(7), ("rules", 0), "neither a condition"),
        (every({"segment": "3"}), ("rules", 0, "segment"), "Choose a segment"),
        (every({"segment": 3, "match": "all"}), ("rules", 0, "segment"), "does not belong"),
        (every({"segment": 3, "name": "A"}), ("rules", 0, "rule"), "its name and a group"),
        (every(YES, {"field": "user__password", "op": "is_blank"}), ("rules", 1, "field"), "no such field"),
        (every({"field": "subscriber__email", "op": "is_blank"}), ("rules", 0, "field"), "no such field"),
        (every({"field": ["tags"], "op": "is_blank"}), ("rules", 0, "field"), "no such field"),
        (every({"field": "tags"}), ("rules", 0, "op"), "no such operator"),
        (
            every({"field": "tags", "op": "is_any_of", "values": ["a"]}),
            ("rules", 0, "op"),
            "no such operator",
        ),
        (every({"field": "tags", "op": ["is_blank"]}), ("rules", 0, "op"), "no such operator"),
        (every({**YES, "values": ["a"]}), ("rules", 0, "values"), "does not belong"),
        (every({**SUMMER, "match": "all"}), ("rules", 0, "field"), "does not belong"),
        (every({**SUMMER, "values": []}), ("rules", 0, "values"), "at least one"),
        (every({**SUMMER, "values": "Summer"}), ("rules", 0, "values"), "at least one"),
        (every({**SUMMER, "values": ["a", 3]}), ("rules", 0, "values", 1), "is a text"),
        (every({**SUMMER, "values": [""]}), ("rules", 0, "values", 0), "1 to 255"),
        (every({**SUMMER, "values": ["x" * 256]}), ("rules", 0, "values", 0), "1 to 255"),
        (every({**SUMMER, "values": ["a\0"]}), ("rules", 0, "values", 0), "no text can hold"),
        (every({**SUMMER, "values": ["\ud800"]}), ("rules", 0, "values", 0), "no text can hold"),
        (every({**SUMMER, "values": ["a"] * 1_001}), ("rules", 0, "values"), "At most 1000 values"),
        (every({"person": SUMMER}), ("rules", 0, "person"), "needs a group"),
        (every({"person": every(), "x": 1}), ("rules", 0, "x"), "does not belong"),
        (
            every({"person": every({"person": every()})}),
            ("rules", 0, "person", "rules", 0),
            "cannot lie inside another",
        ),
        (every({"person": every(7)}), ("rules", 0, "person", "rules", 0), "neither a condition"),
        (nested(11), ("rules", 0) * 10, "more than 10 deep"),
        (every(*[YES] * 201), (), "At most 200 conditions"),
        (every(matching("a(?=b)")), ("rules", 0, "values", 0), "Looking ahead or behind"),
        (every(matching("(?<!a)b")), ("rules", 0, "values", 0), "Looking ahead or behind"),
        (every(matching(r"(a)\1")), ("rules", 0, "values", 0), "look back at what has matched"),
        (every(matching("x{1001}")), ("rules", 0, "values", 0), "at most 1000 times"),
        (every(matching("(")), ("rules", 0, "values", 0), "not a regular expression"),
        (every({**matching("a"), "values": ["a", "b"]}), ("rules", 0, "values"), "one regular expression"),
        (every({**matching("a"), "field": "email"}), ("rules", 0, "op"), "differs from person to person"),
        (every({**matching("a"), "field": "user_id"}), ("rules", 0, "op"), "differs from person to person"),
        (every(*[every()] * 200), (), "At most 200 groups"),
        (every(*[{**SUMMER, "values": ["a"] * 1_000}] * 11), (), "At most 10000 values"),
    ],
)
def test_what_is_not_understood_is_refused_where_it_stands(data, path, message) -> None:
    before = copy.deepcopy(data)
    with pytest.raises(RuleError, match=message) as caught:
        parse(data)
    assert caught.value.path == path
    assert data == before


def test_a_refusal_counts_from_one_as_people_do() -> None:
    with pytest.raises(RuleError) as caught:
        parse(every(YES, {**SUMMER, "values": []}))
    assert str(caught.value) == "rules → 2 → values: Give at least one value."


@pytest.mark.parametrize(
    "data",
    [
        nested(10),
        every(*[YES] * 200),
        every({**SUMMER, "values": ["x" * 255] * 1_000}),
        every({"person": {"match": "none", "rules": [nested(8)]}}),
    ],
)
def test_a_rule_at_the_limits_is_accepted(data) -> None:
    assert to_json(parse(data)) == data


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["match", "rules", "field", "op", "values", "person", "x"]), inner
            )
        ),
    )
)
def test_nothing_that_json_can_hold_is_more_than_refused(data) -> None:
    try:
        rule = parse(data)
    except RuleError:
        return
    assert to_json(rule) == data


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (every(), "everyone"),
        (every(SUMMER, YES), "calendar is “Summer” or “Winter” and first opt-in is yes"),
        ({"match": "any", "rules": [YES, NEWS]}, "first opt-in is yes or tags do not include “News”"),
        ({"match": "none", "rules": [YES, NEWS]}, "not (first opt-in is yes or tags do not include “News”)"),
        (
            every(YES, {"match": "any", "rules": [YES, NEWS]}),
            "first opt-in is yes and (first opt-in is yes or tags do not include “News”)",
        ),
        (every(every(SUMMER)), "calendar is “Summer” or “Winter”"),
        (
            every(every({"match": "any", "rules": [YES, NEWS]}), YES),
            "(first opt-in is yes or tags do not include “News”) and first opt-in is yes",
        ),
        (every({"person": every(YES)}), "the person has a subscription where (first opt-in is yes)"),
        (
            every({"field": "tags", "op": "has_all_of", "values": ["a", "b", "c"]}),
            "tags include “a”, “b” and “c”",
        ),
        (every({**SUMMER, "values": list("abcdefg")}), "calendar is “a”, “b”, “c”, “d”, “e” or 2 others"),
        (every({"field": "email", "op": "is_not_blank"}), "e-mail of the person has a value"),
        (
            every({"field": "subscribed", "op": "within_days", "values": ["1"]}),
            "subscribed within the last day",
        ),
        (
            every({"field": "subscribed", "op": "within_days", "values": ["30"]}),
            "subscribed within the last 30 days",
        ),
        (
            every({"field": "first_seen", "op": "more_than_days_ago", "values": ["1"]}),
            "first seen here more than one day ago",
        ),
    ],
)
def test_a_rule_reads_as_a_sentence(data, words) -> None:
    assert sentence(parse(data)) == words


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.django_db
def test_every_operator_has_a_label_and_a_sentence_of_its_own(kind) -> None:
    field = next(field for field in FIELDS.values() if field.kind == kind)
    said = {sentence(Condition(field, op, ("1", "2") if op.takes_values else ())) for op in kind.value}
    assert len(said) == len(kind.value)
    assert all(op.label for op in kind.value)


def test_a_sentence_is_said_in_the_language_of_the_moment() -> None:
    rule = parse(every(YES))
    with translation.override("de"):
        assert sentence(rule)
    with translation.override(None):
        assert sentence(rule) == "first opt-in is yes"


def test_rules_are_equal_whatever_the_language() -> None:
    with translation.override("de"):
        german = parse(every(YES))
    assert german == parse(every(YES))
    assert hash(german) == hash(parse(every(YES)))
