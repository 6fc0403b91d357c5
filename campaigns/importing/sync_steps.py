"""What a run of a sync does in each of its states: ask, look, fetch, watch. Each step may be repeated."""

import errno
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.importing import sync_files
from campaigns.importing.sync_run import FIRST_PAUSE, State, Turn, end, move, put_off
from campaigns.models import Import, SyncRun, Workspace
from campaigns.models.clock import now
from integrations.braze.client import Client
from integrations.braze.errors import ExportNotReadyError

# All that an import understands of a person, as Braze calls it.
FIELDS = (
    "external_id",
    "braze_id",
    "first_name",
    "last_name",
    "email",
    "phone",
    "dob",
    "gender",
    "country",
    "home_city",
    "language",
    "time_zone",
    "random_bucket",
    "custom_attributes",
    "custom_events",
)
LINK_LIFE = timedelta(hours=3)  # Braze's addresses live some four hours
GONE = os.strerror(errno.ENOENT)  # an import says so when the file is on another machine

StartImport = Callable[[int], None]


class UnsetError(Exception):
    """The workspace is not ready to be asked; the text says what it lacks."""


def braze(workspace: Workspace, *, timeout_seconds: float = 30.0) -> Client:
    """Return a client for a workspace, or raise UnsetError; AddressError and KeyUnusableError as the client does."""
    if not workspace.rest_endpoint:
        raise UnsetError(_("The workspace has no REST endpoint. Type it in and save."))
    if not workspace.rest_key:
        raise UnsetError(_("The workspace has no REST key. Paste one and save."))
    return Client(
        workspace.rest_endpoint,
        workspace.rest_key,
        timeout_seconds=timeout_seconds,
        allowed_hosts=settings.BRAZE_HOSTS,
    )


def ask(turn: Turn, start_import: StartImport) -> None:
    """Have Braze begin the export. Asked twice, Braze finishes the first export, then makes another."""
    run = turn.run
    with braze(run.sync.workspace) as client:
        export = client.export_segment(run.sync.segment_id, FIELDS)
    if export.url is not None:
        move(run, State.EXPORTING, pause=FIRST_PAUSE, url=export.url)
        return
    reason = _(
        "Braze puts exports into your company's own storage, where they cannot be fetched from here."
        " Download the file there and upload it under Imports, or unlink the storage in Braze."
    )
    end(run, State.FAILED, reason)


def look(turn: Turn, start_import: StartImport) -> None:
    """Look whether the export is there; where nobody has looked for hours, its address may have expired."""
    run = turn.run
    with braze(run.sync.workspace) as client:
        is_ready = client.is_ready(run.url)
    if is_ready:
        move(run, State.DOWNLOADING, ready_at=now())
    elif now() - turn.seen_at > LINK_LIFE:
        ask_again(run)
    else:
        put_off(run, "")


def fetch(turn: Turn, start_import: StartImport) -> None:
    """Download the export, and have it imported."""
    run = turn.run
    path = sync_files.fresh(run.pk)
    try:
        with braze(run.sync.workspace) as client:
            client.download(run.url, path)
        hand_over(run, path, start_import)
    except BaseException as error:
        path.unlink(missing_ok=True)
        if not isinstance(error, ExportNotReadyError):
            raise
        ask_again(run)


def watch(turn: Turn, start_import: StartImport) -> None:
    """See how the import goes; it looks after itself."""
    run, job = turn.run, turn.run.batch
    if job is None or (job.state == Import.State.FAILED and GONE in job.reason):
        reason = _("The file was not there when it was to be read, so it is downloaded again.")
        put_off(run, reason, state=State.DOWNLOADING)
    elif job.state in (Import.State.FINISHED, Import.State.FAILED):
        end(run, State(job.state), job.reason)
    else:
        move(run, State.IMPORTING, pause=FIRST_PAUSE)


def ask_again(run: SyncRun) -> None:
    """Begin anew: the address of the export has expired."""
    reason = _("The link to the export had expired, so Braze is asked for another one.")
    put_off(run, reason, state=State.ASKING, url="", ready_at=None)


@transaction.atomic
def hand_over(run: SyncRun, path: Path, start_import: StartImport) -> None:
    """Make the import of a file, or give a failed one its new file, and have it read."""
    file = {"path": str(path), "byte_count": path.stat().st_size}
    job = run.batch
    again = Import.objects.filter(sync_runs=run, state=Import.State.FAILED)
    if job is None or not again.update(state=Import.State.WAITING, reason="", **file):
        job = Import.objects.create(
            workspace_id=run.sync.workspace_id,
            file_name=str(run.sync)[:255],
            leavers=run.leavers,
            created_by_id=run.created_by_id,
            **file,
        )
        # Whoever came in since Braze was asked is not in the file, and has not left either.
        Import.objects.filter(pk=job.pk).update(created_at=run.created_at)
    move(run, State.IMPORTING, pause=FIRST_PAUSE, batch=job)
    start_import(job.pk)


STEPS: dict[State, Callable[[Turn, StartImport], None]] = {
    State.ASKING: ask,
    State.EXPORTING: look,
    State.DOWNLOADING: fetch,
    State.IMPORTING: watch,
}
