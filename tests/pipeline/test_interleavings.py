"""Steps of workers, the clock and staff in an order that once went wrong, one step at a time."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from campaigns.models import Account, Attempt, Breaker, Delivery, RateLimit, Send
from campaigns.pipeline import clockwork, compose, deliver, gate, record
from campaigns.pipeline.calls import Calls
from campaigns.pipeline.compose import Verdict
from campaigns.pipeline.record import books, erase
from integrations.rokt.token import Token
from tests.builders import checked, make_account, make_subscriber
from tests.pipeline.fake_rokt import FakeRokt, line_to
from tests.pipeline.running import decide, hurry, only, queue, run, seconds_until, states, subscription

pytestmark = pytest.mark.django_db

NO_ANSWER = record.Outcome(
    verdict=Attempt.Outcome.UNKNOWN, status=None, answer="", reason="cut", elapsed_ms=5
)
ACCEPTED = record.Outcome(verdict=Attempt.Outcome.ACCEPTED, status=202, answer="", reason="", elapsed_ms=5)
REFUSED = record.Outcome(verdict=Attempt.Outcome.REFUSED, status=400, answer="", reason="no", elapsed_ms=5)
BUSY = record.Outcome(verdict=Attempt.Outcome.RETRY, status=503, answer="", reason="busy", elapsed_ms=5)
NOT_SENT = record.Outcome(
    verdict=Attempt.Outcome.NOT_SENT, status=None, answer="", reason="no connection", elapsed_ms=5
)
SLOW_DOWN = record.Outcome(
    verdict=Attempt.Outcome.RETRY,
    status=429,
    answer="",
    reason="slow down",
    elapsed_ms=5,
    spares_retries=True,
)


@pytest.fixture
def ann(account):
    return subscription(make_subscriber(external_id="ann"))


@pytest.fixture
def send(event, staff, ann) -> Send:
    return queue(event, staff)


def claim(send: Send) -> record.Batch:
    return record.claim(Send.objects.get(pk=send.pk), limit=10, write=Calls(send).write)


def rest_seconds() -> float:
    until = Breaker.objects.get().open_until
    assert until is not None
    return (until - timezone.now()).total_seconds()


def test_answers_to_calls_that_left_before_the_breaker_opened_do_not_lengthen_its_rest():
    account = make_account()
    for _worker in range(8):
        gate.tell_breaker(account, good_count=0, bad_count=10)

    assert 25 < rest_seconds() <= 30


def test_answers_to_calls_that_left_before_the_breaker_opened_do_not_close_it():
    account = make_account()
    gate.tell_breaker(account, good_count=0, bad_count=10)

    gate.tell_breaker(account, good_count=10, bad_count=0)

    assert gate.may_call(account) == 0


def test_a_silent_429_of_a_much_tried_row_holds_the_account_for_an_hour_at_most(send, rokt):
    send.deliveries.update(attempt_count=30)
    rokt.fault("429", retry_after="", count=1)

    run(send)

    held_until = RateLimit.objects.get().held_until
    assert held_until is not None
    assert held_until - timezone.now() <= timedelta(hours=1)


@pytest.mark.parametrize(
    ("outcome", "state", "reason"),
    [
        (BUSY, Delivery.State.SKIPPED, Delivery.Reason.LEFT),
        (NO_ANSWER, Delivery.State.IN_DOUBT, Delivery.Reason.NO_ANSWER),  # the entry may be there
    ],
)
def test_a_repeat_does_not_go_to_somebody_who_left_meanwhile(outcome, state, reason, send, ann, rokt):
    Account.objects.update(when_in_doubt=Account.WhenInDoubt.RESEND)
    record.close(claim(send), [outcome])
    ann.subscriber.is_active = False
    ann.subscriber.save()
    hurry(send)

    send = run(send)

    assert (only(send).state, only(send).reason) == (state, reason)
    assert books.check(send).holds
    assert rokt.summary()["events"] == 0


def test_a_call_without_an_answer_is_in_doubt_even_when_its_send_was_cancelled_meanwhile(send, staff):
    Account.objects.update(when_in_doubt=Account.WhenInDoubt.RESEND)
    batch = claim(send)
    compose.cancel(send, by=staff)

    record.close(batch, [NO_ANSWER])

    assert states(send) == {"ann": "in_doubt"}


def test_cancelling_leaves_a_row_in_doubt_that_waited_to_be_sent_again(send, staff):
    Account.objects.update(when_in_doubt=Account.WhenInDoubt.RESEND)
    record.close(claim(send), [NO_ANSWER])
    assert (only(send).state, only(send).reason) == (Delivery.State.QUEUED, Delivery.Reason.NO_ANSWER)

    assert compose.cancel(send, by=staff) == 0

    assert (only(send).state, only(send).due_at) == (Delivery.State.IN_DOUBT, None)
    send.refresh_from_db()
    assert books.check(send).holds


def test_an_event_that_is_over_leaves_a_row_in_doubt_that_waited_to_be_sent_again(send, staff):
    Account.objects.update(when_in_doubt=Account.WhenInDoubt.RESEND)
    claim(send)
    hurry(send)
    clockwork.tidy()
    Send.objects.update(deliver_until=timezone.now())

    clockwork.tidy()

    assert states(send) == {"ann": "in_doubt"}
    decide(send, [only(send).pk], Verdict.AGAIN, by=staff, note="looked: not there")
    clockwork.tidy()
    send.refresh_from_db()
    assert (states(send), send.state) == ({"ann": "expired"}, Send.State.FINISHED)


@pytest.mark.parametrize("second", [BUSY, NOT_SENT, SLOW_DOWN])
@pytest.mark.parametrize("end", ["cancelled", "left", "over"])
def test_a_later_try_that_did_not_arrive_does_not_settle_the_doubt_about_an_earlier_one(
    end, second, send, staff, ann
):
    Account.objects.update(when_in_doubt=Account.WhenInDoubt.RESEND)
    record.close(claim(send), [NO_ANSWER])
    hurry(send)
    record.close(claim(send), [second])
    assert erase.is_out(only(send)), "nor may the person be erased"

    if end == "cancelled":
        compose.cancel(send, by=staff)
    elif end == "left":
        type(ann.subscriber).objects.update(is_active=False)
        hurry(send)
        assert not claim(send).claimed
    else:
        Send.objects.update(deliver_until=timezone.now())
        clockwork.tidy()

    assert (only(send).state, only(send).reason) == (Delivery.State.IN_DOUBT, Delivery.Reason.NO_ANSWER)
    send.refresh_from_db()
    assert books.check(send).holds


def test_tries_that_run_out_after_a_call_without_an_answer_end_in_doubt(send):
    Account.objects.update(when_in_doubt=Account.WhenInDoubt.RESEND)
    record.close(claim(send), [NO_ANSWER])
    hurry(send)
    send.deliveries.update(retry_count=9)

    record.close(claim(send), [BUSY])

    assert (only(send).state, only(send).due_at) == (Delivery.State.IN_DOUBT, None)


def test_those_who_shared_a_batch_with_a_call_that_stops_workers_go_apart(event, staff, account):
    for name in ("ann", "bob", "cyd"):
        subscription(make_subscriber(external_id=name))
    send = queue(event, staff)
    claim(send)
    hurry(send)
    clockwork.tidy()
    hurry(send)
    found = record.claim_doubts(account, limit=10)

    record.settle([record.Finding(each, arrived=False, content="", looks=[]) for each in found])

    due_ats = list(send.deliveries.values_list("due_at", flat=True))
    assert len(set(due_ats)) == 3
    assert min(map(seconds_until, due_ats)) > 0


def test_looking_makes_no_more_calls_than_the_limiter_granted(event, staff, account):
    for name in ("ann", "bob", "cyd"):
        person = make_subscriber(external_id=name)
        for _ in range(2):
            subscription(person)
    send = queue(event, staff)
    record.close(claim(send), [NO_ANSWER] * 3)
    hurry(send)

    assert [len(record.claim_doubts(account, limit=limit)) for limit in (5, 1)] == [2, 1]


def test_reading_all_subscriptions_of_one_person_is_taken_out_of_the_rate(event, staff, ann, monkeypatch):
    subscription(ann.subscriber)
    subscription(ann.subscriber)
    send = queue(event, staff)
    record.close(claim(send), [NO_ANSWER])
    hurry(send)
    Account.objects.update(rate_per_second=1, burst_count=1)
    monkeypatch.setattr(deliver, "Line", line_to(FakeRokt().send))
    monkeypatch.setattr(deliver.Turn, "_fetch_token", lambda _turn: Token("a-token", expires_in=300))

    run(send)

    assert seconds_until(RateLimit.objects.get().next_at) > 2


def test_a_new_send_waits_for_the_answers_of_a_cancelled_one(send, event, staff):
    batch = claim(send)
    compose.cancel(send, by=staff)

    with pytest.raises(compose.NotPossibleError, match="no answer yet"):
        queue(event, staff)

    record.close(batch, [ACCEPTED])
    subscription(make_subscriber(external_id="bob"))
    assert states(queue(event, staff)) == {"ann": "skipped", "bob": "queued"}


def test_a_new_send_waits_for_repeats_of_one_that_is_being_cancelled(send, event, staff):
    Account.objects.update(when_in_doubt=Account.WhenInDoubt.RESEND)
    record.close(claim(send), [NO_ANSWER])
    Send.objects.update(state=Send.State.CANCELLED)  # and whoever does that dies before the second step

    with pytest.raises(compose.NotPossibleError, match="no answer yet"):
        queue(event, staff)


def test_failed_rows_of_an_older_send_are_not_sent_again_behind_a_newer_one(send, event, staff, rokt):
    record.close(claim(send), [REFUSED])
    newer = run(queue(event, staff))
    assert states(newer) == {"ann": "accepted"}

    send.refresh_from_db()
    with pytest.raises(compose.NotPossibleError, match="is newer"):
        compose.retry_failed(send, by=staff)

    assert rokt.summary()["events"] == 1


def test_a_newer_send_that_never_started_does_not_keep_failed_rows_back(send, event, staff, ann):
    subscription(make_subscriber(external_id="bob"))
    record.close(claim(send), [REFUSED])
    later = compose.queue(
        checked(compose.draft(event, Send.Kind.CREATE)),
        by=staff,
        scheduled_at=timezone.now() + timedelta(days=1),
        submit_token=uuid4(),
    )
    compose.cancel(later, by=staff)
    send.refresh_from_db()

    assert compose.retry_failed(send, by=staff) == 1


def test_a_crash_in_the_middle_of_resuming_leaves_the_send_paused(send, staff, monkeypatch):
    batch = claim(send)
    compose.pause(send, by=staff)
    record.close(batch, [ACCEPTED])
    with monkeypatch.context() as patch:
        patch.setattr(record, "finish", lambda _send: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            compose.resume(send, by=staff)

    send.refresh_from_db()
    assert send.state == Send.State.PAUSED
    compose.resume(send, by=staff)
    send.refresh_from_db()
    assert send.state == Send.State.FINISHED
