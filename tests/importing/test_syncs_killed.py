"""Workers that die, come late or come twice: whatever happens to them, a run goes on and does nothing twice."""

import sys
from types import FrameType
from typing import Any

import pytest

from campaigns import importing
from campaigns.importing import syncs, upload
from campaigns.models import Import, Subscriber, SyncRun
from campaigns.models.clock import now
from integrations.braze.client import Client
from tests.importing.syncing import (
    State,
    begun,
    finished,
    fresh,
    kept_files,
    make_sync,
    reach,
    step,
    wait_for_export,
)
from tests.integrations.braze.conftest import Braze

pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """What nobody catches."""


class Death:
    """`with Death(7):` ends the worker before the 7th line that it would run of a sync."""

    def __init__(self, lines_left: int) -> None:
        self._lines_left = lines_left

    def __enter__(self) -> None:
        self._before = sys.gettrace()
        sys.settrace(self._enter)

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._before)

    def _enter(self, frame: FrameType, _event: str, _given: Any) -> Any:
        is_ours = "/campaigns/importing/sync" in frame.f_code.co_filename
        return self._line if is_ours else None

    def _line(self, _frame: FrameType, event: str, _given: Any) -> Any:
        if event == "line":
            self._lines_left -= 1
            if not self._lines_left:
                raise Killed
        return self._line


def killed_everywhere(run: SyncRun) -> int:
    """Kill worker after worker, each one line later, until one gets through its step; return how many died."""
    for lines in range(1, 200):
        try:
            with Death(lines):
                step(run)
        except Killed:
            continue
        return lines - 1
    raise AssertionError("the step does not end")


def test_workers_may_die_at_any_line_of_any_step(braze: Braze):
    run = begun(make_sync(braze))
    deaths = []
    while run.state in SyncRun.OPEN_STATES:
        if run.state == State.EXPORTING:
            wait_for_export(run)
        deaths.append(killed_everywhere(run))
        assert Import.objects.count() <= 1
        for import_id in Import.objects.filter(state=Import.State.WAITING).values_list("pk", flat=True):
            importing.run(import_id)  # as the clock does with what was forgotten
        run = fresh(run)
        assert len(deaths) < 20

    assert sum(deaths) > 50
    assert (run.state, run.reason) == (State.FINISHED, "")
    assert run.batch is not None
    assert run.batch.new_count == Subscriber.objects.count() > 30
    assert kept_files() == []
    assert SyncRun.objects.count() == 1


def test_what_a_dead_worker_downloaded_is_deleted(braze: Braze):
    run = reach(begun(make_sync(braze)), State.DOWNLOADING)
    uploads = upload.folder()
    uploads.mkdir(exist_ok=True)
    left = [uploads / f"sync-{run.pk}-dead.part", uploads / "sync-99999-dead"]
    for path in left:
        path.write_text("people")
    (uploads / "somebodys-upload").write_text("people")

    finished(run)

    assert [path.name for path in uploads.iterdir()] == ["somebodys-upload"]


def test_while_one_worker_is_at_a_step_no_other_takes_it(braze: Braze, monkeypatch: pytest.MonkeyPatch):
    run = reach(begun(make_sync(braze)), State.DOWNLOADING)
    SyncRun.objects.update(due_at=now())
    meanwhile: list[Any] = []

    def download(client: Client, *_args: Any, **_limits: Any) -> None:
        assert not meanwhile
        meanwhile.append("downloading")
        meanwhile.append(syncs.advance(run.pk, start_import=meanwhile.append))
        meanwhile.append(syncs.due())
        raise Killed

    monkeypatch.setattr(Client, "download", download)
    with pytest.raises(Killed):
        syncs.advance(run.pk, start_import=meanwhile.append)

    assert meanwhile == ["downloading", False, []]


def test_a_worker_that_comes_too_late_changes_nothing(braze: Braze, monkeypatch: pytest.MonkeyPatch):
    run = reach(begun(make_sync(braze)), State.DOWNLOADING)
    download = Client.download

    def slow(client: Client, url: str, path: Any, **limits: Any) -> None:
        download(client, url, path, **limits)
        if not Import.objects.exists():
            monkeypatch.setattr(Client, "download", download)
            assert finished(run).state == State.FINISHED
            path.write_bytes(b"late")

    monkeypatch.setattr(Client, "download", slow)
    run = step(run)

    assert run.state == State.FINISHED
    assert Import.objects.count() == 1
    assert kept_files() == []


def test_a_run_that_is_stopped_while_a_worker_is_at_it_stays_stopped(
    braze: Braze, monkeypatch: pytest.MonkeyPatch, django_user_model: Any
):
    run = begun(make_sync(braze))
    by = django_user_model.objects.create(username="root")
    export = Client.export_segment

    def stopped(client: Client, *args: Any, **options: Any) -> Any:
        assert syncs.stop(run.pk, by=by)
        return export(client, *args, **options)

    monkeypatch.setattr(Client, "export_segment", stopped)
    run = step(run)

    assert run.state == State.FAILED
    assert "root" in run.reason
    assert run.url == ""


def test_an_unforeseen_fault_ends_the_run_in_words_and_is_not_hidden(
    braze: Braze, monkeypatch: pytest.MonkeyPatch
):
    run = begun(make_sync(braze))

    def broken(*_args: Any, **_options: Any) -> Any:
        raise RuntimeError("no such luck")

    monkeypatch.setattr(Client, "export_segment", broken)
    with pytest.raises(RuntimeError):
        step(run)

    assert fresh(run).state == State.FAILED
    assert "the log says more" in fresh(run).reason


def test_a_full_disk_is_waited_for(braze: Braze, monkeypatch: pytest.MonkeyPatch):
    run = reach(begun(make_sync(braze)), State.DOWNLOADING)

    def full(*_args: Any, **_options: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Client, "download", full)
    run = step(run)

    assert run.state == State.DOWNLOADING
    assert "No space left on device" in run.reason


def test_keys_that_cannot_be_read_any_more_end_the_run_in_words(braze: Braze, settings):
    run = begun(make_sync(braze))
    settings.FIELD_KEYS = ["c29tZS1vdGhlci1rZXktdGhhdC1pcy0zMi1ieXRlcyE="]
    SyncRun.objects.update(due_at=now())

    syncs.advance(run.pk, start_import=lambda _id: None)

    state, reason = SyncRun.objects.values_list("state", "reason").get()
    assert state == State.FAILED
    assert "cannot be read any more" in reason
