"""The ledger under any order of what workers, the clock, staff and Rokt can do, with what must always hold."""

import os
from collections import Counter
from datetime import timedelta
from typing import Any, ClassVar
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from campaigns.models import Account, Attempt, Breaker, Delivery, Entry, Event, RateLimit, Send, Subscriber
from campaigns.pipeline import clockwork, compose, deliver, record, verdicts
from campaigns.pipeline.calls import Calls
from campaigns.pipeline.compose import Verdict
from campaigns.pipeline.record import books
from integrations.rokt import wire
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
from tests.pipeline.fake_rokt import Death, FakeRokt, Fate, line_to
from tests.pipeline.running import decide, subscription

State, Outcome, Verb = Delivery.State, Attempt.Outcome, compose.Verb
UNSETTLED = (State.QUEUED, State.SENDING, State.IN_DOUBT)
FOR_GOOD = set(Delivery.FINAL_STATES) - {State.FAILED}  # failed rows may be tried again
MOST_SENDS = 4
PEOPLE = ("ann", "bob", "cyd", "dan")
VERIFY = Attempt.Operation.VERIFY

some_fates = st.lists(st.sampled_from(Fate), max_size=8)


class Machine(RuleBasedStateMachine):
    """One account, one event, four people; the workers take three at a time."""

    running: ClassVar["Machine"]

    def __init__(self) -> None:
        super().__init__()
        type(self).running = self
        self.rokt = FakeRokt()
        self.frozen: list[tuple[record.Batch, list[record.Outcome]]] = []
        self.said_missing: set[int] = set()
        self.done: dict[int, tuple[str, int]] = {}
        self.left: dict[str, int] = {}
        self.world = transaction.atomic()
        self.world.__enter__()

    @initialize(policy=st.sampled_from(Account.WhenInDoubt.values))
    def open_shop(self, policy: str) -> None:
        limits = {"rate_per_second": 5_000, "burst_count": 1_000, "at_once_count": 3}
        self.account = make_account("acme", when_in_doubt=policy, **limits)
        self.event = make_event(make_campaign(account=self.account, segment=make_segment()), event_id="E")
        self.staff: User = make_user("marketer")
        for name in PEOPLE:
            person = make_subscriber(external_id=name)
            subscription(person)
            if name == "bob":
                subscription(person)
        self.queue(Send.Kind.CREATE, "Sale")
        clockwork.start_due()

    def teardown(self) -> None:
        try:
            if hasattr(self, "account"):
                self.everything_ends()
        finally:
            transaction.set_rollback(True)
            self.world.__exit__(None, None, None)

    # What staff do

    @precondition(lambda self: Send.objects.count() < MOST_SENDS)
    @rule(kind=st.sampled_from(Send.Kind), title=st.sampled_from(["Sale", "Big sale"]))
    def queue(self, kind: Send.Kind, title: str) -> None:
        Event.objects.filter(pk=self.event.pk).update(title=title)
        self.event.refresh_from_db()
        send = checked(compose.draft(self.event, kind))
        attempt(compose.queue, send, by=self.staff, scheduled_at=timezone.now(), submit_token=uuid4())

    @rule(data=st.data(), verb=st.sampled_from([Verb.PAUSED, Verb.RESUMED, Verb.CANCELLED, Verb.RETRIED]))
    def act(self, data: st.DataObject, verb: compose.Verb) -> None:
        acts = {
            Verb.PAUSED: compose.pause,
            Verb.RESUMED: compose.resume,
            Verb.CANCELLED: compose.cancel,
            Verb.RETRIED: compose.retry_failed,
        }
        sends = list(Send.objects.order_by("pk"))
        if sends:
            attempt(acts[verb], data.draw(st.sampled_from(sends)), by=self.staff)

    @rule(arrived=st.booleans())
    def decide(self, arrived: bool) -> None:
        doubt = Delivery.objects.filter(state=State.IN_DOUBT).select_related("send").first()
        if doubt:
            decide(
                doubt.send,
                [doubt.pk],
                Verdict.ARRIVED if arrived else Verdict.AGAIN,
                by=self.staff,
                note="asked",
            )
            if not arrived:
                self.said_missing.add(doubt.pk)

    @rule()
    def restart_the_account(self) -> None:
        Account.objects.update(stopped_at=None)

    @rule(name=st.sampled_from(PEOPLE))
    def somebody_leaves(self, name: str) -> None:
        if name not in self.left:
            Subscriber.objects.filter(external_id=name).update(is_active=False)
            self.left[name] = self._posts_to(name)

    # What workers and the clock do

    @rule(fates=some_fates)
    def work(self, fates: list[Fate]) -> None:
        self.rokt.plan(fates)
        try:
            deliver.drain(Account.objects.get(), seconds=20)
        except Death:
            pass
        finally:
            self.rokt.plan([])

    @rule(fates=some_fates)
    def tick(self, fates: list[Fate]) -> None:
        clockwork.start_due()
        clockwork.tidy()
        if clockwork.accounts_with_work():
            self.work(fates)

    @rule(fates=st.lists(st.sampled_from([Fate.ACCEPTED, Fate.TROUBLE, Fate.REFUSED, Fate.LOST])))
    def freeze_with_the_answers_in_hand(self, fates: list[Fate]) -> None:
        send = Send.objects.filter(state=Send.State.SENDING).select_related("account").first()
        if send:
            batch = record.claim(send, limit=2, write=Calls(send).write)
            self.rokt.plan(fates)
            replies = self.rokt.send(
                [
                    wire.Call(claimed.intent.method, claimed.intent.url, claimed.intent.body.encode())
                    for claimed in batch.claimed
                ]
            )
            self.frozen.append((batch, [verdicts.outcome(reply) for reply in replies]))

    @precondition(lambda self: self.frozen)
    @rule()
    def thaw(self) -> None:
        record.close(*self.frozen.pop())

    # How time passes

    @rule()
    def waiting_is_over(self) -> None:
        past = timezone.now() - timedelta(seconds=1)
        Delivery.objects.exclude(due_at=None).update(due_at=past)

    @rule()
    def leases_run_out(self) -> None:
        past = timezone.now() - timedelta(seconds=1)
        Delivery.objects.exclude(lease_until=None).update(lease_until=past)

    @rule()
    def holds_end(self) -> None:
        past = timezone.now() - timedelta(seconds=1)
        RateLimit.objects.exclude(held_until=None).update(held_until=past)
        RateLimit.objects.update(asked_at=None)
        Breaker.objects.exclude(open_until=None).update(open_until=past)
        Breaker.objects.exclude(probing_until=None).update(probing_until=past)

    @rule(data=st.data())
    def the_event_is_over(self, data: st.DataObject) -> None:
        if data.draw(st.integers(0, 3)) == 0:
            Send.objects.update(deliver_until=timezone.now())

    # What always holds

    @invariant()
    def promises_are_kept(self) -> None:
        rows = list(Delivery.objects.select_related("send").prefetch_related("attempts"))
        self.books_balance()
        self.rows_are_what_their_state_says(rows)
        self.what_is_over_stays_over(rows)
        self.what_is_accepted_arrived(rows)
        self.no_arrival_is_missing_from_the_history()
        self.nobody_gets_a_new_event_again_after_it_was_accepted()
        self.nobody_who_left_gets_anything()

    def books_balance(self) -> None:
        for send in Send.objects.all():
            assert books.check(send).holds
            unsettled = send.queued_count + send.sending_count + send.in_doubt_count
            if send.state == Send.State.FINISHED:
                assert not unsettled
            if send.state == Send.State.SENDING:
                assert unsettled, "a send with nothing left to do goes on for ever"

    def rows_are_what_their_state_says(self, rows: list[Delivery]) -> None:
        for row in rows:
            calls = [call for call in row.attempts.all() if call.operation != VERIFY]
            open_count = sum(call.closed_at is None for call in calls)
            assert open_count == (row.state == State.SENDING)
            assert row.due_at is not None or row.state != State.QUEUED
            assert row.due_at is None or row.state in UNSETTLED
            assert row.lease_token is None or row.state in (State.SENDING, State.IN_DOUBT)
            if row.state in (State.CANCELLED, State.EXPIRED):
                assert row.pk in self.said_missing or not self._is_doubtful(row), (
                    f"{row} is over, and may be on the calendar"
                )

    @staticmethod
    def _is_doubtful(row: Delivery) -> bool:
        outcomes = [call.outcome for call in row.attempts.all()]
        return bool(outcomes) and outcomes[-1] == Outcome.UNKNOWN

    def what_is_over_stays_over(self, rows: list[Delivery]) -> None:
        for row in rows:
            calls = sum(call.operation != VERIFY for call in row.attempts.all())
            assert self.done.get(row.pk, (row.state, calls)) == (row.state, calls)
            if row.state in FOR_GOOD:
                self.done[row.pk] = (row.state, calls)

    def no_arrival_is_missing_from_the_history(self) -> None:
        calls = Counter(
            (operation, f"E_{name}")
            for operation, name in Attempt.objects.values_list("operation", "delivery__external_id")
        )
        for call, count in Counter(self.rokt.arrived).items():
            assert count <= calls[call], call

    def what_is_accepted_arrived(self, rows: list[Delivery]) -> None:
        for row in rows:
            if row.state not in (State.ACCEPTED, State.CONFIRMED) or row.reason == Delivery.Reason.DECIDED:
                continue
            kind = "delete" if row.send.kind == Send.Kind.CANCEL else row.send.kind
            on_calendar = row.state == State.CONFIRMED and kind == "delete"
            assert on_calendar or (kind, f"E_{row.external_id}") in self.rokt.acted

    def nobody_gets_a_new_event_again_after_it_was_accepted(self) -> None:
        has_it: set[str] = set()
        history = Attempt.objects.order_by("pk").values_list(
            "delivery__external_id", "operation", "outcome", "is_late"
        )
        for name, operation, outcome, is_late in history:
            assert operation != Attempt.Operation.CREATE or name not in has_it
            if operation == Attempt.Operation.DELETE:
                has_it.discard(name)
            elif outcome in (Outcome.ACCEPTED, Outcome.FOUND) and not is_late:
                has_it.add(name)

    def nobody_who_left_gets_anything(self) -> None:
        """What they have may still be taken off their calendars."""
        for name, count in self.left.items():
            assert self._posts_to(name) == count

    def _posts_to(self, name: str) -> int:
        theirs = [kind for kind, event_id in self.rokt.arrived if event_id == f"E_{name}"]
        return sum(kind != "delete" for kind in theirs)

    # How it ends

    def everything_ends(self) -> None:
        while self.frozen:
            self.thaw()
        for _round in range(15):
            if not Delivery.objects.filter(state__in=UNSETTLED).exists() and not self._open_sends():
                break
            self._one_more_round()
        assert set(Delivery.objects.values_list("state", flat=True)) <= set(Delivery.FINAL_STATES)
        assert not self._open_sends()
        self.promises_are_kept()
        self._entries_are_on_the_calendars()

    @staticmethod
    def _open_sends() -> list[Send]:
        return list(Send.objects.filter(state__in=Send.OPEN_STATES))

    def _one_more_round(self) -> None:
        self.restart_the_account()
        for send in self._open_sends():
            attempt(compose.resume, send, by=self.staff)
        self.holds_end()
        self.leases_run_out()
        self.waiting_is_over()
        self.tick([])
        held = Delivery.objects.filter(state=State.IN_DOUBT, due_at=None)
        for row in held.select_related("send"):
            decide(row.send, [row.pk], Verdict.ARRIVED, by=self.staff, note="asked")

    def _entries_are_on_the_calendars(self) -> None:
        smooth = {Outcome.ACCEPTED, Outcome.REFUSED, Outcome.NOT_SENT}
        for entry in Entry.objects.select_related("subscriber"):
            name = entry.subscriber.external_id
            calls = Attempt.objects.filter(delivery__external_id=name)
            if {call.outcome for call in calls} <= smooth and not calls.filter(is_late=True).exists():
                for item in entry.subscriptions.split():
                    shown = self.rokt.calendars.get(item.partition(":")[2], {})
                    assert (f"E_{name}" in shown) == (entry.state == Entry.State.PRESENT)


def attempt(act: Any, *args: Any, **options: Any) -> None:
    """Do what staff ask for, if it is possible."""
    try:
        with transaction.atomic():
            act(*args, **options)
    except compose.NotPossibleError:
        pass


@pytest.mark.django_db
def test_whatever_happens_the_ledger_keeps_its_promises(monkeypatch):
    monkeypatch.setattr(deliver, "Line", line_to(lambda calls: Machine.running.rokt.send(calls)))
    monkeypatch.setattr(deliver.Turn, "_fetch_token", lambda _turn: Token(uuid4().hex, expires_in=300))
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=25,
            stateful_step_count=20,
            deadline=None,
            derandomize="CI" in os.environ,
            database=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        ),
    )
