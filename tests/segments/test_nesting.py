"""Segments inside segments: resolved, counted and explained; circles and missing ones refused by name."""

from typing import Any

import pytest

from campaigns.models import Segment
from campaigns.segments import compile as segments
from campaigns.segments import explain, nesting
from campaigns.segments.rules import RuleError, parse, sentence
from campaigns.segments.warnings import warnings
from tests.builders import make_segment, make_subscription

pytestmark = pytest.mark.django_db

VIP = {"match": "all", "rules": [{"field": "tags", "op": "has_any_of", "values": ["VIP"]}]}


def inside(*pks: int) -> dict[str, Any]:
    return {"match": "all", "rules": [{"segment": pk} for pk in pks]}


def test_a_segment_inside_another_means_what_it_says() -> None:
    vip = make_subscription(tags=["VIP"]).subscriber
    make_subscription()
    segment = make_segment(VIP, name="VIPs")
    rule = parse(inside(segment.pk))
    assert sentence(rule) == "in segment “VIPs”"
    assert segments.count(rule).people == 1
    reason = explain.why(rule, vip)
    assert reason.is_included
    assert reason.why.parts[0].parts[0].text == "tags include “VIP”"


def test_a_resolved_rule_keeps_its_meaning() -> None:
    make_subscription(tags=["VIP"])
    segment = make_segment(VIP, name="VIPs")
    kept = nesting.resolved(inside(segment.pk))
    Segment.objects.all().delete()
    assert segments.count(parse(kept)).people == 1
    assert sentence(parse(kept)) == "in segment “VIPs”"


def test_circles_missing_archived_and_deep_segments_are_refused_by_name() -> None:
    a, b = make_segment(name="A"), make_segment(name="B")
    b.rule = inside(a.pk)
    b.save()
    with pytest.raises(RuleError, match="“A” → “B” → “A”: a segment cannot lie inside itself"):
        nesting.check(a.pk, inside(b.pk))
    with pytest.raises(RuleError, match="no such segment"):
        segments.count(parse(inside(999_999)))
    Segment.objects.filter(pk=a.pk).update(is_archived=True)
    with pytest.raises(RuleError, match="“B” → “A”: this segment is archived"):
        nesting.check(None, inside(b.pk))
    chain = make_segment(name="0")
    for number in range(1, 6):
        chain = make_segment(inside(chain.pk), name=str(number))
    with pytest.raises(RuleError, match="more than 5 deep"):
        nesting.check(None, inside(chain.pk))


@pytest.mark.parametrize(
    ("match", "rules", "said"),
    [
        ("any", [("country_code", "is_none_of", "AU"), ("source", "is_any_of", "x")], "nearly everyone"),
        ("all", [("country_code", "is_any_of", "AU"), ("country_code", "is_any_of", "US")], "means nobody"),
        ("all", [("country_code", "is_none_of", "AU")], "no value"),
        ("all", [("country_code", "is_any_of", "AU/f5733866ade2")], "whole value"),
    ],
)
def test_what_is_probably_not_meant_is_said(match, rules, said) -> None:
    rule = {"match": match, "rules": [{"field": f, "op": op, "values": [v]} for f, op, v in rules]}
    assert any(said in text for text in warnings(parse(rule)))


def test_a_plain_rule_has_no_warning() -> None:
    assert warnings(parse(VIP)) == []


def test_a_stored_rule_that_is_no_rule_is_refused() -> None:
    odd = make_segment(name="Odd")
    Segment.objects.filter(pk=odd.pk).update(rule="x")
    with pytest.raises(RuleError, match="“Odd”: this is no rule"):
        nesting.resolved(inside(odd.pk))
