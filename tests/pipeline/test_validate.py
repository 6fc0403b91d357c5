"""Every reason that speaks against an event or a send, with its words."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from campaigns.models import Account
from campaigns.pipeline import compose, plan, validate
from campaigns.pipeline.render import Content
from tests.builders import make_event, make_subscriber
from tests.pipeline.running import CREATE, subscription

pytestmark = pytest.mark.django_db


def codes(event, **changes: Any) -> dict[str, str]:
    content = replace(Content.of(event), **changes)
    problems = validate.content_problems(content, account=event.account, event_pk=event.pk)
    return {problem.field: problem.code for problem in problems}


@pytest.mark.parametrize(
    "event_id", ["", " ", "a b", "a/b", "a?b", "a#b", "../a", "x" * 101, "_a", "-a", "é", "a\n", "a\x00"]
)
def test_an_event_id_that_does_not_fit_an_address_is_refused(event_id, event):
    assert codes(event, event_id=event_id) == {"event_id": "charset"}


@pytest.mark.parametrize("event_id", ["a", "Event_0001", "sale-2027.v2", "x" * 100])
def test_an_event_id_of_letters_digits_and_marks_is_taken(event_id, event):
    assert codes(event, event_id=event_id) == {}


def test_event_ids_that_could_mean_the_same_entry_are_refused_both_ways(event):
    make_event(event.campaign, event_id="A")

    assert codes(event, event_id="A_1") == {"event_id": "collision"}
    make_event(event.campaign, event_id="B_1")
    assert codes(event, event_id="B") == {"event_id": "collision"}
    assert codes(event, event_id="A-1") == {}
    assert codes(event, event_id="A1") == {}


def test_event_ids_are_taken_letter_by_letter_within_an_account(event):
    make_event(event.campaign, event_id="Sale")

    assert codes(event, event_id="Sale") == {"event_id": "taken"}
    assert codes(event, event_id="sale") == {}


@pytest.mark.parametrize("name", ["title", "description", "location"])
def test_liquid_that_cannot_be_read_is_told_with_its_line(name, event):
    changes: dict[str, Any] = {name: "Hello\n{% if ${first_name} %}you"}
    content = replace(Content.of(event), **changes)

    [problem] = validate.content_problems(content, account=event.account, event_pk=event.pk)

    assert (problem.field, problem.code) == (name, "liquid")
    assert problem.message.startswith("Line ")


def test_an_event_without_title_zone_or_length_says_so(event):
    assert codes(event, title="  ") == {"title": "required"}
    assert codes(event, timezone="America/Nowhere") == {"timezone": "unknown"}
    assert codes(event, end_local=event.start_local.isoformat()) == {"end_local": "no_length"}
    earlier = (event.start_local - timedelta(minutes=1)).isoformat()
    assert codes(event, end_local=earlier) == {"end_local": "order"}


def warnings(event, *, starts_at) -> dict[str, str]:
    send = compose.draft(event, CREATE)
    problems = validate.send_problems(send, plan.plan(send), starts_at=starts_at)
    return {problem.code: problem.message for problem in problems}


def test_a_rate_too_low_for_the_audience_is_warned_about(event):
    subscription(make_subscriber())
    subscription(make_subscriber())
    Account.objects.update(rate_per_second=1)
    event.refresh_from_db()
    start, _end = validate.instants(Content.of(event))

    assert "too_slow" in warnings(event, starts_at=start - timedelta(seconds=1))
    assert "alarm_gone" in warnings(event, starts_at=start - timedelta(minutes=15))
    assert "begun" in warnings(event, starts_at=start)
    assert warnings(event, starts_at=timezone.now()) == {}


def test_people_without_a_subscription_id_are_counted_in_a_warning(event):
    subscription(make_subscriber())
    subscription(make_subscriber(), rokt_id="")

    assert warnings(event, starts_at=timezone.now()) == {
        "no_subscription_id": "1 person has no known subscription id and will be skipped."
    }


def test_a_campaign_without_audience_needs_one(event):
    event.campaign.segment = None
    event.campaign.save()

    assert "required" in warnings(event, starts_at=timezone.now())


def test_a_broken_zone_is_reported_alone(event):
    event.timezone = "Nowhere"
    send = compose.draft(make_event(event.campaign), CREATE)
    send.content["timezone"] = "Nowhere"

    problems = validate.send_problems(send, plan.plan(send), starts_at=timezone.now())

    assert [problem.code for problem in problems] == ["unknown"]
