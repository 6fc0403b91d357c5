"""One run of a sync in the database: taken for one step, moved on, put off or ended, by one worker at a time.

``due_at`` says when the next step may be taken. Whoever takes it sets ``due_at`` to the end of their lease, and writes
only while it is still that: a worker that dies is replaced when its lease is over, and one that comes back too late
changes nothing.
"""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from campaigns.importing import sync_files
from campaigns.models import SyncRun
from campaigns.models.clock import now
from integrations.braze.storage import DOWNLOAD_SECONDS

State = SyncRun.State

FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(seconds=60)
PATIENCE_MINUTES = 6 * 60  # of waiting; hours in which no worker ran do not count
SHORT = timedelta(minutes=2)
LEASES = {
    State.ASKING: SHORT,
    State.EXPORTING: SHORT,
    State.DOWNLOADING: SHORT + timedelta(seconds=DOWNLOAD_SECONDS),
    State.IMPORTING: SHORT,
}


class LostError(Exception):
    """The run was stopped, or somebody else took it over; nothing more is written."""


class Turn(NamedTuple):
    """A run that is ours for one step, and when it had shown its last sign of life before."""

    run: SyncRun
    seen_at: datetime


def take(run_id: int) -> Turn | None:
    """Take the run for its next step, or return None where that is not due, or somebody else is at it."""
    at = now()
    due = SyncRun.objects.filter(pk=run_id, state__in=SyncRun.OPEN_STATES, due_at__lte=at)
    # Secrets are read when they are needed: where they cannot be, there is a run to say so.
    run = due.defer("url").select_related("sync", "batch").first()
    if run is None:
        return None
    until = at + LEASES[State(run.state)]
    mine = SyncRun.objects.filter(pk=run_id, state=run.state, due_at=run.due_at)
    if not mine.update(due_at=until, moved_at=at):
        return None
    run.due_at = until
    return Turn(run, run.moved_at or run.created_at)


def write(run: SyncRun, **values: Any) -> None:
    """Write what is new about the run, or raise LostError where it is no longer ours."""
    mine = SyncRun.objects.filter(pk=run.pk, state=run.state, due_at=run.due_at)
    if not mine.update(**values):
        raise LostError(f"run {run.pk} of a sync is somebody else's")


def move(run: SyncRun, state: State, *, pause: timedelta = timedelta(0), **values: Any) -> None:
    """Enter a state; its step is due after the pause."""
    write(run, **{"state": state, "reason": "", "due_at": now() + pause, **values})


def put_off(
    run: SyncRun, reason: str, *, state: State | None = None, seconds: float = 0, **values: Any
) -> None:
    """Take the same step again later, or one before it, in ``seconds`` at the earliest; give up after hours."""
    pause = max(min(FIRST_PAUSE * 1.5 ** min(run.try_count, 10), LONGEST_PAUSE), timedelta(seconds=seconds))
    waited = run.try_count + max(1, round((spent(run) + pause) / LONGEST_PAUSE))
    if waited > PATIENCE_MINUTES:
        end(run, State.FAILED, _("Given up after six hours of waiting. Sync again.") + f" {reason}")
    else:
        again = state or State(run.state)
        move(run, again, pause=pause, reason=reason[:500], try_count=waited, **values)


def spent(run: SyncRun) -> timedelta:
    """Return how long the present step has taken: a storage may trickle until the download is given up."""
    return now() - run.due_at + LEASES[State(run.state)] if run.due_at else timedelta(0)


def end(run: SyncRun, state: State, reason: str = "") -> None:
    """Finish or fail the run, forget the address of its export, and delete what it downloaded."""
    write(run, state=state, reason=reason[:500], url="", due_at=None, finished_at=now())
    sync_files.sweep()
