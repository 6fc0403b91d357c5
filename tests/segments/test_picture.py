"""Samples and breakdowns: as many people as asked for, whoever they are and however many subscriptions they have."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.models import Home, Subscriber, Subscription
from campaigns.segments import compile as segments
from campaigns.segments import conditions, picture
from campaigns.segments.crowds import Crowd
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


@pytest.mark.parametrize("few", [0, 1_000])
@pytest.mark.parametrize("second", [1_001_088, 1_001_216, 1_000_000_000])
def test_people_are_told_apart_wherever_their_keys_lie(monkeypatch, second: int, few: int) -> None:
    """Keys are looked up in blocks of 64: first and last of a block, and people before, between and beyond."""
    monkeypatch.setattr(conditions, "FEW", few)
    everybody = {pk: make_subscriber(pk=pk) for pk in (1_000_000 + place for place in range(0, 1_020, 60))}
    edges = [make_subscriber(pk=far + place) for far in (1_001_024, second) for place in (0, 63)]
    everybody |= {pk: make_subscriber(pk=pk) for pk in (1_001_025, 1_001_086, second + 64)}
    for person in (*everybody.values(), *edges):
        make_subscription(person)
    names = [person.external_id for person in edges]
    asked = {"field": "user_id", "op": "is_any_of", "values": names}
    found = segments.picture(parse({"match": "all", "rules": [asked]}), size=9)
    assert (found.people, set(found.sample)) == (4, set(edges))
    others = segments.picture(parse({"match": "none", "rules": [asked]}), size=99)
    assert (others.people, set(others.sample)) == (len(everybody), set(everybody.values()))


@pytest.mark.parametrize(("match", "people"), [("all", 0), ("none", 1)])
def test_a_question_that_nobody_can_answer_is_about_nobody(match: str, people: int) -> None:
    make_subscription()
    nobody = {"match": "none", "rules": [{"match": "all", "rules": []}]}
    found = segments.picture(parse({"match": match, "rules": [{"person": nobody}]}))
    assert (found.people, found.subscriptions, len(found.sample)) == (people, people, people)


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


def test_people_are_bits_only_where_their_keys_lie_close_together() -> None:
    """A rule may ask for two hundred crowds, each of which would be megabytes of nobody."""
    assert Crowd((block, 1) for block in range(0, 10_000, 10)).is_near
    assert not Crowd((block, 1) for block in range(0, 100_000, 100)).is_near
    assert not Crowd([(0, 1), (500_000, 1)]).is_near
