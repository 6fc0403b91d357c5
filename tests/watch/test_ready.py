"""Ready or not: judged by what gets done. What is meant to rest is not stuck."""

from datetime import timedelta

import pytest
from django.conf import settings as product
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from campaigns import tasks
from campaigns.models import Breaker, Delivery, Halt, Heartbeat, RateLimit, Send, SendAction
from campaigns.pipeline import record
from campaigns.watch import health
from campaigns.watch.health import Trouble, troubles
from tests import builders

pytestmark = pytest.mark.django_db
LONG_AGO = timedelta(minutes=5)


@pytest.fixture
def ticking():
    """A clock that ticked just now."""
    return Heartbeat.objects.create(name="tick", at=timezone.now())


@pytest.fixture
def waiting(event, ticking):
    """A running send of which a row has been due for five minutes, and nothing has moved for as long."""
    send = builders.make_send(event, state=Send.State.SENDING, started_at=timezone.now() - LONG_AGO)
    builders.make_delivery(send, Delivery.State.QUEUED, due_at=timezone.now() - LONG_AGO)
    Send.objects.filter(pk=send.pk).update(moved_at=timezone.now() - LONG_AGO)
    return send


def test_a_new_installation_with_nothing_to_do_is_ready():
    assert troubles() == []


@pytest.mark.parametrize(("seconds", "found"), [(50, []), (70, [Trouble.CLOCK])])
def test_a_clock_that_has_not_ticked_for_a_minute_is_told(seconds, found):
    Heartbeat.objects.create(name="tick", at=timezone.now() - timedelta(seconds=seconds))

    assert troubles() == found


def test_a_slow_clock_is_given_three_ticks(settings):
    settings.TICK_SECONDS = 60
    Heartbeat.objects.create(name="tick", at=timezone.now() - timedelta(seconds=150))

    assert troubles() == []


def test_before_the_first_tick_a_send_that_waits_for_it_in_vain_tells(event):
    builders.make_send(event, scheduled_at=timezone.now() - LONG_AGO)

    assert troubles() == [Trouble.CLOCK]


def test_a_tick_beats_once_it_has_gone_through(monkeypatch, django_capture_on_commit_callbacks):
    tasks.tick()
    first = Heartbeat.objects.get(name="tick").at
    tasks.tick()

    assert Heartbeat.objects.get(name="tick").at > first


def test_a_tick_that_breaks_does_not_beat(event, monkeypatch):
    def broken() -> None:
        raise ValueError

    monkeypatch.setattr("campaigns.pipeline.clockwork.tidy", broken)
    with pytest.raises(ValueError):  # noqa: PT011 - made above
        tasks.tick()

    assert not Heartbeat.objects.exists()


def test_rows_that_have_been_due_while_nothing_moved_are_told(waiting):
    assert troubles() == [Trouble.PROGRESS]


def test_rows_that_have_just_become_due_are_not(waiting):
    waiting.deliveries.update(due_at=timezone.now() - timedelta(seconds=100))

    assert troubles() == []


def test_one_row_that_was_settled_lately_is_progress_however_slow(waiting):
    """Ten thousand wait behind a rate limit of one a minute: slow, and not stuck."""
    builders.make_delivery(waiting, Delivery.State.QUEUED, due_at=timezone.now() - LONG_AGO)
    record.books.move(waiting.pk, {Delivery.State.QUEUED: -1, Delivery.State.SENDING: 1})
    assert troubles() == [Trouble.PROGRESS], "on the wire is not yet settled"

    record.books.move(waiting.pk, {Delivery.State.SENDING: -1, Delivery.State.ACCEPTED: 1})
    assert troubles() == []


def test_progress_of_another_account_shows_that_workers_work(waiting):
    other = builders.make_send(builders.make_event(), state=Send.State.SENDING)
    Send.objects.filter(pk=other.pk).update(moved_at=timezone.now())

    assert troubles() == []


@pytest.mark.parametrize("state", [Send.State.PAUSED, Send.State.CANCELLED, Send.State.FINISHED])
def test_a_send_that_rests_is_not_stuck(waiting, state):
    Send.objects.filter(pk=waiting.pk).update(state=state)

    assert troubles() == []


def test_a_send_that_was_just_resumed_is_given_time(waiting):
    action = SendAction.objects.create(send=waiting, verb=SendAction.Verb.RESUMED)
    assert troubles() == []

    SendAction.objects.filter(pk=action.pk).update(at=timezone.now() - timedelta(minutes=3))
    assert troubles() == [Trouble.PROGRESS]


def test_rows_behind_the_first_people_of_a_careful_start_are_not_due(waiting):
    first = waiting.deliveries.get()
    Send.objects.filter(pk=waiting.pk).update(held_after_id=first.pk - 1)
    assert troubles() == []

    Send.objects.filter(pk=waiting.pk).update(held_after_id=first.pk)
    assert troubles() == [Trouble.PROGRESS]


def test_a_stopped_account_is_not_stuck(waiting):
    waiting.account.stopped_at = timezone.now()
    waiting.account.save()

    assert troubles() == []


def test_a_halt_of_all_sends_is_told_by_its_name_and_as_nothing_else(waiting):
    halt = Halt.objects.create(made_at=timezone.now())
    assert troubles() == [Trouble.HELD]

    halt.released_at = timezone.now() - LONG_AGO
    halt.save()
    assert troubles() == [Trouble.PROGRESS]


@pytest.mark.parametrize(("minutes", "found"), [(5, []), (-1, []), (-3, [Trouble.PROGRESS])])
def test_what_the_breaker_or_rokt_itself_holds_back_is_not_stuck_until_two_minutes_after(
    waiting, minutes, found
):
    until = timezone.now() + timedelta(minutes=minutes)
    breaker = Breaker.objects.create(account=waiting.account, open_until=until)
    assert troubles() == found

    breaker.delete()
    RateLimit.objects.create(account=waiting.account, held_until=until)
    assert troubles() == found


def test_a_migration_that_is_missing_is_told():
    recorder = MigrationRecorder(connection)
    recorder.record_unapplied("campaigns", "0001_first_tables")

    assert troubles() == [Trouble.MIGRATIONS]


def test_a_migration_of_a_newer_program_is_none_of_our_business():
    MigrationRecorder(connection).record_applied("campaigns", "9999_from_tomorrow")

    assert troubles() == []


on_sqlite = pytest.mark.skipif(not product.IS_SQLITE, reason="the data folder holds no database")


@on_sqlite
@pytest.mark.parametrize("folder", ["/proc", "/nowhere"])
def test_a_data_folder_that_takes_nothing_is_told(settings, folder):
    settings.DATA_DIR = folder

    assert troubles() == [Trouble.DATA_FOLDER]


@on_sqlite
def test_a_data_folder_with_little_room_is_told(monkeypatch):
    monkeypatch.setattr(health, "LEAST_FREE_BYTES", 10**18)

    assert troubles() == [Trouble.DATA_FOLDER]


def test_looking_changes_nothing_and_takes_few_questions(waiting, django_assert_max_num_queries):
    with django_assert_max_num_queries(10) as asked:
        troubles()

    questions = [query["sql"].split()[0] for query in asked.captured_queries]
    assert set(questions) <= {"SELECT", "SET", "SAVEPOINT", "RELEASE"}
    assert not any("COUNT(" in query["sql"] for query in asked.captured_queries)
