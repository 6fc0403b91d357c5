"""Working through what came in: many webhooks in a transaction, in any order, as often as need be."""

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.inbound import entries, erased, subscriptions
from campaigns.inbound.notices_fate import Fate, Heard, failed
from campaigns.inbound.notices_in import verdict
from campaigns.models import Notice, bulk
from campaigns.models.clock import now
from integrations.rokt.notice import EventType, NoticeError, read
from integrations.rokt.notice import Notice as Message

log = logging.getLogger(__name__)

BATCH_COUNT = 100
LEAST_PAUSE, MOST_PAUSE = timedelta(seconds=5), timedelta(hours=6)
PATIENCE = timedelta(days=7)
FORGOTTEN_AT_ONCE = 500
REASON_LENGTH = Notice._meta.get_field("reason").max_length or 0
UNDECIDED = (Notice.State.WAITING, Notice.State.ORPHAN)
FIELDS = ["subscriber", "body", "state", "reason", "due_at", "done_at"]
Take: TypeAlias = Callable[[Sequence[Heard]], list[Fate]]
TAKE: dict[str, Take] = {
    EventType.SUBSCRIBE: subscriptions.take,
    EventType.UNSUBSCRIBE: subscriptions.take,
    EventType.DETAILS_UPDATED: subscriptions.take,
    EventType.EVENT_ADDED: entries.take,
    EventType.EVENT_REMOVED: entries.take_off,
    EventType.EVENT_UPDATED: entries.take,
    EventType.EVENT_DELETED: entries.take,
}


def has_work() -> bool:
    """Whether any webhook is due."""
    return Notice.objects.filter(due_at__lte=now()).exists()


def work(*, seconds: float) -> int:
    """Work through what is due, for so long at most; return how many were worked through here."""
    end = time.monotonic() + seconds
    count = 0
    while groups := _due():
        before = count
        for pks in groups:
            if time.monotonic() >= end:
                return count
            count += work_through(pks)
        if count == before:  # others are at all of them
            break
    return count


def _due() -> list[list[int]]:
    """Return the ids of webhooks that are due, those together that are taken over in the same way."""
    due = Notice.objects.filter(due_at__lte=now()).order_by("due_at", "pk")
    groups: dict[Take | None, list[int]] = defaultdict(list)
    for kind, pk in due.values_list("event_type", "pk")[:BATCH_COUNT]:
        groups[TAKE.get(kind)].append(pk)
    return list(groups.values())


def work_through(pks: Sequence[int]) -> int:
    """Apply webhooks of one way that are due and nobody else is at; return how many those were.

    They share a transaction; where one cannot be applied, each gets its own, for it must not keep the others waiting.
    """
    try:
        with transaction.atomic():
            return _apply(pks)
    except Exception:
        if len(pks) > 1:
            return sum(work_through([pk]) for pk in pks)
        log.exception("webhook %s could not be worked through; it is tried again later", pks[0])
        _postpone(pks[0])
        return 1


def _apply(pks: Sequence[int]) -> int:
    at = now()
    due = Notice.objects.filter(pk__in=pks, due_at__lte=at).order_by("pk")
    locked = due.select_for_update(skip_locked=True, of=("self",)).select_related("account")
    rows = list(locked.defer("account__client_secret"))
    for row, fate in zip(rows, decide(rows), strict=True):
        _close(row, fate, at=at)
    bulk.update(rows, FIELDS)
    return len(rows)


def decide(rows: Sequence[Notice]) -> list[Fate]:
    """Return what becomes of webhooks, having changed what they change; what names the erased loses its text."""
    fates = {row.pk: failed(_("Its text cannot be read any more.")) for row in rows}
    heard = [Heard(row, message) for row in rows if (message := _read(row))]
    groups: dict[Take, list[Heard]] = defaultdict(list)
    for each, gone in zip(heard, erased.fates(heard), strict=True):
        take = TAKE.get(each.message.event_type)
        plain = gone or verdict(each.row.account, each.message)
        if plain.state == Notice.State.WAITING and take:
            groups[take].append(each)
        else:
            fates[each.row.pk] = plain
    for take, group in groups.items():
        fates |= zip((each.row.pk for each in group), take(group), strict=True)
    return [fates[row.pk] for row in rows]


def _read(row: Notice) -> Message | None:
    try:
        return read(row.body.encode(), "")
    except NoticeError:
        return None


def _close(row: Notice, fate: Fate, *, at: datetime) -> None:
    row.state, reason = fate
    row.due_at, row.done_at = None, at
    if fate.state in UNDECIDED:
        if at - row.received_at < PATIENCE:
            row.due_at, row.done_at = at + _pause(row, at), None
        else:
            row.state = Notice.State.ORPHAN if fate.state == Notice.State.ORPHAN else Notice.State.FAILED
            reason = _("%(reason)s Given up after %(count)s days.") % {
                "reason": reason,
                "count": PATIENCE.days,
            }
    row.reason = reason[:REASON_LENGTH]


def _pause(row: Notice, at: datetime) -> timedelta:
    """Return how long to wait: as long as it has waited so far, so that it doubles every time."""
    return min(max(at - row.received_at, LEAST_PAUSE), MOST_PAUSE)


def _postpone(pk: int) -> None:
    at = now()
    row = Notice.objects.filter(pk=pk, due_at__lte=at).first()
    if row is not None:
        _close(row, Fate(Notice.State.WAITING, _("It could not be worked through.")), at=at)
        bulk.update([row], FIELDS)


def look_again() -> int:
    """Have all look again that waited for somebody unknown, for people have come in; return how many do."""
    at = now()
    waiting = Notice.objects.filter(state=Notice.State.ORPHAN, due_at__gt=at)
    return waiting.update(due_at=at)


def retry(row: Notice) -> bool:
    """Have one looked at again now, at somebody's wish; return whether there is anything left to look at."""
    mine = Notice.objects.filter(pk=row.pk).exclude(body="").exclude(state=Notice.State.DONE)
    return bool(mine.update(state=Notice.State.WAITING, due_at=now(), done_at=None))


def forget_old() -> int:
    """Delete some of the oldest that have been done for long; return how many. Every tick takes a few."""
    if not settings.KEEP_NOTICES_DAYS:
        return 0
    kept = timedelta(days=settings.KEEP_NOTICES_DAYS)
    oldest = Notice.objects.order_by("pk").values("pk")[:FORGOTTEN_AT_ONCE]
    count, _each = Notice.objects.filter(pk__in=oldest, done_at__lt=now() - kept).delete()
    return count
