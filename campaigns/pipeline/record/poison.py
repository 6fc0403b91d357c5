"""Whose call stopped the worker that was writing it: counted, and after the third time not tried any more."""

import logging
from collections.abc import Collection

from django.db import transaction
from django.db.models import F

from campaigns.models import CheckCrash, Crash, Delivery, DryRun, Send, Subscriber
from campaigns.models.clock import now
from campaigns.pipeline import blackbox

MOST_CRASHES = 3
log = logging.getLogger(__name__)


def count_crashes() -> None:
    """Look at what the dead processes of this host were writing, and count it once."""
    for found in blackbox.dead():
        try:
            _count(found) if found.ids else found.path.unlink()
        except OSError as error:
            blackbox.warn(error.strerror)


@transaction.atomic
def _count(found: blackbox.Found) -> None:
    """Count and remove a box. It goes before the commit: to die in between loses a count and never doubles one."""
    if found.dry_run_id:
        _count_people(found.dry_run_id, found.ids)
        log.warning("a worker stopped while dry run %s wrote for people %s", found.dry_run_id, found.ids)
    else:
        _count_deliveries(found.ids)
        log.warning("a worker stopped while it wrote deliveries %s", found.ids)
    found.path.unlink()


def _count_deliveries(ids: Collection[int]) -> None:
    waiting = Delivery.objects.filter(pk__in=ids, state=Delivery.State.QUEUED)
    named, at = list(waiting.order_by("pk").values_list("pk", flat=True)), now()
    fresh = [Crash(delivery_id=pk, count=0, last_at=at) for pk in named]
    Crash.objects.bulk_create(fresh, ignore_conflicts=True)
    Crash.objects.filter(pk__in=named).update(count=F("count") + 1, last_at=at)


def _count_people(dry_run_id: int, ids: Collection[int]) -> None:
    if not DryRun.objects.filter(pk=dry_run_id, state=DryRun.State.RUNNING).exists():
        return
    named = list(Subscriber.objects.filter(pk__in=ids).order_by("pk").values_list("pk", flat=True))
    fresh = [CheckCrash(dry_run_id=dry_run_id, subscriber_id=pk, count=0) for pk in named]
    CheckCrash.objects.bulk_create(fresh, ignore_conflicts=True)
    CheckCrash.objects.filter(dry_run=dry_run_id, subscriber__in=named).update(count=F("count") + 1)


def crashes_of(send: Send) -> dict[int, int]:
    """Return how often each delivery of a send stopped a worker, by delivery id; those that never did are not in it."""
    crashes = Crash.objects.filter(delivery__send=send) if send.pk else Crash.objects.none()
    return dict(crashes.values_list("delivery_id", "count"))


def crashes_in(dry_run_id: int) -> dict[int, int]:
    """Return the same of the people of a dry run, by the person's id."""
    return dict(CheckCrash.objects.filter(dry_run=dry_run_id).values_list("subscriber_id", "count"))
