"""Syncs: a run begins when its time has come, goes on step by step, and survives whatever happens to a worker."""

import logging
from datetime import datetime, timedelta

from cryptography.fernet import InvalidToken
from django.contrib.auth.models import User
from django.db import DatabaseError, IntegrityError, transaction
from django.utils.translation import gettext as _

from campaigns.importing import sync_files
from campaigns.importing.sync_run import LostError, State, Turn, end, put_off, take
from campaigns.importing.sync_steps import STEPS, StartImport, UnsetError
from campaigns.models import Import, Sync, SyncRun
from campaigns.models.clock import now
from integrations.braze.errors import (
    RETRYABLE,
    BrazeError,
    PermissionMissingError,
    RefusedError,
    TooLargeError,
    WaitError,
)

log = logging.getLogger(__name__)


def begin(
    sync: Sync, *, by: User | None = None, leavers: Import.Leavers = Import.Leavers.DEACTIVATE
) -> SyncRun | None:
    """Begin a run; None where one is on its way already. ``leavers``: what becomes of people who left."""
    try:
        with transaction.atomic():
            return SyncRun.objects.create(sync=sync, created_by=by, due_at=now(), leavers=leavers)
    except IntegrityError:
        return None


def due() -> list[int]:
    """Begin the runs whose time has come, and return the ids of all that have a step to take."""
    at = now()
    for sync in Sync.objects.filter(next_at__lte=at):
        begin_on_time(sync, at)
    waiting = SyncRun.objects.filter(state__in=SyncRun.OPEN_STATES, due_at__lte=now())
    return list(waiting.order_by("due_at").values_list("pk", flat=True))


@transaction.atomic
def begin_on_time(sync: Sync, at: datetime) -> None:
    """Begin the one run that is due, however many were missed; of two clocks only one does it."""
    mine = Sync.objects.filter(pk=sync.pk, next_at=sync.next_at)
    if mine.update(next_at=following(sync, at)):
        begin(sync)


def following(sync: Sync, at: datetime) -> datetime | None:
    """Return the next time after ``at``, in the rhythm that the sync has."""
    every = timedelta(minutes=sync.every_minutes)
    if not every:
        return None
    last = sync.next_at or at
    return last + every * ((at - last) // every + 1)


def advance(run_id: int, *, start_import: StartImport) -> bool:
    """Take the next step of a run, if it is due and nobody else is at it.

    Returns whether there may be another one at once; else ``due_at`` says when, or the run is over.
    """
    turn = take(run_id)
    if turn is None:
        return False
    try:
        step(turn, start_import)
    except LostError as error:
        log.info("%s", error)
        return False
    return SyncRun.objects.filter(pk=run_id, state__in=SyncRun.OPEN_STATES, due_at__lte=now()).exists()


def step(turn: Turn, start_import: StartImport) -> None:
    """Take one step; what can be tried again is put off, all else ends the run with a reason."""
    run = turn.run
    try:
        STEPS[State(run.state)](turn, start_import)
    except RETRYABLE as error:
        put_off(run, str(error), seconds=error.seconds if isinstance(error, WaitError) else 0)
    except BrazeError as error:
        end(run, State.FAILED, f"{error} {advice(error, State(run.state))}")
    except UnsetError as error:
        end(run, State.FAILED, str(error))
    except InvalidToken:
        end(
            run,
            State.FAILED,
            _("The stored REST key cannot be read any more. Type it into the workspace again."),
        )
    except (DatabaseError, LostError):
        raise  # the database had a bad moment: the step is taken again when the lease is over
    except OSError as error:
        put_off(run, _("The file cannot be kept here: %(fault)s.") % {"fault": error.strerror or error})
    except Exception:
        end(run, State.FAILED, _("Something went wrong; the log says more. Sync again."))
        raise


def advice(error: BrazeError, state: State) -> str:
    """Return what to do about an error that will not go away by itself, met in this step."""
    if isinstance(error, PermissionMissingError):
        return _("Give it to the key in Braze (Settings, APIs and Identifiers), then sync again.")
    if isinstance(error, RefusedError) and state != State.ASKING:  # the storage, which knows no segments
        return _("Sync again; if this comes back, show it to Braze's support.")
    if isinstance(error, RefusedError):
        return _("Look whether the segment is still there in Braze and choose it again.")
    if isinstance(error, TooLargeError):
        return _("Choose a smaller segment.")
    return _("Put it right in the workspace, then sync again.")


def stop(run_id: int, *, by: User) -> bool:
    """End a run and its import by hand; what has been imported stays. False where it was over already."""
    return cut_off(run_id, _("Stopped by %(name)s.") % {"name": by})


def leave_off(workspace_id: int, reason: str) -> bool:
    """End a workspace's open run, which brings other people than are wanted now; False where there is none."""
    runs = SyncRun.objects.filter(sync__workspace=workspace_id, state__in=SyncRun.OPEN_STATES)
    run_id = runs.values_list("pk", flat=True).first()
    return run_id is not None and cut_off(run_id, reason)


def cut_off(run_id: int, reason: str) -> bool:
    """End a run for this reason."""
    at = now()
    with transaction.atomic():
        unfinished = SyncRun.objects.filter(pk=run_id, state__in=SyncRun.OPEN_STATES)
        if not unfinished.update(
            state=State.FAILED, reason=reason[:500], url="", due_at=None, finished_at=at
        ):
            return False
        jobs = Import.objects.filter(sync_runs=run_id, state__in=(Import.State.WAITING, Import.State.RUNNING))
        # A new start takes the import away from whoever reads it.
        jobs.update(state=Import.State.FAILED, reason=reason[:500], started_at=at, finished_at=at)
    sync_files.sweep()
    return True
