"""Workers, the clock and staff at the same moment, in threads, on a real database: no deadlock, no double, no loss."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from campaigns.models import Account, Attempt, Delivery, Entry, Send
from campaigns.pipeline import clockwork, compose, deliver, record
from campaigns.pipeline.calls import Calls
from campaigns.pipeline.compose import Verdict
from campaigns.pipeline.record import books
from integrations.rokt.token import Token
from tests.builders import (
    checked,
    make_account,
    make_campaign,
    make_event,
    make_segment,
    make_subscriber,
    make_user,
)
from tests.pipeline.fake_rokt import FakeRokt, line_to
from tests.pipeline.running import decide, subscription
from tests.workers import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 4
PEOPLE_COUNT = 24
State, Outcome = Delivery.State, Attempt.Outcome
ACCEPTED = record.Outcome(verdict=Outcome.ACCEPTED, status=202, answer="", reason="", elapsed_ms=5)
REFUSED = record.Outcome(verdict=Outcome.REFUSED, status=400, answer="", reason="no", elapsed_ms=5)
MISSING = record.Outcome(verdict=Outcome.MISSING, status=200, answer="", reason="", elapsed_ms=5)


@pytest.fixture
def staff() -> User:
    return make_user("marketer")


@pytest.fixture
def account(transactional_db: None) -> Account:
    made = make_account("acme", rate_per_second=10_000, burst_count=10_000, at_once_count=3)
    for number in range(PEOPLE_COUNT):
        subscription(make_subscriber(external_id=f"u{number:02}"))
    return made


@pytest.fixture
def rokt(monkeypatch) -> FakeRokt:
    fake, one_at_a_time = FakeRokt(), threading.Lock()

    def send(calls):
        with one_at_a_time:
            return fake.send(calls)

    monkeypatch.setattr(deliver, "Line", line_to(send))
    monkeypatch.setattr(deliver.Turn, "_fetch_token", lambda _turn: Token(uuid4().hex, expires_in=300))
    return fake


@pytest.fixture
def sends(account: Account, staff: User) -> Iterator[Callable[[], Send]]:
    """Queues one send of a new event after the other, due now."""

    def queue() -> Send:
        event = make_event(make_campaign(account=account, segment=make_segment()))
        draft = checked(compose.draft(event, Send.Kind.CREATE))
        return compose.queue(draft, by=staff, scheduled_at=timezone.now(), submit_token=uuid4())

    yield queue
    for send in Send.objects.all():
        assert books.check(send).holds
    open_calls = Attempt.objects.filter(closed_at=None).exclude(delivery__state=State.SENDING)
    assert not open_calls.exists()


def at_once(*acts: Callable[[], object]) -> None:
    """Do everything at the same moment, each in a thread and connection of its own; raise what any raised."""
    start, errors = threading.Barrier(len(acts)), list[BaseException]()

    def run(act: Callable[[], object]) -> None:
        try:
            start.wait()
            act()
        except compose.NotPossibleError:
            pass  # somebody else was first
        except BaseException as error:  # noqa: BLE001 - for the test to raise
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def started(send: Send) -> Send:
    clockwork.start_due()
    send.refresh_from_db()
    return send


def claim(send: Send, limit: int = 5) -> record.Batch:
    return claim_with(send, Calls(send).write, limit=limit)


def claim_with(send: Send, write: Any, limit: int = 5) -> record.Batch:
    return record.claim(Send.objects.get(pk=send.pk), limit=limit, write=write)


def work() -> None:
    deliver.drain(Account.objects.get(), seconds=10)


def in_doubt(send: Send) -> list[int]:
    claim(send, limit=PEOPLE_COUNT)
    past = timezone.now() - timedelta(seconds=1)
    send.deliveries.update(lease_until=past)
    clockwork.tidy()
    send.deliveries.update(due_at=past)
    return list(send.deliveries.values_list("pk", flat=True))


def assert_nobody_twice(rokt: FakeRokt) -> None:
    assert [call for call, count in Counter(rokt.arrived).items() if count > 1] == []


def test_eight_ticks_freeze_an_audience_once(sends):
    for _round in range(ROUNDS):
        send = sends()
        at_once(*[clockwork.start_due] * 8)

        assert send.deliveries.count() == PEOPLE_COUNT


def test_six_workers_take_every_row_once(sends, rokt):
    for _round in range(ROUNDS // 2):
        send = started(sends())
        at_once(*[work] * 6)

        send.refresh_from_db()
        assert (send.state, send.accepted_count) == (Send.State.FINISHED, PEOPLE_COUNT)
    assert_nobody_twice(rokt)


@pytest.mark.parametrize("verb", [compose.cancel, compose.pause])
def test_nothing_more_is_claimed_once_staff_have_stopped_a_send(verb, sends, rokt, staff):
    for _round in range(ROUNDS):
        send = started(sends())
        at_once(work, work, partial(verb, send, by=staff), clockwork.tidy)

        before = len(rokt.arrived)
        work()
        assert len(rokt.arrived) == before
        clockwork.tidy()
        send.refresh_from_db()
        assert send.sending_count == 0
        assert send.queued_count == 0 or send.state == Send.State.PAUSED
    assert_nobody_twice(rokt)


@pytest.mark.skipif(settings.IS_SQLITE, reason="SQLite has one writer at a time")
@pytest.mark.parametrize("verb", [compose.pause, compose.cancel])
def test_who_stops_a_send_while_its_calls_are_written_keeps_them_back(verb, sends, staff):
    send = started(sends())
    stop = threading.Thread(target=at_once, args=[partial(verb, send, by=staff)])

    def write(rows):
        stop.start()  # a cancellation then waits for these very rows
        wait_until(Send.objects.exclude(state=Send.State.SENDING).exists, seconds=30, what="the stop")
        return Calls(send).write(rows)

    assert claim_with(send, write).claimed == []

    stop.join()
    clockwork.tidy()
    send.refresh_from_db()
    assert send.sending_count == 0
    assert send.queued_count + send.cancelled_count == PEOPLE_COUNT
    assert not Attempt.objects.exists()


def test_cancelling_ticks_and_expiry_at_once_take_every_row_out_once(sends, staff):
    for _round in range(ROUNDS):
        send = started(sends())
        Send.objects.filter(pk=send.pk).update(deliver_until=timezone.now())
        send.refresh_from_db()
        at_once(
            clockwork.tidy,
            clockwork.tidy,
            partial(compose.cancel, send, by=staff),
            partial(claim, send),
        )

        send.refresh_from_db()
        assert send.queued_count == 0


@pytest.mark.skipif(settings.IS_SQLITE, reason="one writer at a time")
def test_who_comes_to_wait_for_a_repeat_while_a_send_is_cancelled_stays_a_doubt(sends, staff, monkeypatch):
    send, read, cancelled = started(sends()), threading.Event(), threading.Event()
    Account.objects.update(when_in_doubt=Account.WhenInDoubt.RESEND)
    claim(send, limit=PEOPLE_COUNT)
    send.deliveries.update(lease_until=timezone.now() - timedelta(seconds=1))
    save = record.doubt.save

    def save_late(*args: Any, **columns: Any) -> None:
        read.set()  # and the send was still running
        assert cancelled.wait(10)
        save(*args, **columns)

    monkeypatch.setattr(record.doubt, "save", save_late)

    def sweep() -> None:
        record.sweep()
        connection.close()

    sweeper = threading.Thread(target=sweep)
    sweeper.start()
    assert read.wait(10)

    def after_the_first_update(execute: Any, sql: str, *rest: Any) -> Any:
        result = execute(sql, *rest)
        if sql.startswith('UPDATE "campaigns_delivery"') and not cancelled.is_set():
            cancelled.set()
            sweeper.join()
        return result

    with connection.execute_wrapper(after_the_first_update):
        compose.cancel(send, by=staff)
    clockwork.tidy()

    assert set(send.deliveries.values_list("state", flat=True)) == {State.IN_DOUBT}


def test_an_answer_and_the_sweep_give_a_row_one_state(sends):
    for _round in range(ROUNDS):
        send = started(sends())
        batches = [claim(send), claim(send)]
        send.deliveries.exclude(lease_until=None).update(lease_until=timezone.now() - timedelta(seconds=1))
        at_once(
            *[partial(record.close, batch, [ACCEPTED] * 5) for batch in batches],
            clockwork.tidy,
            clockwork.tidy,
        )

        send.refresh_from_db()
        assert (send.sending_count, send.in_doubt_count, send.accepted_count) == (0, 0, 10)
        assert Entry.objects.filter(delivery__send=send).count() == 10


def test_a_decision_and_a_finding_settle_a_doubt_once(sends, staff, account):
    for _round in range(ROUNDS):
        send = started(sends())
        ids = in_doubt(send)
        doubts = record.claim_doubts(account, limit=PEOPLE_COUNT)
        findings = [
            record.Finding(doubt=doubt, arrived=False, content="{}", looks=[("GET", "https://rokt", MISSING)])
            for doubt in doubts
        ]
        at_once(
            partial(record.settle, findings),
            partial(decide, send, ids, Verdict.ARRIVED, by=staff, note="seen"),
        )

        send.refresh_from_db()
        assert send.in_doubt_count == 0
        assert {send.accepted_count, send.queued_count} == {0, PEOPLE_COUNT}


def test_two_workers_settle_doubts_of_several_sends_without_blocking_each_other(sends, rokt):
    for _round in range(ROUNDS // 2):
        for send in [started(sends()), started(sends())]:
            in_doubt(send)
        at_once(work, work, work, clockwork.tidy)
        Delivery.objects.filter(state=State.QUEUED).update(
            due_at=timezone.now()
        )  # who was not there waits a little
        at_once(work, work, work)

        assert not Delivery.objects.exclude(state__in=Delivery.FINAL_STATES).exists()
    assert_nobody_twice(rokt)


def test_failed_rows_are_queued_again_once_while_others_are_being_closed(sends, rokt, staff):
    for _round in range(ROUNDS):
        send = started(sends())
        record.close(claim(send, limit=10), [REFUSED] * 10)
        at_once(
            work,
            work,
            *[partial(compose.retry_failed, Send.objects.get(pk=send.pk), by=staff)] * 3,
        )
        work()

        send.refresh_from_db()
        assert (send.state, send.accepted_count) == (Send.State.FINISHED, PEOPLE_COUNT)
    assert_nobody_twice(rokt)


def test_a_resumed_send_finishes_even_when_its_last_answer_comes_at_that_moment(sends, staff):
    for _round in range(ROUNDS):
        send = started(sends())
        batch = claim(send, limit=PEOPLE_COUNT)
        compose.pause(send, by=staff)
        at_once(
            partial(record.close, batch, [ACCEPTED] * PEOPLE_COUNT),
            partial(compose.resume, send, by=staff),
        )

        send.refresh_from_db()
        assert send.state == Send.State.FINISHED
