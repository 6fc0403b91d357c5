"""What the database finds and what the explanation says are the same, for any rule and any people."""

from collections.abc import Sequence

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.models import Subscriber, Subscription
from campaigns.segments import compile as segments
from campaigns.segments import explain
from campaigns.segments.rules import Condition, Rule
from tests.segments.worlds import ACCOUNTS, World, cases

pytestmark = pytest.mark.django_db

thorough = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@thorough
@given(case=cases(), account_code=st.sampled_from([None, None, *ACCOUNTS]))
def test_the_query_and_the_explanation_agree(
    case: tuple[World, Sequence[Rule]], account_code: str | None
) -> None:
    world, rules = case
    with transaction.atomic():
        people = world.make()
        for rule in rules:
            check(rule, people, account_code=account_code)
        transaction.set_rollback(True)


def check(rule: Rule, people: Sequence[Subscriber], *, account_code: str | None) -> None:
    explained = [explain.why(rule, person, account_code=account_code) for person in people]
    expected = [each for reason in explained for each in reason.subscriptions]
    found = segments.subscriptions(rule, account_code=account_code).values_list("pk", flat=True)
    assert sorted(found) == sorted(each.pk for each in expected)

    included = [person.pk for person, reason in zip(people, explained, strict=True) if reason.is_included]
    means = segments.people(rule, account_code=account_code).values_list("pk", flat=True)
    assert sorted(means) == sorted(included)

    lacking = [each for each in expected if not each.rokt_id]
    counted = segments.count(rule, account_code=account_code)
    assert counted == segments.Count(len(included), len(expected), len(lacking))


@thorough
@given(case=cases())
def test_a_negative_question_holds_exactly_where_the_positive_one_does_not(
    case: tuple[World, Sequence[Rule]],
) -> None:
    world, rules = case
    with transaction.atomic():
        world.make()
        everyone = set(Subscription.objects.filter(subscriber__is_active=True))
        for rule in rules:
            if isinstance(rule, Condition) and rule.op.opposite:
                positive = Condition(rule.field, rule.op.opposite, rule.values)
                assert set(segments.subscriptions(rule)) == everyone - set(segments.subscriptions(positive))
        transaction.set_rollback(True)
