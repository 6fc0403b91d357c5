"""From an upload to an import: kept, explained, tried without writing anything, and then meant or thrown away."""

import re
from pathlib import Path

from django.contrib.auth.models import User
from django.core.files import File
from django.db.models import Q
from django.utils.translation import gettext as _

from campaigns.importing.archive import display_name
from campaigns.importing.mapping import guess
from campaigns.importing.readers import columns, kind_of
from campaigns.importing.texts import ExportError
from campaigns.importing.upload import copy, folder
from campaigns.models import Import, Workspace
from campaigns.models.clock import now

TOKEN = re.compile(r"[0-9a-f]{32}")
COUNTS = (
    "bytes_read_count",
    "read_count",
    "new_count",
    "changed_count",
    "unchanged_count",
    "suppressed_count",
    "left_count",
    "problem_count",
    "refused_count",
    "hidden_count",
)


def receive(file: File[bytes], *, workspace: Workspace, by: User | None, token: str) -> Import:
    """Keep an upload and return its import, which is to be tried first; ExportError where it cannot be read.

    The token names the file on disk, so that one form makes one import, however often it is sent.
    """
    if not TOKEN.fullmatch(token):
        raise ExportError(_("This page has been open for too long; load it again."))
    folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder() / token
    there = Import.objects.filter(path=str(path)).first()
    if there is not None:
        return there
    try:
        copy(file.chunks(), path)
    except FileExistsError:
        raise ExportError(
            _("This upload is on its way already; look for it in the list of imports.")
        ) from None
    except OSError as fault:
        path.unlink(missing_ok=True)
        words = _("The file cannot be kept here: %(fault)s.")
        raise ExportError(words % {"fault": fault.strerror or fault}) from fault
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    try:
        return first_look(path, workspace=workspace, by=by, name=file.name or "")
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def first_look(path: Path, *, workspace: Workspace, by: User | None, name: str) -> Import:
    """Return a new import of this file, its kind and its columns told by its content."""
    job = Import(
        workspace=workspace,
        file_name=display_name(name or path.name),
        path=str(path),
        byte_count=path.stat().st_size,
        created_by=by,
        format=kind_of(path),
        is_dry_run=True,
    )
    job.mapping = guessed(job)
    job.state = first_state(job.format)
    job.save()
    return job


def first_state(kind: str) -> Import.State:
    """Return what a file waits for: a Braze export for a worker, any other for somebody to explain it."""
    return Import.State.WAITING if kind == Import.Format.BRAZE else Import.State.UNTOLD


def guessed(job: Import) -> dict[str, str] | None:
    """Return what the columns probably mean; a Braze export needs no telling. ExportError where there are none."""
    if job.format == Import.Format.BRAZE:
        return None
    found = columns(job)
    if not found:
        fault = _("None of the first lines is a person. Write one person in each line, such as %(line)s.")
        raise ExportError(fault % {"line": '{"external_id": "ada"}'})
    return guess(column.name for column in found)


def explain(job: Import, mapping: dict[str, str]) -> bool:
    """Have the file tried with these columns; False where it has been imported meanwhile."""
    return again(job, state=Import.State.WAITING, mapping=mapping)


def read_as(job: Import, kind: Import.Format) -> bool:
    """Have lines of JSON taken for a whole Braze export, or for what somebody adds; False as above."""
    if Import.Format.CSV in (job.format, kind):
        return False
    job.format = kind
    return again(job, state=first_state(kind), format=kind, mapping=guessed(job))


def again(job: Import, *, state: Import.State, **values: object) -> bool:
    """Let the file begin anew in this state; a try that is under way ends."""
    tried = Import.objects.filter(pk=job.pk, is_dry_run=True)
    return bool(tried.update(state=state, started_at=None, reason="", **values))


def read_again(job: Import) -> bool:
    """Have a file read once more from its beginning; False where it was imported, is not explained, or gone."""
    if job.is_dry_run and not Path(job.path).is_file():
        return False
    over = Q(state=Import.State.FINISHED, is_dry_run=False) | Q(state=Import.State.UNTOLD)
    waiting = {"state": Import.State.WAITING, "started_at": None, "finished_at": None, "reason": ""}
    return bool(Import.objects.filter(pk=job.pk).exclude(over).update(**waiting))


def confirm(job: Import, leavers: Import.Leavers) -> bool:
    """Have a file that was tried imported; False where somebody has just said so, or where it is not tried."""
    tried = Import.objects.filter(
        pk=job.pk, is_dry_run=True, state=Import.State.FINISHED, left_count=job.left_count
    )
    waiting = {"state": Import.State.WAITING, "started_at": None, "finished_at": None}
    return bool(tried.update(is_dry_run=False, leavers=leavers, **waiting, **dict.fromkeys(COUNTS, 0)))


def throw_away(job: Import, *, by: User) -> bool:
    """Delete an upload that was not imported; False where it was."""
    reason = _("Thrown away by %(by)s; nothing was imported.") % {"by": by}
    tried = Import.objects.filter(pk=job.pk, is_dry_run=True)
    if not tried.update(state=Import.State.FAILED, started_at=None, finished_at=now(), reason=reason[:500]):
        return False
    path = Path(job.path)
    if path.parent == folder():
        path.unlink(missing_ok=True)
    return True
