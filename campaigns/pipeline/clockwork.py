"""What the clock does every few seconds: start what is due, take back lost leases, name who has work."""

from django.db.models import Exists, OuterRef, Q

from campaigns.models import Account, Delivery, Send
from campaigns.models.clock import now
from campaigns.pipeline import audience, record


def start_due() -> list[int]:
    """Start every scheduled send whose time has come; return the ids of those started here."""
    due = Send.objects.filter(state=Send.State.SCHEDULED, scheduled_at__lte=now()).select_related("account")
    return [send.pk for send in due.order_by("scheduled_at", "pk") if audience.freeze(send)]


def tidy() -> int:
    """Take back the rows of lost workers, of cancelled sends and of events that are over; return how many."""
    count = record.sweep()
    waiting = Send.objects.filter(queued_count__gt=0)
    for send in waiting.filter(state=Send.State.CANCELLED):
        count += record.cancel_waiting(send)
    over = waiting.filter(state__in=(Send.State.SENDING, Send.State.PAUSED), deliver_until__lte=now())
    for send in over:
        count += record.expire(send)
    return count


def accounts_with_work() -> list[int]:
    """Return the ids of accounts that may send and have rows due: waiting, or in doubt and to be looked into."""
    at = now()
    of_account = Delivery.objects.filter(send__account=OuterRef("pk"), due_at__lte=at)
    sends = Send.objects.filter(account=OuterRef("pk"), state=Send.State.SENDING)
    queued = Delivery.objects.filter(send=OuterRef("pk"), state=Delivery.State.QUEUED, due_at__lte=at)
    work = Q(Exists(sends.filter(Exists(queued)))) | Q(
        Exists(of_account.filter(state=Delivery.State.IN_DOUBT))
    )
    return list(Account.objects.filter(work, stopped_at=None).order_by("pk").values_list("pk", flat=True))
