"""One import from its first line to its last: batch by batch, counted as it goes, repeatable at any point."""

import logging
from collections import deque
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from functools import partial

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.importing.ahead import read_ahead
from campaigns.importing.batch import COUNTS, SupersededError, move_on, store
from campaigns.importing.calendars import note_calendars
from campaigns.importing.leavers import let_go
from campaigns.importing.seen import Seen
from campaigns.importing.shared import Finder
from campaigns.importing.texts import ExportError
from campaigns.importing.upload import discard
from campaigns.models import Import, ImportProblem
from campaigns.models.clock import now

BATCH_SIZE = 2_000
WAKE_UP_AFTER = timedelta(seconds=30)
DEAD_AFTER = timedelta(minutes=10)  # a check of the largest file, before its first batch, takes less

log = logging.getLogger(__name__)


def run(import_id: int) -> Import:
    """Read the file of an import to its end and return the import, finished or failed.

    One that has ended is left alone (``intake.read_again``). One that was interrupted starts again at the first line:
    people who are stored already come out as unchanged. Of two runs of one import only the later goes on.
    """
    deque(steps(import_id), maxlen=0)
    return Import.objects.get(pk=import_id)


def steps(import_id: int) -> Iterator[Import]:
    """Do the same, yielding the import with its counts after every batch."""
    job = begin(import_id)
    if job is None:
        return
    try:
        yield from batches(job)
        if not job.is_dry_run:
            note_calendars()
        conclude(job)
    except SupersededError:
        log.info("import %d was started again; this run of it ends here", import_id)
    except ExportError as fault:
        fail(job, str(fault))
    except Exception:
        fail(job, _("Something went wrong; the log says more. Start it again."))
        raise


def begin(import_id: int) -> Import | None:
    """Mark the import as running, with nothing counted, and return it; None where it is not to be read."""
    started_at = now()
    with transaction.atomic():
        # A wake-up may come late: after the file was thrown away, say, or while its columns wait for somebody.
        unread = Import.objects.filter(pk=import_id, state__in=(Import.State.WAITING, Import.State.RUNNING))
        begun = unread.update(
            state=Import.State.RUNNING,
            started_at=started_at,
            moved_at=started_at,
            finished_at=None,
            reason="",
            **dict.fromkeys(COUNTS, 0),
        )
        if not begun:
            return None
        ImportProblem.objects.filter(batch_id=import_id).delete()
        return Import.objects.get(pk=import_id)


def forgotten() -> list[int]:
    """Return the ids of imports whose wake-up was lost, or whose worker has died: they want to be run."""
    at = now()
    lost = Q(state=Import.State.WAITING, created_at__lt=at - WAKE_UP_AFTER)
    dead = Q(state=Import.State.RUNNING, moved_at__lt=at - DEAD_AFTER)
    return list(Import.objects.filter(lost | dead).order_by("pk").values_list("pk", flat=True))


def batches(job: Import) -> Iterator[Import]:
    """Store the file batch by batch; nothing of it where it is damaged anywhere."""
    finder, hidden_count = Finder(), 0
    with (
        closing(Seen()) as seen,
        closing(read_ahead(job, BATCH_SIZE, partial(most_are_written, job))) as ahead,
    ):
        for batch in ahead:
            store(job, batch, seen, finder)
            hidden_count += sum(row.hides_somebody for row in batch)
            batch.clear()  # memory that the next can use at once is in the processor's cache
            yield job
        if asks_who_left(job) and arrived_count(job):
            yield from let_go(job, seen, hidden_count=hidden_count)


def most_are_written(job: Import) -> bool:
    """Return whether most people so far were new or changed, so that what attributes say will be asked for."""
    return 2 * (job.new_count + job.changed_count) > job.read_count


def asks_who_left(job: Import) -> bool:
    """Return whether it matters who is not in the file: people decide by the number that a dry run gives."""
    if job.is_dry_run:
        return job.format == Import.Format.BRAZE
    return job.leavers != Import.Leavers.KEEP


def arrived_count(job: Import) -> int:
    """Return how many people of the file could be taken."""
    return job.new_count + job.changed_count + job.unchanged_count + job.suppressed_count


def conclude(job: Import) -> None:
    """Mark the import as finished, or as failed where it brought nobody, and let go of the upload."""
    if not job.read_count:
        raise ExportError(_("There is nobody in this file."))
    if not arrived_count(job):
        fault = ngettext(
            "The only row could not be taken.",
            "Not one of the %(count)d rows could be taken.",
            job.read_count,
        )
        raise ExportError(fault % {"count": job.read_count})
    move_on(job, state=Import.State.FINISHED, bytes_read_count=job.byte_count, finished_at=now())
    if not job.is_dry_run:  # the file of a dry run waits for the import that is meant
        discard(job)


def fail(job: Import, reason: str) -> None:
    """Mark this run as failed; what it stored stays, and its file too, so that it can run again."""
    mine = Import.objects.filter(pk=job.pk, started_at=job.started_at)
    mine.update(state=Import.State.FAILED, reason=reason[:500], finished_at=now())
