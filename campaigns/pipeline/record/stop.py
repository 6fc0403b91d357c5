"""Rows that people or the calendar take out of the queue, or put back into it."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from campaigns.models import Crash, Delivery, Send
from campaigns.models.clock import now
from campaigns.pipeline.record import books


@transaction.atomic
def cancel_waiting(send: Send) -> int:
    """Cancel what is still waiting of a cancelled send; what is on the wire ends by itself."""
    return _take_out(send, to=Delivery.State.CANCELLED, reason=Delivery.Reason.SEND_CANCELLED, at=now())


@transaction.atomic
def expire(send: Send) -> int:
    """Give up on what is still waiting once the event is over: an entry that comes too late is worse."""
    at = now()
    if at < send.deliver_until:
        return 0
    return _take_out(send, to=Delivery.State.EXPIRED, reason=Delivery.Reason.EVENT_OVER, at=at)


def _take_out(send: Send, *, to: Delivery.State, reason: Delivery.Reason, at: datetime) -> int:
    """Empty the queue of a send; rows that wait to repeat a call without an answer are left for people to decide."""
    waiting = Delivery.objects.filter(send=send, state=Delivery.State.QUEUED)
    doubts = waiting.filter(reason__in=Delivery.UNANSWERED)
    doubt_count = doubts.update(state=Delivery.State.IN_DOUBT, due_at=None, changed_at=at)
    # Whoever came to wait for a repeat between the two questions is left to the next tick.
    plain = waiting.exclude(reason__in=Delivery.UNANSWERED)
    count = plain.update(state=to, reason=reason, detail="", due_at=None, changed_at=at)
    books.move(
        send.pk,
        {Delivery.State.QUEUED: -count - doubt_count, Delivery.State.IN_DOUBT: doubt_count, to: count},
    )
    books.finish(send.pk, at=at)
    return count


@transaction.atomic
def finish(send: Send) -> bool:
    """Finish a running send of which nothing is left to do."""
    return books.finish(send.pk, at=now())


@transaction.atomic
def requeue_failed(send: Send, *, reasons: Collection[str] = ()) -> int:
    """Queue the failed of a send again (only those with one of ``reasons``, if any are given)."""
    at = now()
    failed = Delivery.objects.filter(send=send, state=Delivery.State.FAILED)
    if reasons:
        failed = failed.filter(reason__in=reasons)
    Crash.objects.filter(delivery__in=failed).delete()
    count = failed.update(
        state=Delivery.State.QUEUED,
        reason=Delivery.Reason.NONE,
        detail="",
        due_at=at,
        retry_count=0,
        changed_at=at,
    )
    books.move(send.pk, {Delivery.State.FAILED: -count, Delivery.State.QUEUED: count})
    if count:
        finished = Send.objects.filter(pk=send.pk, state=Send.State.FINISHED)
        finished.update(state=Send.State.SENDING, finished_at=None)
    return count
