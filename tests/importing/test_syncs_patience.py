"""Syncs that get nowhere: a storage or a machine that never hands out the file ends a run in hours, not in weeks."""

from datetime import timedelta
from typing import Any

import pytest

from campaigns.importing import sync_run, syncs
from campaigns.importing.runs import fail
from campaigns.models import Import, SyncRun, clock
from integrations.braze.client import Client
from integrations.braze.errors import CutShortError, ExportNotReadyError, RefusedError
from tests.importing.syncing import State, begun, fresh, make_sync, reach, step
from tests.integrations.braze.conftest import Braze

pytestmark = pytest.mark.django_db
GONE = "The file cannot be opened: No such file or directory."


@pytest.fixture(autouse=True)
def little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a run be given up after a few tries."""
    monkeypatch.setattr(sync_run, "PATIENCE_MINUTES", 9)


def worked(run: SyncRun) -> SyncRun:
    """Take far more steps than the patience lasts for, or as many as there are."""
    for _step in range(60):
        run = step(run)
        if run.state not in SyncRun.OPEN_STATES:
            break
    return run


def test_a_link_that_answers_once_is_not_asked_for_without_end(
    braze: Braze, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_given: Any, **_named: Any) -> None:
        raise ExportNotReadyError("The export is not there.", seconds=1)

    run = begun(make_sync(braze))
    monkeypatch.setattr(Client, "is_ready", lambda *_given: True)
    monkeypatch.setattr(Client, "download", gone)

    run = worked(run)

    assert run.state == State.FAILED
    assert "Given up" in run.reason


def test_a_file_that_the_reading_machine_never_sees_is_not_fetched_without_end(braze: Braze) -> None:
    def elsewhere(import_id: int) -> None:
        fail(Import.objects.get(pk=import_id), GONE)

    run = reach(begun(make_sync(braze)), State.DOWNLOADING)
    for _step in range(60):
        SyncRun.objects.filter(pk=run.pk, due_at__isnull=False).update(due_at=clock.now())
        syncs.advance(run.pk, start_import=elsewhere)

    run = fresh(run)
    assert run.state == State.FAILED
    assert "Given up" in run.reason
    assert "not there when it was to be read" in run.reason


def test_the_time_that_a_download_takes_counts_as_waiting(
    braze: Braze, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = [clock.now()]

    def trickles(*_given: Any, **_named: Any) -> None:
        at[0] += timedelta(minutes=30)
        raise CutShortError("The download took longer than 1800 seconds, after 1,800 bytes.")

    def tried() -> SyncRun:
        SyncRun.objects.update(due_at=at[0])
        syncs.advance(run.pk, start_import=lambda _id: None)
        return fresh(run)

    run = reach(begun(make_sync(braze)), State.DOWNLOADING)
    monkeypatch.setattr(sync_run, "PATIENCE_MINUTES", 60)
    monkeypatch.setattr("campaigns.importing.sync_run.now", lambda: at[0])
    monkeypatch.setattr(Client, "download", trickles)

    assert tried().state == State.DOWNLOADING
    given_up = tried()

    assert given_up.state == State.FAILED
    assert "1,800 bytes" in given_up.reason


def test_a_storage_that_refuses_for_good_is_not_taken_for_a_wrong_segment(
    braze: Braze, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_given: Any, **_named: Any) -> None:
        raise RefusedError("The storage does not hand out the export (400).", status=400)

    run = reach(begun(make_sync(braze)), State.DOWNLOADING)
    monkeypatch.setattr(Client, "download", refuses)

    run = step(run)

    assert run.state == State.FAILED
    assert run.reason == (
        "The storage does not hand out the export (400). Sync again; if this comes back, show it to Braze's support."
    )
