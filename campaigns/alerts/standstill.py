"""Accounts at which nothing moves although they may send and have work: no one sees that a worker is missing."""

from datetime import datetime, timedelta

from django.db.models import Max, Q

from campaigns.alerts.found import Found
from campaigns.models import Account, Delivery, Send, Standstill
from campaigns.models.keeping import open_halt
from campaigns.watch import health

PATIENCE = timedelta(minutes=10)


def standing_still(at: datetime) -> list[Found]:
    """Return the accounts at which no row was settled for 10 minutes, with rows due all the time.

    Progress is what it is for the health page: the last time that a send of the account moved.
    """
    kept = {row.account_id: row for row in Standstill.objects.all()}
    marks = {account.pk: _mark(account) for account in _may_send(at) if _has_work(account, at)}
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


def _mark(account: Account) -> str:
    moved = health.under_way().filter(account=account).aggregate(at=Max("moved_at"))["at"]
    return f"{moved}"


def _has_work(account: Account, at: datetime) -> bool:
    """Whether anything is due; paused sends are no work, nor those who wait for what comes of the first people."""
    due = Delivery.objects.filter(due_at__lte=at)
    sends = Send.objects.filter(account=account, state=Send.State.SENDING).only("pk", "held_after_id")
    return any(due.filter(_goes_now(send)).exists() for send in sends) or (
        due.filter(send__account=account, state=Delivery.State.IN_DOUBT).exists()
    )


def _goes_now(send: Send) -> Q:
    """What a send lets go: not those who wait for what comes of its first people."""
    waiting = Q(send=send, state=Delivery.State.QUEUED)
    return waiting if send.held_after_id is None else waiting & Q(pk__lte=send.held_after_id)
