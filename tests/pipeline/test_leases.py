"""Workers that die or freeze between two steps: the lease, the sweep, and evidence that comes late."""

import pytest

from campaigns.models import Account, Attempt, Delivery, Entry, Send
from campaigns.pipeline import clockwork, record
from campaigns.pipeline.calls import Calls
from campaigns.pipeline.compose import Verdict
from campaigns.pipeline.record import books
from tests.builders import make_subscriber
from tests.pipeline.running import decide, hurry, queue, run, states, subscription

pytestmark = pytest.mark.django_db

ACCEPTED = record.Outcome(verdict=Attempt.Outcome.ACCEPTED, status=202, answer="", reason="", elapsed_ms=5)
REFUSED = record.Outcome(verdict=Attempt.Outcome.REFUSED, status=400, answer="", reason="no", elapsed_ms=5)


@pytest.fixture
def send(event, staff, account) -> Send:
    for number in range(4):
        subscription(make_subscriber(external_id=f"u{number}"))
    return queue(event, staff)


def claim(send: Send, limit: int = 2) -> record.Batch:
    return record.claim(send, limit=limit, write=Calls(send).write)


def test_the_intent_is_written_before_any_byte_leaves(send, rokt):
    batch = claim(send)

    for claimed in batch.claimed:
        attempt = Attempt.objects.get(delivery=claimed.delivery.pk, number=claimed.number)
        assert attempt.outcome == Attempt.Outcome.OPEN
        assert attempt.body == claimed.intent.body
        assert attempt.delivery.state == Delivery.State.SENDING
    assert rokt.log() == []
    send.refresh_from_db()
    assert (send.queued_count, send.sending_count) == (2, 2)


def test_two_workers_never_get_the_same_rows(send):
    first, second = claim(send), claim(send)

    ids = [claimed.delivery.pk for batch in (first, second) for claimed in batch.claimed]
    assert len(set(ids)) == 4
    assert claim(send).claimed == []
    assert set(states(send).values()) == {"sending"}


def test_a_dead_workers_batch_is_in_doubt_and_nothing_is_lost(send):
    claim(send)
    hurry(send)

    assert clockwork.tidy() == 2

    assert sorted(states(send).values()) == ["in_doubt", "in_doubt", "queued", "queued"]
    send.refresh_from_db()
    assert books.check(send).holds
    doubted = send.deliveries.filter(state=Delivery.State.IN_DOUBT)
    assert {row.reason for row in doubted} == {Delivery.Reason.WORKER_LOST}
    assert {row.attempts.get().outcome for row in doubted} == {Attempt.Outcome.UNKNOWN}


def test_a_lease_that_still_runs_is_left_alone(send):
    claim(send)

    assert clockwork.tidy() == 0
    assert clockwork.tidy() == 0


def test_a_frozen_worker_that_comes_back_settles_the_doubt_with_its_late_answers(send):
    batch = claim(send)
    hurry(send)
    clockwork.tidy()

    record.close(batch, [ACCEPTED, ACCEPTED])

    late = Attempt.objects.filter(delivery__in=[claimed.delivery.pk for claimed in batch.claimed])
    assert {(attempt.outcome, attempt.is_late) for attempt in late} == {(Attempt.Outcome.ACCEPTED, True)}
    assert sorted(states(send).values()) == ["accepted", "accepted", "queued", "queued"]
    assert Entry.objects.count() == 2
    send.refresh_from_db()
    assert books.check(send).holds


def test_a_late_answer_changes_nothing_where_a_newer_call_was_made(send, rokt):
    Account.objects.update(when_in_doubt=Account.WhenInDoubt.RESEND)
    batch = claim(send)
    hurry(send)
    clockwork.tidy()
    hurry(send)
    newer = claim(send)
    assert [row.delivery.pk for row in newer.claimed] == [row.delivery.pk for row in batch.claimed]

    record.close(batch, [REFUSED, REFUSED])

    assert sorted(states(send).values()) == ["queued", "queued", "sending", "sending"]
    record.close(newer, [ACCEPTED, ACCEPTED])
    assert sorted(states(send).values()) == ["accepted", "accepted", "queued", "queued"]
    send.refresh_from_db()
    assert books.check(send).holds


def test_closing_again_after_a_lost_acknowledgment_changes_nothing(send):
    batch = claim(send)
    mixed = [ACCEPTED, record.Outcome(Attempt.Outcome.RETRY, 503, "", "busy", 5)]
    record.close(batch, mixed)
    before = list(send.deliveries.order_by("pk").values())
    calls = list(Attempt.objects.order_by("pk").values())

    record.close(batch, mixed)

    assert list(send.deliveries.order_by("pk").values()) == before
    assert list(Attempt.objects.order_by("pk").values()) == calls
    send.refresh_from_db()
    assert books.check(send).holds
    send.refresh_from_db()
    assert books.check(send).holds


def test_nobody_is_posted_twice_by_two_turns_at_once(send, rokt):
    claim(send)

    run(send)

    assert rokt.summary()["posted_twice"] == {}
    assert rokt.summary()["events"] == 2


def test_cancelling_spares_what_is_on_the_wire_and_cancels_what_waits(send, staff):
    from campaigns.pipeline import compose

    batch = claim(send)

    assert compose.cancel(send, by=staff) == 2

    record.close(batch, [ACCEPTED, ACCEPTED])
    send.refresh_from_db()
    assert (send.state, send.accepted_count, send.cancelled_count) == (Send.State.CANCELLED, 2, 2)
    assert books.check(send).holds


def test_a_retry_of_a_cancelled_send_is_cancelled_too(send, staff):
    from campaigns.pipeline import compose

    batch = claim(send)
    compose.cancel(send, by=staff)
    retry = record.Outcome(verdict=Attempt.Outcome.RETRY, status=503, answer="", reason="busy", elapsed_ms=5)

    record.close(batch, [retry, retry])

    assert set(states(send).values()) == {"cancelled"}


def test_rows_missed_by_a_crash_in_the_middle_of_cancelling_are_tidied_up(send):
    Send.objects.filter(pk=send.pk).update(state=Send.State.CANCELLED)

    clockwork.tidy()

    assert set(states(send).values()) == {"cancelled"}


def test_two_workers_do_not_look_into_the_same_doubt(send):
    claim(send)
    hurry(send)
    clockwork.tidy()
    hurry(send)
    account = Account.objects.get()

    first, second = record.claim_doubts(account, limit=10), record.claim_doubts(account, limit=10)

    assert len(first) == 2
    assert second == []


def test_a_paused_send_gives_nothing_away(send, staff, rokt):
    from campaigns.pipeline import compose

    compose.pause(send, by=staff)
    run(send)
    assert rokt.summary()["events"] == 0

    compose.resume(send, by=staff)
    send = run(send)

    assert send.state == Send.State.FINISHED
    assert rokt.summary()["posted_twice"] == {}
    assert send.accepted_count == 4


def test_a_decision_by_hand_is_kept_with_its_reason(send, staff, rokt):

    claim(send)
    hurry(send)
    clockwork.tidy()
    first, second = send.deliveries.filter(state=Delivery.State.IN_DOUBT)

    decide(send, [first.pk], Verdict.ARRIVED, by=staff, note="seen on the calendar")
    decide(send, [second.pk], Verdict.AGAIN, by=staff, note="asked, not there")
    send.refresh_from_db()
    send = run(send)

    first.refresh_from_db()
    assert (first.state, first.reason) == (Delivery.State.ACCEPTED, Delivery.Reason.DECIDED)
    assert send.state == Send.State.FINISHED
    assert books.check(send).holds
    assert rokt.summary()["events"] == 3
    notes = send.actions.filter(verb="decided").values_list("note", "delivery_count")
    assert list(notes) == [("seen on the calendar", 1), ("asked, not there", 1)]
