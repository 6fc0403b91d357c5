"""Which deliveries of a send wait while its first people go alone."""

from django.db import models
from django.db.models import OuterRef, Q, Value
from django.db.models.functions import Coalesce

from campaigns.models import Delivery, Send

LARGEST_ID = 2**63 - 1


def next_hold(send: Send, *, count: int, after_id: int = 0) -> int | None:
    """Return the id of the ``count``-th waiting delivery after ``after_id``; None where nobody waits behind it."""
    waiting = send.deliveries.filter(state=Delivery.State.QUEUED, pk__gt=after_id).order_by("pk")
    last_and_next = list(waiting.values_list("pk", flat=True)[count - 1 : count + 1])
    return last_and_next[0] if len(last_and_next) == 2 else None


def not_held() -> Q:
    """Pick the deliveries that their send does not hold back, inside a query over sends."""
    return Q(pk__lte=Coalesce(OuterRef("held_after_id"), Value(LARGEST_ID, models.BigIntegerField())))
