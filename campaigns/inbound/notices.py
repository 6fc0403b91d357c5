"""Working through what came in: each webhook in a transaction of its own, in any order, as often as need be."""

import logging
import time
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.inbound import entries, erased, subscriptions
from campaigns.inbound.notices_fate import Fate, failed, ignored
from campaigns.inbound.notices_in import verdict
from campaigns.models import Notice
from campaigns.models.clock import now
from integrations.rokt.notice import EventType, NoticeError, read

log = logging.getLogger(__name__)

BATCH_COUNT = 100
LEAST_PAUSE, MOST_PAUSE = timedelta(seconds=5), timedelta(hours=6)
PATIENCE = timedelta(days=7)
KEPT = timedelta(days=90)
FORGOTTEN_AT_ONCE = 500
REASON_LENGTH = Notice._meta.get_field("reason").max_length or 0
UNDECIDED = (Notice.State.WAITING, Notice.State.ORPHAN)
TAKE = {
    EventType.SUBSCRIBE: subscriptions.take,
    EventType.UNSUBSCRIBE: subscriptions.take,
    EventType.DETAILS_UPDATED: subscriptions.take,
    EventType.EVENT_ADDED: entries.take,
    EventType.EVENT_REMOVED: entries.take,
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
    while pks := _due():
        before = count
        for pk in pks:
            if time.monotonic() >= end:
                return count
            count += work_through(pk)
        if count == before:  # others are at all of them
            break
    return count


def _due() -> list[int]:
    due = Notice.objects.filter(due_at__lte=now()).order_by("due_at", "pk")
    return list(due.values_list("pk", flat=True)[:BATCH_COUNT])


def work_through(pk: int) -> bool:
    """Apply one webhook if it is due and nobody else is at it; return whether that was so."""
    try:
        with transaction.atomic():
            return _apply(pk)
    except Exception:  # one that cannot be applied must not keep the others waiting
        log.exception("webhook %s could not be worked through; it is tried again later", pk)
        _postpone(pk)
        return True


def _apply(pk: int) -> bool:
    rows = Notice.objects.select_for_update(skip_locked=True, of=("self",)).select_related("account")
    at = now()
    row = rows.defer("account__client_secret").filter(pk=pk, due_at__lte=at).first()
    if row is None:
        return False
    _close(row, decide(row), at=at)
    return True


def decide(row: Notice) -> Fate:
    """Return what becomes of a webhook, having changed what it changes."""
    try:
        message = read(row.body.encode(), "")
    except NoticeError:
        return failed(_("Its text cannot be read any more."))
    if of_erased := erased.fate(row.account_id, message):
        row.body = ""
        row.save(update_fields=["body"])
        return of_erased
    fate = verdict(row.account, message)
    if fate.state != Notice.State.WAITING:
        return fate
    take = TAKE.get(message.event_type)
    return take(row, message) if take else ignored(_("This kind of webhook is not known here."))


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
    row.save(update_fields=["state", "reason", "due_at", "done_at"])


def _pause(row: Notice, at: datetime) -> timedelta:
    """Return how long to wait: as long as it has waited so far, so that it doubles every time."""
    return min(max(at - row.received_at, LEAST_PAUSE), MOST_PAUSE)


def _postpone(pk: int) -> None:
    at = now()
    row = Notice.objects.filter(pk=pk, due_at__lte=at).first()
    if row is not None:
        _close(row, Fate(Notice.State.WAITING, _("It could not be worked through.")), at=at)


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
    oldest = Notice.objects.order_by("pk").values("pk")[:FORGOTTEN_AT_ONCE]
    count, _each = Notice.objects.filter(pk__in=oldest, done_at__lt=now() - KEPT).delete()
    return count
