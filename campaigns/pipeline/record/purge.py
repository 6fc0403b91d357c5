"""What was said goes by age, a few rows at a time; deliveries, their states and the books stay.

One row of ``Purge`` for each send and kind remembers how far its deliveries have been walked, so that a step is found
without looking through the ledger, and goes on where the last one ended, whoever was killed in between.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from itertools import accumulate

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from campaigns.models import Attempt, Delivery, Entry, Purge, Send
from campaigns.models.clock import now

STEP_COUNT = 1_000
LOOK_AGAIN_AFTER = timedelta(days=7)
ZONES = timedelta(days=1)  # no wall time is further from UTC
WORDLESS = Q(body="", answer="")


@transaction.atomic
def step(what: Purge.What, *, days: int) -> int | None:
    """Remove what is older than ``days`` from the next deliveries; return how many rows that were.

    None where nothing is due, or somebody else is at it. Touches at most ``STEP_COUNT`` rows, and waits for no lock.
    """
    at = now()
    due = _due(what, before=at - timedelta(days=days), at=at)
    send = due.only("pk", "deliver_until").order_by("pk").first()
    if send is None:
        return None
    Purge.objects.get_or_create(send=send, what=what, defaults={"days": days, "moved_at": at})
    walk = Purge.objects.filter(send=send, what=what).select_for_update(skip_locked=True).first()
    if walk is None or not due.filter(pk=send.pk).exists():
        return None
    return _go_on(walk, send, days=days, at=at)


def _due(what: Purge.What, *, before: datetime, at: datetime) -> QuerySet[Send]:
    """Return the sends that are old enough and have not been walked to their end since they finished."""
    walks = Purge.objects.filter(send=OuterRef("pk"), what=what)
    through = Q(done_at__isnull=False) & (
        Q(send__finished_at=None) | Q(done_at__gte=F("send__finished_at"))  # else it was tried again since
    )
    sends = Send.objects.exclude(Exists(walks.filter(through | Q(done_at=None, again_at__gt=at))))
    if what != Purge.What.ENTRIES:
        return sends.filter(started_at__lt=before)
    coming = Send.objects.filter(event=OuterRef("event"), deliver_until__gte=before)
    sends = sends.filter(deliver_until__lt=before, started_at__isnull=False)
    return sends.filter(event__end_local__lt=(before - ZONES).replace(tzinfo=None)).exclude(Exists(coming))


def _go_on(walk: Purge, send: Send, *, days: int, at: datetime) -> int:
    if walk.walked_to == 0:
        walk.left_count, walk.again_at, walk.done_at = 0, None, None
    rows = _next(send, after=walk.walked_to)
    gone = 0
    if rows:
        ids = [pk for pk, _count in rows]
        gone, left = REMOVALS[Purge.What(walk.what)](ids, _settled(send, at=at), at - timedelta(days=days))
        walk.left_count += left
        walk.walked_to = ids[-1]
    elif walk.left_count:
        walk.walked_to, walk.again_at = 0, at + LOOK_AGAIN_AFTER
    else:
        walk.walked_to, walk.done_at = 0, at
    walk.days, walk.moved_at = days, at
    walk.save()
    return gone


def _next(send: Send, *, after: int) -> list[tuple[int, int]]:
    """Return (id, calls) of the next deliveries: as many as have few enough calls, or one."""
    rows = Delivery.objects.filter(send=send, pk__gt=after).order_by("pk")
    found = list(rows.values_list("pk", "attempt_count")[:STEP_COUNT])
    fit = sum(count <= STEP_COUNT for count in accumulate(count for _pk, count in found))
    return found[: max(1, fit)]


def _settled(send: Send, *, at: datetime) -> list[Delivery.State]:
    """Return the states in which nothing will be asked of a delivery's calls any more: a failed one may be retried."""
    may_be_retried = send.deliver_until > at
    return [state for state in Delivery.FINAL_STATES if state != Delivery.State.FAILED or not may_be_retried]


def _texts(ids: Collection[int], settled: Collection[str], before: datetime) -> tuple[int, int]:
    """Empty the calls of these deliveries; return how many were emptied, and how many things were left."""
    gone = _old(ids, settled, before).exclude(WORDLESS)
    count = Attempt.objects.filter(pk__in=list(gone)).update(body="", answer="")
    left = Attempt.objects.filter(delivery__in=ids).exclude(WORDLESS).count()
    return count, left + _unsettled(ids, settled)


def _calls(ids: Collection[int], settled: Collection[str], before: datetime) -> tuple[int, int]:
    """Delete the calls of these deliveries; return the same."""
    count, _each = Attempt.objects.filter(pk__in=list(_old(ids, settled, before))).delete()
    return count, Attempt.objects.filter(delivery__in=ids).count() + _unsettled(ids, settled)


def _entries(ids: Collection[int], settled: Collection[str], _before: datetime) -> tuple[int, int]:
    """Empty what these deliveries put on calendars: their event was over long ago; return the same."""
    rows = Delivery.objects.filter(pk__in=ids)
    over = Entry.objects.filter(
        event__in=rows.values("send__event"), subscriber__in=rows.values("subscriber")
    )
    over = over.filter(delivery__in=ids, delivery__state__in=settled).exclude(body="").order_by("pk")
    held = over.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True)
    count = Entry.objects.filter(pk__in=list(held)).update(body="")
    return count, _unsettled(ids, settled)


def _old(ids: Collection[int], settled: Collection[str], before: datetime) -> QuerySet[Attempt, int]:
    """Return, locked, the ids of calls that may go; whoever holds one keeps it until the next walk."""
    calls = Attempt.objects.filter(delivery__in=ids, delivery__state__in=settled, opened_at__lt=before)
    return calls.order_by("pk").select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True)


def _unsettled(ids: Collection[int], settled: Collection[str]) -> int:
    return Delivery.objects.filter(pk__in=ids).exclude(state__in=settled).count()


REMOVALS = {Purge.What.TEXTS: _texts, Purge.What.CALLS: _calls, Purge.What.ENTRIES: _entries}
