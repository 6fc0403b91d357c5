"""A worker that dies at the worst moments: before the bytes leave, while Rokt answers, before the answer is written."""

import pytest

from campaigns.models import Account, Attempt, Delivery, Send
from campaigns.pipeline import clockwork
from tests.builders import make_user
from tests.faults.conftest import make_crowd
from tests.faults.invariants import assert_nothing_lost_and_nothing_silently_doubled, posted
from tests.pipeline.running import hurry, queue, run
from tests.workers import Workers, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

WhenInDoubt = Account.WhenInDoubt


class Death(BaseException):
    """Stands for SIGKILL: nothing after it runs."""


def die(*_args: object, **_options: object) -> None:
    raise Death


def after_the_night(send: Send) -> Send:
    """Let the leases run out, and go on."""
    hurry(send)
    clockwork.tidy()
    for _ in range(3):
        hurry(send)
        run(send)
    send.refresh_from_db()
    return send


@pytest.mark.parametrize("policy", [WhenInDoubt.VERIFY, WhenInDoubt.RESEND])
def test_dead_before_the_bytes_left_means_one_post(policy, event, rokt, monkeypatch):
    Account.objects.update(when_in_doubt=policy)
    make_crowd(5)
    send = queue(event, make_user())
    with monkeypatch.context() as patch:
        patch.setattr("integrations.rokt.line.Line.send", die)
        with pytest.raises(Death):
            run(send)
    assert posted(rokt) == {}

    send = after_the_night(send)

    assert send.state == Send.State.FINISHED
    assert set(posted(rokt).values()) == {1}
    assert_nothing_lost_and_nothing_silently_doubled(send, rokt)


@pytest.mark.parametrize(
    ("policy", "posts"), [(WhenInDoubt.VERIFY, 1), (WhenInDoubt.RESEND, 2), (WhenInDoubt.HOLD, 1)]
)
def test_dead_before_the_answer_was_written(policy, posts, event, rokt, monkeypatch):
    Account.objects.update(when_in_doubt=policy)
    make_crowd(5)
    send = queue(event, make_user())
    with monkeypatch.context() as patch:
        patch.setattr("campaigns.pipeline.record.close", die)
        with pytest.raises(Death):
            run(send)
    assert set(posted(rokt).values()) == {1}

    send = after_the_night(send)

    assert set(posted(rokt).values()) == {posts}
    if policy == WhenInDoubt.HOLD:
        assert send.in_doubt_count == 5
        assert send.state == Send.State.SENDING
    else:
        assert send.state == Send.State.FINISHED
        assert_nothing_lost_and_nothing_silently_doubled(send, rokt)
        outcomes = Attempt.objects.exclude(operation=Attempt.Operation.VERIFY).values_list(
            "outcome", flat=True
        )
        assert list(outcomes).count(Attempt.Outcome.UNKNOWN) == 5


@pytest.mark.parametrize(("policy", "posts"), [(WhenInDoubt.VERIFY, 1), (WhenInDoubt.RESEND, 2)])
def test_a_worker_killed_while_rokt_holds_the_answer(policy, posts, event, rokt, settings):
    Account.objects.update(when_in_doubt=policy)
    make_crowd(3)
    rokt.fault("hang", count=3)
    send = queue(event, make_user())
    short = {"ANSWER_SECONDS": "20", "LEASE_SECONDS": "3", "SETTLE_SECONDS": "0.5"}

    with Workers(1, ROKT_HOSTS=settings.ROKT_HOSTS[0], **short) as workers:
        wait_until(lambda: rokt.summary()["events"] == 3, seconds=30, what="three calls at Rokt")
        workers.kill(workers.processes[0])
        wait_until(lambda: done(send), seconds=60, what="the end of the send")

    assert set(posted(rokt).values()) == {posts}
    assert_nothing_lost_and_nothing_silently_doubled(send, rokt)
    bodies = {attempt.body for attempt in Attempt.objects.exclude(operation=Attempt.Operation.VERIFY)}
    assert len(bodies) == 3, "a repeat carries the same bytes"


def done(send: Send) -> bool:
    send.refresh_from_db()
    return not send.deliveries.exclude(state__in=Delivery.FINAL_STATES).exists()
