"""The people behind what dry runs found, and who was in a segment: kept for a while, the numbers for ever."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Q

from campaigns.models import DryRun, DryRunPerson, Snapshot
from campaigns.models.clock import now

STEP_COUNT = 1_000
SNAPSHOT_COUNT = 50  # each may be large
OPEN_STATES = (DryRun.State.WAITING, DryRun.State.RUNNING)


@transaction.atomic
def forget_people(*, days: int) -> int | None:
    """Delete some of the people behind the findings of an old dry run; None where nothing is due.

    A send that leaves people out asks its dry run who they are, for as long as it may send.
    """
    at = now()
    old = DryRun.objects.filter(people_removed_at=None, created_at__lt=at - timedelta(days=days))
    old = old.exclude(state__in=OPEN_STATES)
    asked = Q(sends__deliver_until__gt=at) | Q(sends__queued_count__gt=0)
    job = (
        old.exclude(asked).select_for_update(skip_locked=True, of=("self",)).order_by("pk").only("pk").first()
    )
    if job is None:
        return None
    people = DryRunPerson.objects.filter(cause__dry_run=job.pk).order_by("pk")
    ids = list(people.values_list("pk", flat=True)[:STEP_COUNT])
    if len(ids) < STEP_COUNT:
        DryRun.objects.filter(pk=job.pk).update(people_removed_at=at)
    count, _each = DryRunPerson.objects.filter(pk__in=ids).delete()
    return count


def forget_snapshots(*, days: int) -> int | None:
    """Delete some old snapshots that nobody took by hand; None where there are none."""
    old = Snapshot.objects.filter(taken_at__lt=now() - timedelta(days=days))
    ids = old.exclude(cause=Snapshot.Cause.ASKED).order_by("pk").values_list("pk", flat=True)
    count, _each = Snapshot.objects.filter(pk__in=list(ids[:SNAPSHOT_COUNT])).delete()
    return count or None
