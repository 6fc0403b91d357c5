"""Accounts at which nothing moves although they may send and have work: no one sees that a worker is missing."""

import hashlib
from datetime import datetime, timedelta

from django.db.models import Q

from campaigns.alerts.found import Found
from campaigns.models import Account, Delivery, Send, Standstill
from campaigns.models.keeping import open_halt

PATIENCE = timedelta(minutes=10)


def standing_still(at: datetime) -> list[Found]:
    """Return the accounts that have looked the same for 10 minutes, with rows due all the time.

    Whether calls are closed cannot be asked of a table of millions every ten seconds. But every close changes
    the counts of its send or takes the first row off the queue: so the same picture means that nothing moved.
    """
    kept = {row.account_id: row for row in Standstill.objects.all()}
    marks = {account.pk: mark for account in _may_send(at) if (mark := _mark(account, at))}
    gone = set(kept) - set(marks)
    if gone:
        Standstill.objects.filter(account__in=gone).delete()
    for pk, mark in marks.items():
        if pk not in kept or kept[pk].mark != mark:
            kept[pk], _made = Standstill.objects.update_or_create(
                account_id=pk, defaults={"mark": mark, "since": at}
            )
    return [Found(pk, kept[pk].since) for pk in marks if at - kept[pk].since >= PATIENCE]


def _may_send(at: datetime) -> list[Account]:
    """Accounts that are neither held nor stopped, nor kept back by their breaker or by Rokt's own wish."""
    if open_halt() is not None:
        return []
    kept_back = Q(breaker__open_until__isnull=False) | Q(rate_limit__held_until__gt=at)
    return list(Account.objects.filter(stopped_at=None).exclude(kept_back).only("pk"))


def _mark(account: Account, at: datetime) -> str:
    """Return the picture of an account's work, or "" when nothing is due; paused sends are no work."""
    due = Delivery.objects.filter(due_at__lte=at).order_by("due_at", "pk").values_list("pk", "due_at")
    sends = list(Send.objects.filter(account=account, state=Send.State.SENDING).defer("content", "rule"))
    fronts = [due.filter(_goes_now(send)).first() for send in sends]
    fronts.append(due.filter(send__account=account, state=Delivery.State.IN_DOUBT).first())
    if not any(fronts):
        return ""
    picture = repr((fronts, [(send.pk, *send.books.values()) for send in sends]))
    return hashlib.sha256(picture.encode()).hexdigest()


def _goes_now(send: Send) -> Q:
    """What a send lets go: not those who wait for what comes of its first people."""
    waiting = Q(send=send, state=Delivery.State.QUEUED)
    return waiting if send.held_after_id is None else waiting & Q(pk__lte=send.held_after_id)
