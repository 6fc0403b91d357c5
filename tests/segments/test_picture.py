"""Samples and breakdowns: as many people as asked for, whoever they are and however many subscriptions they have."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.models import Home, Subscriber, Subscription
from campaigns.segments import compile as segments
from campaigns.segments import picture
from campaigns.segments.rules import MAX_GROUPS, RuleError, parse
from campaigns.segments.sampling import Sample
from tests.builders import EVERYONE, home_id, make_segment, make_subscriber, make_subscription

pytestmark = pytest.mark.django_db
BUCKETS = range(10_000)


def sampled(percent: str, name: str) -> set[int]:
    sample = Sample.of(percent, name)
    return {bucket for bucket in BUCKETS if sample.place(bucket) < sample.size}


@pytest.fixture
def crowd(monkeypatch) -> set[Subscriber]:
    """Three people with very many subscriptions each, too many to be read one by one."""
    monkeypatch.setattr(picture, "FEW", 10)
    people = {make_subscription().subscriber for _number in range(3)}
    for person in people:
        (first,) = person.subscriptions.all()
        rows = [Subscription(**_columns(first) | {"position": place}) for place in range(1, 130)]
        Subscription.objects.bulk_create(rows)
    return people


def _columns(row: Subscription) -> dict[str, Any]:
    names = ("subscriber_id", "traits_id", "home_id", "rokt_id")
    return {name: getattr(row, name) for name in names}


def test_a_picture_shows_as_many_people_as_asked_for_however_many_subscriptions_they_have(crowd) -> None:
    for _round in range(5):
        assert set(segments.picture(parse(EVERYONE), size=3).sample) == crowd
        assert set(segments.sample(parse(EVERYONE), size=3)) == crowd
        assert len(segments.sample(parse(EVERYONE), size=2)) == 2


def test_a_sample_counts_nothing(crowd) -> None:
    with CaptureQueriesContext(connection) as queries:
        segments.sample(parse(EVERYONE))
    assert not [each for each in queries if "COUNT(" in each["sql"]]


def test_a_picture_adds_up(crowd) -> None:
    make_subscription(next(iter(crowd)), country_code="AU", rokt_id="")
    found = segments.picture(parse(EVERYONE))
    assert found.count == segments.count(parse(EVERYONE)) == segments.Count(3, 391, 1)
    assert [(each.code, each.subscriptions) for each in found.by_country] == [("", 390), ("AU", 1)]


def test_a_named_sample_is_stable_and_smaller_ones_lie_inside_larger_ones() -> None:
    assert len(sampled("10", "spring")) == 1_000
    assert sampled("10", "spring") < sampled("20", "spring")
    assert sampled("10", "spring") == sampled("10", "spring")
    assert 50 < len(sampled("10", "spring") & sampled("10", "autumn")) < 200
    assert sorted(sampled("0.05", "spring")) == [245, 1651, 2448, 5042, 7854]


def test_a_pattern_may_fit_more_cities_than_a_statement_takes_values() -> None:
    Home.objects.bulk_create(Home(digest=f"d{number}", city=f"City {number}") for number in range(33_000))
    person = make_subscriber(profile={"home_city": "City of London"})
    subscription = make_subscription(person)
    Subscription.objects.filter(pk=subscription.pk).update(home=home_id({"city": "City of London"}))
    rule = {"field": "home_city", "op": "matches_regex", "values": ["^city"]}
    assert segments.count(parse({"match": "all", "rules": [rule]})).people == 1
    other = {"field": "home_city", "op": "does_not_match_regex", "values": ["^city"]}
    assert segments.count(parse({"match": "all", "rules": [other]})).people == 0


def test_segments_inside_a_rule_count_towards_its_size() -> None:
    inner = make_segment({"match": "all", "rules": [{"field": "opt_in_1", "op": "is_true"}] * 101})
    with pytest.raises(RuleError, match="At most 200 conditions"):
        segments.count(parse({"match": "any", "rules": [{"segment": inner.pk}] * 2}))
    small = make_segment()
    with pytest.raises(RuleError, match=f"At most {MAX_GROUPS} groups"):
        segments.count(parse({"match": "any", "rules": [{"segment": small.pk}] * MAX_GROUPS}))
