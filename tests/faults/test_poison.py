"""Somebody whose call ends every worker that writes or makes it (docs/reliability.md, F7)."""

import pytest
from django.utils import timezone

from campaigns.models import Account, Crash, Delivery, Subscriber
from campaigns.pipeline import compose
from tests.builders import make_user
from tests.failpoints import POISON, FailingWorkers
from tests.faults.conftest import make_crowd
from tests.faults.invariants import assert_nothing_lost_and_nothing_silently_doubled, posted
from tests.faults.waiting import QUICK, count, finished
from tests.pipeline.running import queue
from tests.workers import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def queue_with_a_poisonous_one(event, people):
    make_crowd(people)
    Subscriber.objects.filter(external_id="user-1").update(first_name=POISON)
    type(event).objects.update(title="Hello {{${first_name}}}")
    event.refresh_from_db()
    return queue(event, make_user())


def test_f7_whoever_kills_three_workers_fails_alone(event, rokt, settings):
    send = queue_with_a_poisonous_one(event, 4)

    with FailingWorkers("poison:kill child*9", ROKT_HOSTS=settings.ROKT_HOSTS[0], **QUICK) as workers:
        wait_until(lambda: finished(send), seconds=90, what="the end of the send")
        assert workers.failed == 3

    poison = send.deliveries.get(external_id="user-1")
    assert poison.state == Delivery.State.FAILED
    assert poison.reason == Delivery.Reason.KILLED_WORKERS
    assert "retry" in poison.detail
    assert not poison.attempts.exists()
    assert count(send, Delivery.State.ACCEPTED, Delivery.State.CONFIRMED) == 3
    assert sorted(posted(rokt).values()) == [1, 1, 1]
    assert not Crash.objects.exclude(delivery=poison).exists()
    assert_nothing_lost_and_nothing_silently_doubled(send, rokt)

    compose.retry_failed(send, by=make_user())
    with FailingWorkers("poison:kill child*2", ROKT_HOSTS=settings.ROKT_HOSTS[0], **QUICK):
        wait_until(lambda: finished(send), seconds=90, what="the end of the retried one")
    assert count(send, Delivery.State.ACCEPTED, Delivery.State.CONFIRMED) == 4


def test_f7_a_call_that_kills_on_the_wire_ends_as_a_doubt_and_holds_up_nobody(event, rokt, settings):
    Account.objects.update(at_once_count=2)
    send = queue_with_a_poisonous_one(event, 8)

    with FailingWorkers(
        "poison on the wire:kill child*99", ROKT_HOSTS=settings.ROKT_HOSTS[0], **QUICK
    ) as workers:
        wait_until(lambda: workers.failed, seconds=30, what="the first death")
        send.deliveries.filter(state=Delivery.State.SENDING).update(retry_count=6)  # of nine, to save time
        wait_until(lambda: ended(send), seconds=120, what="an end for everybody")
        deaths = workers.failed

    left = send.deliveries.filter(state=Delivery.State.IN_DOUBT)
    assert set(left.values_list("external_id", "due_at")) == {("user-0", None), ("user-1", None)}
    assert deaths == 4
    assert count(send, Delivery.State.ACCEPTED, Delivery.State.CONFIRMED) == 6
    assert set(posted(rokt).values()) == {1}


def ended(send):
    send.deliveries.filter(state=Delivery.State.QUEUED).update(
        due_at=timezone.now()
    )  # the waits are long by then
    return not send.deliveries.exclude(due_at=None, lease_until=None).exists()
