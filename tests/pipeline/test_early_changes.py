"""Changes of an entry that Rokt has accepted and may not know yet: no such entry, so far."""

from datetime import timedelta

import pytest
from django.utils import timezone

from campaigns.models import Delivery, Entry
from tests.builders import make_subscriber
from tests.pipeline.running import (
    CANCEL,
    UPDATE,
    hurry,
    only,
    queue,
    run,
    seconds_until,
    subscription,
)
from tests.pipeline.test_answers import outcomes

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann(account):
    return subscription(make_subscriber(external_id="ann", first_name="Ann"))


@pytest.fixture
def had_it(event, staff, ann, rokt):
    """Ann has the event: Rokt has accepted it, and has not shown it yet."""
    run(queue(event, staff))
    event.title = "Winter Sale"
    event.save()


@pytest.mark.parametrize("kind", [UPDATE, CANCEL])
@pytest.mark.parametrize("status", [400, 404])
def test_what_changes_an_entry_that_is_still_on_its_way_is_tried_again(
    status, kind, had_it, event, staff, rokt
):
    """F45."""
    rokt.fault("status", status=status, count=1)

    send = run(queue(event, staff, kind))

    waiting = only(send)
    assert waiting.state == Delivery.State.QUEUED
    assert 2 < seconds_until(waiting.due_at) < 6
    hurry(send)
    run(send)
    assert only(send).state == Delivery.State.ACCEPTED
    assert outcomes(send) == ["refused", "accepted"]


@pytest.mark.parametrize("kind", [UPDATE, CANCEL])
@pytest.mark.parametrize("status", [400, 404])
def test_what_changes_an_entry_that_must_be_there_by_now_is_refused(status, kind, had_it, event, staff, rokt):
    """F45."""
    Entry.objects.update(accepted_at=timezone.now() - timedelta(seconds=301))
    rokt.fault("status", status=status, count=1)

    assert only(run(queue(event, staff, kind))).reason == Delivery.Reason.REFUSED


def test_what_changes_an_entry_that_was_seen_there_is_refused(had_it, event, staff, rokt):
    """F45."""
    Entry.objects.update(confirmed_at=timezone.now())
    rokt.fault("status", status=404, count=1)

    assert only(run(queue(event, staff, UPDATE))).reason == Delivery.Reason.REFUSED


@pytest.mark.parametrize("status", [403, 405, 409, 410, 422])
def test_no_other_refusal_of_a_change_is_taken_for_being_early(status, had_it, event, staff, rokt):
    """F45."""
    rokt.fault("status", status=status, count=1)

    send = run(queue(event, staff, UPDATE))

    assert outcomes(send) == ["forbidden" if status == 403 else "refused"]
    assert only(send).retry_count == 0
