"""What the clock does every few seconds: start what is due, take back lost leases, name who has work."""

import logging
from datetime import timedelta

from django.db.models import Exists, OuterRef, Q

from campaigns.models import Account, Delivery, RateLimit, Send
from campaigns.models.clock import now
from campaigns.pipeline import audience, hold, record

log = logging.getLogger(__name__)

# A worker at an account asks for its rate at every batch and at every short nap between two.
ATTENDED = timedelta(seconds=3)


def start_due() -> list[int]:
    """Start every scheduled send whose time has come; return the ids of those started here."""
    due = Send.objects.filter(state=Send.State.SCHEDULED, scheduled_at__lte=now()).select_related("account")
    return [send.pk for send in due.order_by("scheduled_at", "pk") if _start(send)]


def _start(send: Send) -> bool:
    try:
        started = audience.freeze(send)
    except Exception:  # one send that cannot start must not keep the clock from all the others
        log.exception("send %s could not be started; the next tick tries again", send.pk)
        return False
    if started:
        send.refresh_from_db(fields=["audience_count"])
        ids = {"account": send.account.code, "send": send.pk}
        log.info(
            "send %d of account %s started: %d people",
            send.pk,
            send.account.code,
            send.audience_count,
            extra=ids,
        )
    return started


def tidy() -> int:
    """Take back the rows of lost workers, of cancelled sends and of events that are over; return how many.

    Sends whose first people are settled go on, or stop.
    """
    record.count_crashes()
    count = record.sweep()
    waiting = Send.objects.filter(queued_count__gt=0)
    for send in waiting.filter(state=Send.State.CANCELLED):
        count += record.cancel_waiting(send)
    over = waiting.filter(state__in=(Send.State.SENDING, Send.State.PAUSED), deliver_until__lte=now())
    for send in over:
        count += record.expire(send)
    for send in Send.objects.filter(state=Send.State.SENDING).exclude(held_after_id=None):
        record.judge(send)
    return count


def accounts_with_work() -> list[int]:
    """Return the ids of accounts that may send, have rows due (waiting, or in doubt) and no worker at them."""
    at = now()
    attended = RateLimit.objects.filter(asked_at__gt=at - ATTENDED).values("account")
    of_account = Delivery.objects.filter(send__account=OuterRef("pk"), due_at__lte=at)
    sends = Send.objects.filter(account=OuterRef("pk"), state=Send.State.SENDING)
    queued = Delivery.objects.filter(send=OuterRef("pk"), state=Delivery.State.QUEUED, due_at__lte=at)
    queued = queued.filter(hold.not_held())
    work = Q(Exists(sends.filter(Exists(queued)))) | Q(
        Exists(of_account.filter(state=Delivery.State.IN_DOUBT))
    )
    idle = Account.objects.filter(work, stopped_at=None).exclude(pk__in=attended)
    return list(idle.order_by("pk").values_list("pk", flat=True))
