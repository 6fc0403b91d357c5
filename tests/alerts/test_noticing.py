"""What is noticed: opened once, whoever looks, and over when it is over."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from campaigns import alerts
from campaigns.alerts import words
from campaigns.keeping import halts
from campaigns.models import Account, Alert, Delivery, Halt, Send, SendAction, Standstill
from campaigns.pipeline import compose, gate, record
from tests import builders
from tests.alerts.moments import pass_by

pytestmark = pytest.mark.django_db
Kind, State = Alert.Kind, Delivery.State


def open_kinds() -> list[str]:
    alerts.look()
    return sorted(Alert.objects.filter(resolved_at=None).values_list("kind", flat=True))


def due(send: Send, **columns) -> Delivery:
    waiting = {"due_at": timezone.now() - timedelta(minutes=1), **columns}
    return builders.make_delivery(send, State.QUEUED, **waiting)


def test_nothing_is_wrong_with_a_send_that_went_well(send):
    builders.make_delivery(send)
    record.finish(send)

    assert open_kinds() == []


def test_a_stopped_account_is_told_with_our_reason_but_not_with_what_rokt_answered(account):
    gate.stop(account, "Rokt forbids this account to send (HTTP 403): ada@example.com may not.")

    assert open_kinds() == [Kind.ACCOUNT_STOPPED]
    said = words(Alert.objects.get())
    assert "The Shop" in said.title
    assert "Rokt forbids this account to send (HTTP 403)." in said.text
    assert "ada" not in said.text
    Account.objects.update(stopped_at=None, stopped_reason="")
    assert open_kinds() == []
    assert Alert.objects.get().resolved_at is not None


def test_sends_that_are_held_after_a_restore_are_told_until_somebody_releases_them(send):
    due(send)
    worked_until = timezone.now()
    Halt.objects.create(made_at=worked_until, back_to=worked_until, known_until=worked_until)

    for _look in range(2):
        assert open_kinds() == [Kind.HELD]
    said = words(Alert.objects.get())
    assert said.title == "All sends are held"
    assert f"had worked until {worked_until:%Y-%m-%d %H:%M} UTC" in said.text
    assert said.path == reverse("halt")

    halts.release(by=None, note="looked at Rokt")
    assert open_kinds() == []
    assert Alert.objects.get().resolved_at is not None


def test_nothing_stands_still_while_all_sends_are_held(send):
    due(send)
    halts.halt(by=None, note="a restore")
    alerts.look()
    pass_by(minutes=11)
    assert open_kinds() == [Kind.HELD]

    halts.release(by=None, note="done")
    assert open_kinds() == []
    pass_by(minutes=11)
    assert open_kinds() == [Kind.NO_PROGRESS]


def test_a_breaker_is_told_after_fifteen_minutes_while_people_wait(send):
    due(send)
    gate.tell_breaker(send.account, good_count=0, bad_count=10)

    pass_by(minutes=14)
    assert open_kinds() == []
    pass_by(minutes=2)
    assert open_kinds() == [Kind.BREAKER_OPEN]
    compose.pause(send, by=builders.make_user())
    assert open_kinds() == []


def test_a_breaker_that_failed_its_probes_meanwhile_is_open_since_the_first_failure(send):
    due(send)
    gate.tell_breaker(send.account, good_count=0, bad_count=10)
    pass_by(minutes=10)
    assert gate.may_call(send.account) == 1
    gate.tell_breaker(send.account, good_count=0, bad_count=1)
    pass_by(minutes=6)

    assert open_kinds() == [Kind.BREAKER_OPEN]


def test_a_breaker_that_closed_between_is_not_told(send):
    due(send)
    gate.tell_breaker(send.account, good_count=0, bad_count=10)
    pass_by(minutes=10)
    assert gate.may_call(send.account) == 1
    gate.tell_breaker(send.account, good_count=gate.GOOD_TO_CLOSE_COUNT, bad_count=0)
    gate.tell_breaker(send.account, good_count=0, bad_count=10)
    pass_by(minutes=6)

    assert open_kinds() == []


def test_failures_of_a_finished_send_are_told_by_reason_until_somebody_tries_again(send):
    builders.make_delivery(send, State.FAILED, reason=Delivery.Reason.REFUSED, detail="bob@example.com")
    builders.make_delivery(send, State.FAILED, reason=Delivery.Reason.REFUSED)
    builders.make_delivery(send, State.EXPIRED, reason=Delivery.Reason.EVENT_OVER)
    builders.make_delivery(send)
    assert open_kinds() == []
    record.finish(send)

    assert open_kinds() == [Kind.SEND_FAILED]
    said = words(Alert.objects.get())
    assert "3 of 4 people did not get it" in said.text
    assert "- refused by Rokt: 2\n- the event was over: 1" in said.text
    assert "bob" not in said.text
    compose.retry_failed(send, by=builders.make_user())
    assert open_kinds() == []


def test_failures_that_somebody_has_dealt_with_are_not_told_again(send, admin):
    builders.make_delivery(send, State.FAILED, reason=Delivery.Reason.REFUSED)
    record.finish(send)
    alerts.look()

    assert alerts.close_by_hand(Alert.objects.get(), by=admin.user)
    assert open_kinds() == []
    assert not alerts.close_by_hand(Alert.objects.get(), by=admin.user)


def test_a_failed_test_send_is_nobodys_alarm(send):
    Send.objects.update(is_test=True)
    builders.make_delivery(send, State.FAILED)
    record.finish(send)

    assert open_kinds() == []


def test_people_in_doubt_are_told_when_the_send_waits_for_a_decision_alone(send):
    builders.make_delivery(send, State.IN_DOUBT, reason=Delivery.Reason.NO_ANSWER)
    waiting = due(send, due_at=timezone.now() + timedelta(hours=1))
    assert open_kinds() == []
    Delivery.objects.filter(pk=waiting.pk).update(state=State.ACCEPTED, due_at=None)
    Send.objects.update(queued_count=0, accepted_count=1)

    assert open_kinds() == [Kind.IN_DOUBT]
    assert "1 of 2 people is in doubt" in words(Alert.objects.get()).text


def test_people_who_are_looked_for_by_themselves_are_not_told(send):
    builders.make_delivery(send, State.IN_DOUBT, due_at=timezone.now() + timedelta(minutes=1))

    assert open_kinds() == []


def test_a_doubt_among_the_first_people_is_told_although_the_others_wait(send):
    first = builders.make_delivery(send, State.IN_DOUBT, reason=Delivery.Reason.NO_ANSWER)
    due(send)
    Send.objects.update(canary_count=1, canary_percent=5, held_after_id=first.pk)

    assert open_kinds() == [Kind.IN_DOUBT]


def test_books_that_do_not_agree_with_the_deliveries_are_found_once_the_send_finishes(send, admin):
    builders.make_delivery(send)
    lost = builders.make_delivery(send)
    Delivery.objects.filter(pk=lost.pk).update(state=State.SKIPPED)
    assert open_kinds() == []
    record.finish(send)

    assert open_kinds() == [Kind.RECOUNT]
    assert "accepted: kept 2, found 1" in words(Alert.objects.get()).text
    alerts.close_by_hand(Alert.objects.get(), by=admin.user)
    assert open_kinds() == []


def test_counts_that_do_not_add_up_are_seen_at_the_next_look(send):
    builders.make_delivery(send)
    constraint = next(one for one in Send._meta.constraints if one.name == "send_books_balance")
    with unchecked(constraint):
        Send.objects.update(audience_count=F("audience_count") + 1)
        assert open_kinds() == [Kind.BOOKS]
        said = words(Alert.objects.get())
        Send.objects.update(audience_count=F("audience_count") - 1)

    assert "2 people" in said.text
    assert "add up to 1" in said.text
    assert open_kinds() == []


class unchecked:  # noqa: N801 - reads as a word
    """Let the database take what a constraint refuses, as a fault of the database or of a hand would."""

    def __init__(self, constraint) -> None:
        self.constraint = constraint

    def __enter__(self) -> None:
        self._run(
            "PRAGMA ignore_check_constraints = 1",
            'SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE campaigns_send DROP CONSTRAINT "%s"',
        )

    def __exit__(self, *error: object) -> None:
        self._run("PRAGMA ignore_check_constraints = 0", "")

    def _run(self, sqlite: str, postgres: str) -> None:
        statement = sqlite if connection.vendor == "sqlite" else postgres and postgres % self.constraint.name
        if statement:
            with connection.cursor() as cursor:
                cursor.execute(statement)


def test_a_send_that_stopped_by_itself_is_told_and_one_that_somebody_paused_is_not(send):
    due(send)
    SendAction.objects.create(
        send=send, verb=SendAction.Verb.STOPPED, note="Stopped after the first 10 people."
    )
    Send.objects.update(state=Send.State.PAUSED)

    assert open_kinds() == [Kind.SEND_PAUSED]
    assert words(Alert.objects.get()).text == "Stopped after the first 10 people."
    compose.resume(send, by=(user := builders.make_user()))
    assert open_kinds() == []
    compose.pause(send, by=user)
    assert open_kinds() == []


def test_no_progress_is_told_after_ten_minutes(send):
    due(send)
    assert open_kinds() == []
    pass_by(minutes=9)
    assert open_kinds() == []
    pass_by(minutes=2)

    assert open_kinds() == [Kind.NO_PROGRESS]


def test_any_progress_begins_the_ten_minutes_anew_even_a_call_that_will_be_repeated(send):
    due(send)
    row = due(send)
    alerts.look()
    pass_by(minutes=9)
    record.books.move(send.pk, {State.QUEUED: -1, State.SENDING: 1})
    Delivery.objects.filter(pk=row.pk).update(due_at=timezone.now() + timedelta(hours=1), retry_count=1)
    record.books.move(send.pk, {State.SENDING: -1, State.QUEUED: 1})
    alerts.look()
    pass_by(minutes=9)

    assert open_kinds() == []
    pass_by(minutes=2)
    assert open_kinds() == [Kind.NO_PROGRESS]


def test_a_call_that_goes_onto_the_wire_is_no_progress_as_for_the_health_page(send):
    due(send)
    due(send)
    alerts.look()
    pass_by(minutes=9)
    record.books.move(send.pk, {State.QUEUED: -1, State.SENDING: 1})
    alerts.look()
    pass_by(minutes=2)

    assert open_kinds() == [Kind.NO_PROGRESS]


@pytest.mark.parametrize("hindrance", ["paused", "stopped", "breaker", "held", "later", "first people"])
def test_no_progress_is_nobodys_fault_while_it_is_wanted(send, hindrance):
    row = due(send)
    account = send.account
    if hindrance == "paused":
        compose.pause(send, by=builders.make_user())
    elif hindrance == "stopped":
        gate.stop(account, "No.")
    elif hindrance == "breaker":
        gate.tell_breaker(account, good_count=0, bad_count=10)
    elif hindrance == "held":
        gate.hold(account, seconds=3_600)
    elif hindrance == "later":
        Delivery.objects.update(due_at=timezone.now() + timedelta(minutes=30))
    else:
        Send.objects.update(canary_count=1, canary_percent=5, held_after_id=row.pk - 1)
    alerts.look()
    pass_by(minutes=12)

    assert Kind.NO_PROGRESS not in open_kinds()
    assert not Standstill.objects.exists()


def test_the_ten_minutes_begin_when_rokt_lets_us_go_on(send):
    due(send)
    alerts.look()
    pass_by(minutes=9)
    gate.hold(send.account, seconds=60)
    alerts.look()
    pass_by(minutes=2)

    assert open_kinds() == []


def test_trouble_that_comes_back_within_fifteen_minutes_is_the_same_alert(account):
    for _time in range(5):
        gate.stop(account, "No.")
        alerts.look()
        Account.objects.update(stopped_at=None)
        alerts.look()
        pass_by(minutes=5)

    alert = Alert.objects.get()
    assert alert.reopened_count == 4
    pass_by(minutes=15)
    gate.stop(account, "No.")
    assert open_kinds() == [Kind.ACCOUNT_STOPPED]
    assert Alert.objects.count() == 2


def test_a_condition_that_breaks_hides_no_other(account, monkeypatch, caplog):
    def broken(at):
        raise ZeroDivisionError

    monkeypatch.setitem(alerts.notice.CONDITIONS, Kind.BREAKER_OPEN, broken)
    gate.stop(account, "No.")

    assert open_kinds() == [Kind.ACCOUNT_STOPPED]
    assert "could not be looked at" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_ten_looks_at_once_open_one_alert():
    account = builders.make_account()
    send = builders.make_send(state=Send.State.SENDING, started_at=timezone.now())
    builders.make_delivery(send, State.FAILED)
    record.finish(send)
    gate.stop(account, "No.")
    start = threading.Barrier(10)

    def look() -> None:
        try:
            start.wait()
            alerts.look()
        finally:
            connection.close()

    threads = [threading.Thread(target=look) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(Alert.objects.values_list("kind", flat=True)) == [Kind.ACCOUNT_STOPPED, Kind.SEND_FAILED]
