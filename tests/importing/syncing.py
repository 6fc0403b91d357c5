"""A workspace kept in step with the stand-in's Braze, and a worker that never waits."""

from pathlib import Path
from typing import Any

import requests
from django.conf import settings

from campaigns import importing
from campaigns.importing import syncs
from campaigns.models import Sync, SyncRun
from campaigns.models.clock import now
from tests import builders
from tests.integrations.braze.conftest import EVERYONE, KEY, Braze, until

State = SyncRun.State


def make_sync(braze: Braze, *, rest_key: str = KEY, **columns: Any) -> Sync:
    """Make a workspace at the stand-in, and the sync of everyone with a calendar."""
    workspace = builders.make_workspace(rest_endpoint=braze.url, rest_key=rest_key)
    defaults = {"segment_id": EVERYONE, "segment_name": "Everyone"}
    return Sync.objects.create(workspace=workspace, **{**defaults, **columns})


def begun(sync: Sync) -> SyncRun:
    """Begin a run."""
    run = syncs.begin(sync)
    assert run is not None
    return run


def fresh(run: SyncRun) -> SyncRun:
    """Return the run as it is stored."""
    return SyncRun.objects.select_related("batch", "sync__workspace").get(pk=run.pk)


def step(run: SyncRun) -> SyncRun:
    """Let the pause be over and a worker take the next step; an import that starts is read at once."""
    SyncRun.objects.filter(pk=run.pk, due_at__isnull=False).update(due_at=now())
    imports: list[int] = []
    syncs.advance(run.pk, start_import=imports.append)
    for import_id in imports:
        importing.run(import_id)
    return fresh(run)


def pause_seconds(run: SyncRun) -> float:
    """Return how long a run waits after its last step."""
    assert run.due_at
    assert run.moved_at
    return (run.due_at - run.moved_at).total_seconds()


def reach(run: SyncRun, *states: State) -> SyncRun:
    """Take steps until the run is in one of these states, waiting for the export where it is waited for."""
    run = fresh(run)
    for _ in range(20):
        if run.state in states:
            return run
        if run.state == State.EXPORTING:
            wait_for_export(run)
        run = step(run)
    raise AssertionError(f"{run.state}: {run.reason}")


def wait_for_export(run: SyncRun) -> None:
    """Wait until the file of an export is there."""
    until(lambda: requests.get(run.url, timeout=10).status_code == 200)


def finished(run: SyncRun) -> SyncRun:
    """Take steps until the run is over."""
    return reach(run, State.FINISHED, State.FAILED)


def asked(braze: Braze) -> int:
    """Return how many exports Braze was asked for."""
    return sum(line["path"] == "/users/export/segment" for line in braze.sandbox.log())


def kept_files() -> list[Path]:
    """Return what lies among the uploads and belongs to syncs."""
    return sorted((Path(settings.DATA_DIR) / "uploads").glob("sync-*"))
