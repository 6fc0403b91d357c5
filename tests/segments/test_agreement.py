"""What the database finds and what the explanation says are the same, for any rule and any people."""

from collections.abc import Sequence
from unittest.mock import patch

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.models import Subscriber, Subscription
from campaigns.segments import compile as segments
from campaigns.segments import conditions, explain
from campaigns.segments.rules import Condition, Group, Match, Rule
from tests.segments.worlds import ACCOUNTS, NOW, World, cases

pytestmark = pytest.mark.django_db

thorough = settings(
    deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@thorough
@given(
    case=cases(),
    account_code=st.sampled_from([None, None, *ACCOUNTS]),
    few=st.sampled_from([-1, conditions.FEW]),
)
def test_the_query_and_the_explanation_agree(
    case: tuple[World, Sequence[Rule]], account_code: str | None, few: int
) -> None:
    world, rules = case
    with transaction.atomic(), patch.object(conditions, "FEW", few):
        people = world.make()
        for rule in rules:
            check(rule, people, account_code=account_code)
        transaction.set_rollback(True)


def check(rule: Rule, people: Sequence[Subscriber], *, account_code: str | None) -> None:
    whole = Group(Match.ALL, (rule,))
    explained = [explain.why(whole, person, account_code=account_code, at=NOW) for person in people]
    expected = [each for reason in explained for each in reason.subscriptions]
    found = segments.subscriptions(whole, account_code=account_code, at=NOW).values_list("pk", flat=True)
    assert sorted(found) == sorted(each.pk for each in expected)

    included = [person.pk for person, reason in zip(people, explained, strict=True) if reason.is_included]
    means = segments.people(whole, account_code=account_code, at=NOW).values_list("pk", flat=True)
    assert sorted(means) == sorted(included)

    lacking = [each for each in expected if not each.rokt_id]
    counted = segments.count(whole, account_code=account_code, at=NOW)
    assert segments.picture(whole, account_code, at=NOW).count == counted
    assert counted == segments.Count(len(included), len(expected), len(lacking))


@thorough
@given(case=cases())
def test_a_negative_question_holds_exactly_where_the_positive_one_does_not(
    case: tuple[World, Sequence[Rule]],
) -> None:
    world, rules = case
    with transaction.atomic():
        world.make()
        everyone = set(Subscription.objects.filter(is_live=True))
        for rule in rules:
            if isinstance(rule, Condition) and rule.op.opposite:
                positive = Condition(rule.field, rule.op.opposite, rule.values)
                holds, not_holds = (
                    set(segments.subscriptions(Group(Match.ALL, (each,)), at=NOW))
                    for each in (positive, rule)
                )
                assert not_holds == everyone - holds
        transaction.set_rollback(True)
