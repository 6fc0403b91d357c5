"""A careful start: the first people go alone, and what comes of them decides about the others."""

import threading
from collections.abc import Callable
from functools import partial
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from campaigns.models import Attempt, Delivery, Send, SendAction, Subscriber
from campaigns.pipeline import clockwork, compose, dryrun, record
from campaigns.pipeline.calls import Calls
from campaigns.pipeline.record import books
from tests.builders import make_subscriber, make_user
from tests.pipeline.running import hurry, run, states, subscription

pytestmark = pytest.mark.django_db

State, Verb = Delivery.State, SendAction.Verb


def crowd(count: int) -> None:
    for number in range(count):
        subscription(make_subscriber(external_id=f"u{number:03}"))


@pytest.fixture
def careful(event, staff) -> Callable[..., Send]:
    """Queue a send that starts with a few, and let the clock start it."""

    def make(*, first: int = 4, percent: int = 25) -> Send:
        draft = compose.draft(event, Send.Kind.CREATE)
        dryrun.run(dryrun.ask(draft, by=staff).pk)
        compose.start_small(draft, count=first, percent=percent)
        send = compose.queue(draft, by=staff, scheduled_at=timezone.now(), submit_token=uuid4())
        clockwork.start_due()
        send.refresh_from_db()
        return send

    return make


def tick(send: Send) -> Send:
    clockwork.tidy()
    send.refresh_from_db()
    return send


def last_words(send: Send) -> tuple[str, str, object]:
    action = send.actions.latest("pk")
    return action.verb, action.note, action.by


def calls(rokt) -> int:
    return sum("subscriptionevent" in line["path"] for line in rokt.log())


def answer(send: Send, count: int, verdict: str, *, status: int = 202) -> None:
    """Claim some rows and write down the same outcome for each, as a worker does."""
    batch = record.claim(send, limit=count, write=Calls(send).write)
    assert len(batch.claimed) == count
    said = record.Outcome(
        verdict=Attempt.Outcome(verdict), status=status, answer="", reason="so it was", elapsed_ms=5
    )
    record.close(batch, [said] * count)


def test_nobody_else_is_claimed_while_the_first_are_out(careful):
    crowd(10)
    send = careful(first=4)

    batch = record.claim(send, limit=64, write=Calls(send).write)

    assert [claimed.delivery.external_id for claimed in batch.claimed] == ["u000", "u001", "u002", "u003"]
    assert record.claim(send, limit=64, write=Calls(send).write).claimed == []
    assert tick(send).held_after_id is not None
    assert send.queued_count == 6


def test_it_goes_on_by_itself_once_the_first_went_well(careful, rokt):
    crowd(10)

    send = run(careful(first=4))

    assert send.state == Send.State.FINISHED
    assert send.accepted_count == 10
    assert send.held_after_id is None
    assert last_words(send) == (
        Verb.WENT_ON,
        "The first 4 people went well (nobody failed); it went on by itself.",
        None,
    )
    assert rokt.summary()["posted_twice"] == {}


def test_too_many_failures_stop_it_with_the_numbers_and_the_others_are_never_called(careful, rokt):
    crowd(10)
    send = careful(first=4, percent=25)
    rokt.fault("400", count=2)

    send = run(send)

    assert send.state == Send.State.PAUSED
    assert last_words(send) == (
        Verb.STOPPED,
        "Stopped after the first 4 people: 2 failed (50 %), more than 25 %.",
        None,
    )
    assert calls(rokt) == 4
    assert (send.accepted_count, send.failed_count, send.queued_count) == (2, 2, 6)
    assert books.check(send).holds


def test_exactly_as_many_as_may_fail_do_not_stop_it(careful, rokt):
    crowd(10)
    send = careful(first=4, percent=25)
    rokt.fault("400", count=1)

    send = run(send)

    assert send.state == Send.State.FINISHED
    assert (send.accepted_count, send.failed_count) == (9, 1)
    assert "The first 4 people went well (1 failed)" in send.actions.get(verb=Verb.WENT_ON).note


def test_going_on_anyway_sends_to_the_rest_and_does_not_stop_again(careful, rokt, staff):
    crowd(10)
    send = careful(first=4, percent=0)
    rokt.fault("400", count=1)
    send = run(send)
    assert send.state == Send.State.PAUSED
    rokt.fault("400", count=3)

    compose.resume(send, by=staff)
    send = run(tick(send))

    assert send.state == Send.State.FINISHED
    assert (send.accepted_count, send.failed_count) == (6, 4)
    assert [action.verb for action in send.actions.all()] == [
        Verb.QUEUED,
        Verb.STARTED,
        Verb.STOPPED,
        Verb.RESUMED,
    ]
    assert rokt.summary()["posted_twice"] == {}


def test_cancelling_the_rest_leaves_the_first_as_they_are(careful, rokt, staff):
    crowd(10)
    send = careful(first=4, percent=0)
    rokt.fault("400", count=1)
    send = run(send)

    assert compose.cancel(send, by=staff) == 6

    send = tick(send)
    assert (send.state, send.accepted_count, send.failed_count) == (Send.State.CANCELLED, 3, 1)
    assert calls(rokt) == 4


@pytest.mark.parametrize("people", [3, 4])
def test_an_audience_no_larger_than_the_first_is_not_held(people, careful, rokt):
    crowd(people)
    send = careful(first=4, percent=0)
    assert send.held_after_id is None
    rokt.fault("400", count=people)

    send = run(send)

    assert send.state == Send.State.FINISHED
    assert not send.actions.filter(verb=Verb.STOPPED).exists()


def test_retries_that_wait_keep_the_others_waiting_until_they_are_answered(careful, rokt):
    crowd(6)
    send = careful(first=2)
    answer(send, 2, "retry", status=503)

    send = run(tick(send))

    assert (send.queued_count, calls(rokt)) == (6, 0)
    hurry(send)
    assert run(send).accepted_count == 6


def test_who_waits_for_a_third_retry_counts_as_failing(careful):
    crowd(6)
    send = careful(first=2, percent=25)
    for _try in range(2):
        answer(send, 2, "retry", status=503)
        hurry(send)
        assert tick(send).held_after_id is not None, "it may still come right"

    answer(send, 2, "retry", status=503)
    send = tick(send)

    assert send.state == Send.State.PAUSED
    assert "2 failed (100 %)" in last_words(send)[1]


def test_a_doubt_is_not_settled_and_a_look_settles_it(careful, rokt):
    crowd(6)
    send = careful(first=2)
    answer(send, 1, "accepted")
    answer(send, 1, "unknown")

    send = run(tick(send))

    assert (send.in_doubt_count, send.queued_count) == (1, 4)
    assert send.held_after_id is not None
    hurry(send)
    run(tick(send))  # looks, finds nothing, and sends again
    hurry(send)
    assert run(tick(send)).accepted_count == 6


def test_who_is_skipped_is_no_failure_and_the_next_takes_the_place(careful, rokt):
    crowd(10)
    send = careful(first=4, percent=0)
    Subscriber.objects.filter(external_id__in=["u000", "u002", "u004"]).update(is_active=False)
    seen: list[int] = []
    while send.held_after_id is not None and len(seen) < 5:
        batch = record.claim(send, limit=64, write=Calls(send).write)
        seen.append(len(batch.claimed))
        said = record.Outcome(
            verdict=Attempt.Outcome.ACCEPTED, status=202, answer="", reason="", elapsed_ms=5
        )
        record.close(batch, [said] * len(batch.claimed))
        send = tick(send)

    assert seen == [2, 1, 1]
    assert send.skipped_count == 3
    assert "The first 4 people went well" in last_words(send)[1]
    assert run(send).accepted_count == 7


def test_where_everybody_is_skipped_nothing_is_said_of_the_first(careful):
    crowd(6)
    send = careful(first=2)
    Subscriber.objects.update(is_active=False)

    send = run(send)

    assert (send.state, send.skipped_count) == (Send.State.FINISHED, 6)
    assert not send.actions.exclude(verb__in=(Verb.QUEUED, Verb.STARTED)).exists()


def test_a_pause_by_staff_is_no_verdict_and_resuming_it_keeps_the_others_waiting(careful, staff, rokt):
    crowd(6)
    send = careful(first=2, percent=0)
    batch = record.claim(send, limit=2, write=Calls(send).write)
    compose.pause(send, by=staff)
    refused = record.Outcome(
        verdict=Attempt.Outcome.REFUSED, status=400, answer="", reason="no", elapsed_ms=5
    )
    record.close(batch, [refused, refused])

    assert tick(send).held_after_id is not None
    assert record.stop_of(send) is None
    compose.resume(send, by=staff)
    send = run(tick(send))

    assert (send.state, calls(rokt)) == (Send.State.PAUSED, 0)
    assert last_words(send)[0] == Verb.STOPPED


def test_retrying_the_failed_of_a_stopped_send_and_going_on_reaches_everybody(careful, staff, rokt):
    crowd(6)
    send = careful(first=2, percent=0)
    rokt.fault("400", count=2)
    send = run(send)

    compose.retry_failed(send, by=staff)
    assert record.stop_of(send) is not None
    compose.resume(send, by=staff)

    assert run(send).accepted_count == 6


def test_an_event_that_is_over_ends_the_waiting(careful):
    crowd(6)
    send = careful(first=2)
    Send.objects.update(deliver_until=timezone.now())

    send = tick(send)

    assert (send.state, send.expired_count) == (Send.State.FINISHED, 6)


def test_held_rows_wake_nobody_up(careful):
    crowd(6)
    send = careful(first=2)
    assert clockwork.accounts_with_work() == [send.account_id]

    record.claim(send, limit=2, write=Calls(send).write)

    assert clockwork.accounts_with_work() == []


def test_a_worker_killed_in_the_middle_of_the_decision_leaves_it_to_the_next(careful, monkeypatch):
    crowd(6)
    send = careful(first=2, percent=0)
    answer(send, 2, "refused", status=400)
    with monkeypatch.context() as broken:
        broken.setattr(SendAction.objects, "create", lambda **_columns: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            record.judge(send)
    send.refresh_from_db()
    assert (send.state, send.held_after_id is None) == (Send.State.SENDING, False)

    send = tick(send)

    assert send.state == Send.State.PAUSED
    assert send.actions.filter(verb=Verb.STOPPED).count() == 1


def test_only_sensible_numbers_are_taken(event):
    draft = compose.draft(event, Send.Kind.CREATE)
    for count, percent in ((0, 5), (-1, 5), (10, -1), (10, 101)):
        with pytest.raises(compose.NotPossibleError):
            compose.start_small(draft, count=count, percent=percent)


def test_the_command_says_why_a_send_stopped(event, account, rokt, monkeypatch):
    make_user("admin")
    crowd(6)
    rokt.fault("400", count=2)

    def work(_seconds: float) -> None:
        clockwork.start_due()
        run(Send.objects.get())

    monkeypatch.setattr("campaigns.management.commands.send.time.sleep", work)

    with pytest.raises(CommandError, match=r"Stopped after the first 2 people: 2 failed \(100 %\)"):
        call_command("send", "Event_0001", "--first", "2", "--stop-above", "10", "--wait")
    with pytest.raises(CommandError, match="from 0 to 100"):
        call_command("send", "Event_0001", "--first", "2", "--stop-above", "101")


def at_once(*works: Callable[[], object]) -> list[BaseException]:
    """Run each in a thread of its own, from one moment on; return what went wrong."""
    failed: list[BaseException] = []
    barrier = threading.Barrier(len(works))

    def guarded(work: Callable[[], object]) -> None:
        barrier.wait()
        try:
            work()
        except compose.NotPossibleError:
            pass  # somebody was faster
        except BaseException as error:  # noqa: BLE001 - returned
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failed


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("act", "end"), [("pause", "paused"), ("cancel", "cancelled"), (None, "paused")])
def test_many_judges_and_staff_at_once_decide_once(careful, staff, act, end):
    crowd(12)
    send = careful(first=4, percent=0)
    answer(send, 4, "refused", status=400)
    steps = [partial(record.judge, send)] * 4
    if act:
        steps.append(partial(getattr(compose, act), Send.objects.get(pk=send.pk), by=staff))

    assert at_once(*steps) == []

    send = tick(send)
    assert send.state == end
    stops = send.actions.filter(verb=Verb.STOPPED).count()
    assert stops == 1 if act is None else stops <= 1
    assert books.check(send).holds
    assert set(states(send).values()) == {"failed", "cancelled" if act == "cancel" else "queued"}
