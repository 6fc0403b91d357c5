"""Stopping in the middle of a send: by an orderly end of a worker, or by staff (docs/reliability.md, F9, F46)."""

from functools import partial
from typing import Any

import pytest

from campaigns.models import Account, Attempt, Delivery, Send
from campaigns.pipeline import compose
from tests.builders import make_user
from tests.faults.conftest import make_crowd
from tests.faults.invariants import assert_nothing_lost_and_nothing_silently_doubled, posted
from tests.faults.waiting import PATIENT, count, finished, outcomes, sent_count
from tests.pipeline.running import queue
from tests.workers import Workers, wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def arrived(rokt, count: int) -> bool:
    return sum(posted(rokt).values()) >= count


def test_f9_a_worker_that_is_asked_to_stop_finishes_what_is_on_the_wire(event, rokt, settings):
    rokt.fault("latency", seconds=0.7)
    make_crowd(3)
    send = queue(event, make_user())

    with Workers(1, ROKT_HOSTS=settings.ROKT_HOSTS[0], **PATIENT) as workers:
        wait_until(partial(arrived, rokt, 3), seconds=60, what="three calls at Rokt")
        workers.processes[0].terminate()
        assert workers.processes[0].wait(timeout=60) == 0

    assert outcomes(send) == [Attempt.Outcome.ACCEPTED] * 3
    assert finished(send)
    assert set(posted(rokt).values()) == {1}


@pytest.mark.parametrize("stop", [compose.pause, compose.cancel])
def test_f46_what_staff_stop_stops_with_the_calls_on_the_wire(stop: Any, event, rokt, settings):
    Account.objects.update(rate_per_second=100, burst_count=20, at_once_count=8)
    make_crowd(400)
    user = make_user()
    send = queue(event, user)

    with Workers(2, ROKT_HOSTS=settings.ROKT_HOSTS[0], **PATIENT):
        wait_until(lambda: sent_count(send) >= 40, seconds=60, what="the first forty")
        stop(Send.objects.get(pk=send.pk), by=user)
        taken = send.deliveries.exclude(attempt_count=0).count()
        wait_until(lambda: not count(send, Delivery.State.SENDING), seconds=60, what="the calls on the wire")
        if stop is compose.pause:
            assert count(send, Delivery.State.QUEUED) == 400 - taken
            compose.resume(Send.objects.get(pk=send.pk), by=user)
            wait_until(lambda: finished(send), seconds=60, what="the end of the send")
            assert sent_count(send) == 400
        else:
            assert count(send, Delivery.State.CANCELLED) == 400 - taken

    assert set(posted(rokt).values()) == {1}
    assert sum(posted(rokt).values()) == (400 if stop is compose.pause else taken)
    assert_nothing_lost_and_nothing_silently_doubled(send, rokt)
