"""Who is no longer in the file: set aside, never deleted, and nobody at all where that would be most people."""

from collections.abc import Iterator

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from pyroaring import BitMap64

from campaigns.importing.batch import move_on
from campaigns.importing.seen import Seen
from campaigns.models import Import, Subscriber
from campaigns.models.clock import now
from campaigns.models.standing import settle
from campaigns.models.turns import turn

CHUNK_SIZE = 5_000
FEW = 100  # that many may always leave


def let_go(job: Import, seen: Seen, *, hidden_count: int) -> Iterator[Import]:
    """Deactivate everybody active who was not in the file, yielding the import after every chunk.

    To be called when the file has been read to its end. A wrong or empty export must not switch everybody off:
    where more than half would leave, nobody does, and the import says so. Nor does anybody where ``hidden_count`` lines
    do not tell whom they are about: they may be about those who seem to have left.
    """
    leaving, active_count = missing(job, seen)
    move_on(job, hidden_count=hidden_count)
    if job.is_dry_run:
        move_on(job, left_count=len(leaving))
    elif leaving and hidden_count:
        move_on(job, reason=hidden(hidden_count))
    elif job.leavers != Import.Leavers.ALL and len(leaving) > FEW and 2 * len(leaving) > active_count:
        reason = _(
            "%(leaving)s of %(active)s active people are not in this file. That is more than half, so nobody was"
            " deactivated: check that it is the whole segment."
        )
        move_on(job, reason=reason % {"leaving": f"{len(leaving):,}", "active": f"{active_count:,}"})
    else:
        for start in range(0, len(leaving), CHUNK_SIZE):
            deactivate(job, list(leaving[start : start + CHUNK_SIZE]))
            yield job


def hidden(count: int) -> str:
    """Return why nobody leaves where so many lines do not tell whom they are about."""
    return ngettext(
        "%(count)d line of this file cannot be read, and it may be about somebody who seems to have left, so nobody was"
        " deactivated: export the segment again, and import that.",
        "%(count)d lines of this file cannot be read, and they may be about people who seem to have left, so nobody was"
        " deactivated: export the segment again, and import that.",
        count,
    ) % {"count": count}


def missing(job: Import, seen: Seen) -> tuple[BitMap64, int]:
    """Return the ids of active people of the workspace who were not in the file, and how many are active."""
    people = Subscriber.objects.filter(
        workspace=job.workspace_id,
        is_active=True,
        created_at__lt=job.created_at,  # who came in since then cannot be in the file
    ).order_by("pk")
    leaving, active_count, last = BitMap64(), 0, 0
    while chunk := list(people.filter(pk__gt=last).values_list("external_id", "pk")[:CHUNK_SIZE]):
        last = chunk[-1][1]
        active_count += len(chunk)
        ids = dict(chunk)
        leaving.update(ids[external_id] for external_id in seen.lacks(list(ids)))
    return leaving, active_count


def deactivate(job: Import, pks: list[int]) -> None:
    """Set these people aside, unless somebody else has just done so, or has had news of them."""
    with transaction.atomic():
        turn(job.workspace_id)
        # Of whom something newer is known than the file, they may have come back since.
        leaving = Subscriber.objects.filter(pk__listed=pks, is_active=True, changed_at__lt=job.created_at)
        count = leaving.update(is_active=False, left_at=now())
        settle(pks)
        move_on(job, left_count=job.left_count + count)
