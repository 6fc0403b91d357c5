"""When runs begin: by hand, by the clock, once however many clocks look, and once after a long night."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from campaigns import tasks
from campaigns.importing import syncs
from campaigns.models import Subscriber, Sync, SyncRun
from tests import builders
from tests.importing.syncing import State, begun, make_sync
from tests.integrations.braze.conftest import Braze

HOUR = timedelta(hours=1)


@pytest.fixture
def hourly(db: None) -> Sync:
    """A sync that was due two hours and a half ago."""
    return Sync.objects.create(
        workspace=builders.make_workspace(),
        segment_id="everybody",
        every_minutes=60,
        next_at=timezone.now() - 2.5 * HOUR,
    )


def test_after_a_long_night_there_is_one_run_and_the_rhythm_stays(hourly: Sync):
    was_due_at = hourly.next_at
    assert was_due_at is not None

    runs = syncs.due()

    assert runs == list(SyncRun.objects.values_list("pk", flat=True))
    assert len(runs) == 1
    hourly.refresh_from_db()
    assert hourly.next_at == was_due_at + 3 * HOUR
    assert syncs.due() == runs


def test_a_sync_that_is_on_its_way_is_not_begun_again(hourly: Sync):
    begun(hourly)

    syncs.due()

    assert SyncRun.objects.count() == 1
    assert syncs.begin(hourly) is None
    hourly.refresh_from_db()
    assert hourly.next_at is not None
    assert hourly.next_at > timezone.now()


def test_a_sync_by_hand_never_begins_by_itself(hourly: Sync):
    Sync.objects.update(next_at=None, every_minutes=0)

    assert syncs.due() == []


def test_what_waits_is_not_due(hourly: Sync):
    run = begun(hourly)
    SyncRun.objects.update(due_at=timezone.now() + HOUR)
    Sync.objects.update(next_at=None)

    assert syncs.due() == []
    assert not syncs.advance(run.pk, start_import=lambda _id: None)
    run.refresh_from_db()
    assert run.moved_at is None


@pytest.mark.django_db(transaction=True)
def test_ten_clocks_begin_one_run():
    sync = Sync.objects.create(
        workspace=builders.make_workspace(),
        segment_id="everybody",
        every_minutes=60,
        next_at=timezone.now() - HOUR,
    )

    def tick(_number: int) -> None:
        try:
            syncs.due()
            syncs.begin(sync)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as clocks:
        list(clocks.map(tick, range(10)))

    assert SyncRun.objects.count() == 1


@pytest.mark.django_db
def test_the_clock_wakes_a_worker_who_brings_the_run_forward(
    braze: Braze, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks
):
    run = begun(make_sync(braze))
    sent: list[tuple[str, int]] = []

    def publish(task, args) -> None:
        sent.append((task.name, *args))

    monkeypatch.setattr(tasks, "_try", publish)
    with django_capture_on_commit_callbacks(execute=True):
        tasks.tick()
    assert ("campaigns.tasks.run_sync", run.pk) in sent

    tasks.run_sync(run.pk)

    run.refresh_from_db()
    assert run.state == State.EXPORTING
    assert not Subscriber.objects.exists()
