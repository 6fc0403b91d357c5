"""What the database finds and what the explanation says are the same, for any rule and any people."""

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.models import Subscription
from campaigns.segments import compile as segments
from campaigns.segments import explain
from campaigns.segments.rules import Group
from tests.segments import worlds

pytestmark = pytest.mark.django_db


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(world=worlds.worlds, rule=worlds.rules, account_code=st.sampled_from([None, None, *worlds.ACCOUNTS]))
def test_the_query_and_the_explanation_agree(
    world: worlds.World, rule: Group, account_code: str | None
) -> None:
    with transaction.atomic():
        people = world.make()
        explained = [explain.why(rule, person, account_code=account_code) for person in people]
        expected = [each for reason in explained for each in reason.subscriptions]

        found = list(segments.subscriptions(rule, account_code=account_code))
        assert sorted(each.pk for each in found) == sorted(each.pk for each in expected)

        included = [person for person, reason in zip(people, explained, strict=True) if reason.is_included]
        assert sorted(each.pk for each in segments.people(rule, account_code=account_code)) == sorted(
            each.pk for each in included
        )
        assert set(segments.sample(rule, account_code=account_code, size=50)) == set(included)

        lacking = [each for each in expected if not each.rokt_id]
        assert segments.count(rule, account_code=account_code) == segments.Count(
            people=len(included), subscriptions=len(expected), without_id=len(lacking)
        )
        transaction.set_rollback(True)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(world=worlds.worlds, condition=worlds.conditions())
def test_a_negative_question_holds_exactly_where_the_positive_one_does_not(world, condition) -> None:
    op = condition.op
    if op.opposite is None:
        return
    with transaction.atomic():
        world.make()
        positive = segments.Condition(condition.field, op.opposite, condition.values)
        everyone = Subscription.objects.filter(subscriber__is_active=True)
        no, yes = set(segments.subscriptions(condition)), set(segments.subscriptions(positive))
        assert no | yes == set(everyone)
        assert not no & yes
        transaction.set_rollback(True)
