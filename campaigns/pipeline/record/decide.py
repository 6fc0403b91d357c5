"""Deliveries in doubt that people settle: what was decided, and a line for each of them."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F, QuerySet

from campaigns.models import Delivery, DoubtDecision, Send, SendAction, bulk
from campaigns.models.clock import now
from campaigns.pipeline.record import books
from campaigns.pipeline.record.doubt import last_calls, unheld
from campaigns.pipeline.record.entries import entry, write_entries
from campaigns.pipeline.record.states import DELIVERY_FIELDS, requeue

Verdict = SendAction.Verdict


@transaction.atomic
def take_doubts(doubts: QuerySet[Delivery], *, after_id: int, limit: int) -> list[Delivery]:
    """Lock the next deliveries that may be decided; who is being looked into now is left to that look.

    A look may end in a repeat: a decision beside it could make that two. Call it in the transaction of ``decide``.
    """
    mine = doubts.filter(unheld(now()), state=Delivery.State.IN_DOUBT, pk__gt=after_id)
    return list(mine.select_for_update(of=("self",)).order_by("pk")[:limit])


@transaction.atomic
def decide(rows: Sequence[Delivery], action: SendAction, *, content_of: Callable[[str], str]) -> None:
    """Settle locked deliveries of one send as the action says, and name them with it."""
    at, send = now(), Send.objects.get(pk=action.send_id)
    for row in rows:
        row.send = send
        _apply(row, action, at=at)
    bulk.update(rows, DELIVERY_FIELDS)
    if action.verdict == Verdict.ARRIVED:
        calls = last_calls([row.pk for row in rows])
        write_entries(
            entry(row, content=content_of(calls[row.pk].body), operation=calls[row.pk].operation, at=at)
            for row in rows
        )
    DoubtDecision.objects.bulk_create(DoubtDecision(action=action, delivery=row) for row in rows)
    SendAction.objects.filter(pk=action.pk).update(delivery_count=F("delivery_count") + len(rows))
    moves = Counter(Delivery.State(row.state) for row in rows)
    moves[Delivery.State.IN_DOUBT] -= len(rows)
    books.move(send.pk, moves)
    books.finish(send.pk, at=at)


def _apply(row: Delivery, action: SendAction, *, at: datetime) -> None:
    row.lease_token = row.lease_until = row.due_at = None
    row.changed_at = at
    match action.verdict:
        case Verdict.ARRIVED:
            row.state, row.reason = Delivery.State.ACCEPTED, Delivery.Reason.DECIDED
            row.detail = action.note[:300]
        case Verdict.AGAIN:
            row.retry_count = 1  # by hand, always; and with the same bytes
            requeue(row, send=row.send, due_at=at)
        case Verdict.LOOK:
            row.retry_count, row.due_at = 0, at
        case Verdict.GIVEN_UP:
            row.state, row.reason = Delivery.State.FAILED, Delivery.Reason.DECIDED
            row.detail = action.note[:300]
