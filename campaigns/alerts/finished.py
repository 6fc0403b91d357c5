"""Sends that have just finished: counted anew, and their failures told, once for each time they finish."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef

from campaigns.alerts.conditions import by_reason
from campaigns.alerts.found import Found
from campaigns.alerts.ledger import notice, resolve
from campaigns.models import Alert, Delivery, FinishedLook, Send
from campaigns.pipeline.record import books

RECENT = timedelta(days=1)
LOST = (Delivery.State.FAILED, Delivery.State.EXPIRED)


def look_at_finished(at: datetime) -> None:
    """Look at every send that finished since the last look, and end what a retry has put right."""
    looked = FinishedLook.objects.filter(send=OuterRef("pk"), finished_at=OuterRef("finished_at"))
    fresh = Send.objects.filter(~Exists(looked), state=Send.State.FINISHED, finished_at__gt=at - RECENT)
    for send in fresh.defer("content", "rule").order_by("finished_at"):
        _recount(send, at)
        _tell_failures(send, at)
        FinishedLook.objects.update_or_create(send=send, defaults={"finished_at": send.finished_at or at})
    retried = Alert.objects.filter(kind=Alert.Kind.SEND_FAILED).exclude(send__state=Send.State.FINISHED)
    resolve(retried, at=at)


def _recount(send: Send, at: datetime) -> None:
    balance = books.check(send)
    if not balance.holds:
        balance = _recount_alone(send)
    if balance.holds:
        resolve(Alert.objects.filter(kind=Alert.Kind.RECOUNT, send=send), at=at)
        return
    facts = {
        state.value: [count, balance.counted[state]]
        for state, count in balance.kept.items()
        if count != balance.counted[state]
    }
    notice(Alert.Kind.RECOUNT, Found(send.account_id, at, send.pk, {"states": facts}), at=at)


@transaction.atomic
def _recount_alone(send: Send) -> books.Balance:
    """Count while nobody can write it: a person confirmed between two questions would look like a mistake."""
    return books.check(Send.objects.select_for_update(of=("self",)).get(pk=send.pk))


def _tell_failures(send: Send, at: datetime) -> None:
    if send.is_test or not (send.failed_count or send.expired_count):
        return
    facts = by_reason(send.deliveries.filter(state__in=LOST), of=send.audience_count)
    notice(Alert.Kind.SEND_FAILED, Found(send.account_id, send.finished_at or at, send.pk, facts), at=at)
