"""Write down what came of a batch; only rows that are still ours change."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from campaigns.models import Attempt, Delivery, Send, bulk
from campaigns.models.clock import now
from campaigns.pipeline.record import books
from campaigns.pipeline.record.claim import Batch, Claimed
from campaigns.pipeline.record.doubt import last_calls, save
from campaigns.pipeline.record.entries import accepted_entries, entry, on_their_way, write_entries
from campaigns.pipeline.record.states import DELIVERY_FIELDS, Outcome, apply, says_it_is_not_there

Pair = tuple[Claimed, Outcome]


class LeaseLostError(Exception):
    """Somebody else has given a state to some of a batch's rows meanwhile."""


def close(batch: Batch, outcomes: Sequence[Outcome]) -> Counter[Delivery.State]:
    """Record the outcomes of a batch, in the order of ``batch.claimed``; return the new states.

    A row whose lease was lost keeps the state somebody else gave it, unless that was only a doubt: then the late
    answer settles it. May be called again with the same outcomes where it is not known whether it went through.
    """
    pairs = list(zip(batch.claimed, outcomes, strict=True))
    try:
        return _close(batch, pairs, at=now())
    except LeaseLostError:
        return _close_what_is_held(batch, pairs)


@transaction.atomic
def _close_what_is_held(batch: Batch, pairs: Sequence[Pair]) -> Counter[Delivery.State]:
    at, held = now(), _still_held(batch)
    late = [pair for pair in pairs if pair[0].delivery.pk not in held and _says_something(pair)]
    _settle_late([pair for pair in late if _says_how_it_ended(pair)], at=at)
    _close_attempts(batch, late, at=at, is_late=True)
    return _close(batch, [pair for pair in pairs if pair[0].delivery.pk in held], at=at)


@transaction.atomic
def _close(batch: Batch, pairs: Sequence[Pair], *, at: datetime) -> Counter[Delivery.State]:
    """Close these rows of a batch; raises ``LeaseLostError`` where one of them is not ours any more."""
    accepted = [claimed for claimed, outcome in pairs if outcome.verdict == Attempt.Outcome.ACCEPTED]
    others = {
        claimed.delivery.pk: outcome
        for claimed, outcome in pairs
        if outcome.verdict != Attempt.Outcome.ACCEPTED
    }
    _accept(batch, [claimed.delivery.pk for claimed in accepted], at=at)
    states = _give_states(batch, others, at=at) if others else Counter[Delivery.State]()
    _close_attempts(batch, pairs, at=at, is_late=False)
    accepted_entries(
        [(claimed.delivery, claimed.intent.operation, claimed.intent.content) for claimed in accepted],
        send=batch.send,
        at=at,
    )
    states[Delivery.State.ACCEPTED] += len(accepted)
    books.move(batch.send.pk, {**states, Delivery.State.SENDING: -len(pairs)})
    books.finish(batch.send.pk, at=at)
    return states


def _accept(batch: Batch, ids: Sequence[int], *, at: datetime) -> None:
    """Accept rows, all at once; a row that somebody else has touched spoils it."""
    count = _held(batch, ids).update(
        state=Delivery.State.ACCEPTED,
        reason=Delivery.Reason.NONE,
        detail="",
        due_at=None,
        lease_token=None,
        lease_until=None,
        changed_at=at,
    )
    if count != len(ids):
        raise LeaseLostError


def _give_states(batch: Batch, outcomes: Mapping[int, Outcome], *, at: datetime) -> Counter[Delivery.State]:
    """Give every row the state that its outcome means; whether the send goes on is read anew."""
    send = Send.objects.select_related("account").get(pk=batch.send.pk)
    rows = list(_held(batch, list(outcomes)).select_for_update().order_by("pk"))
    if len(rows) != len(outcomes):
        raise LeaseLostError
    missed = [row.subscriber_id for row in rows if says_it_is_not_there(outcomes[row.pk], send=send)]
    early = on_their_way(missed, send=send, at=at)
    for row in rows:
        apply(row, outcomes[row.pk], send=send, at=at, is_on_its_way=row.subscriber_id in early)
    bulk.update(rows, DELIVERY_FIELDS)
    return Counter(Delivery.State(row.state) for row in rows)


def _still_held(batch: Batch) -> set[int]:
    rows = _held(batch, [claimed.delivery.pk for claimed in batch.claimed])
    return set(rows.select_for_update().order_by("pk").values_list("pk", flat=True))


def _held(batch: Batch, ids: Collection[int]) -> QuerySet[Delivery]:
    """Find the rows that are still the batch's: whoever gives a row another state takes the lease away.

    (With the state in the question PostgreSQL walks through all that was on the wire since the last vacuum.)
    """
    return Delivery.objects.filter(pk__listed=ids, lease_token=batch.lease_token)


def _says_something(pair: Pair) -> bool:
    return pair[1].verdict != Attempt.Outcome.UNKNOWN


def _says_how_it_ended(pair: Pair) -> bool:
    return pair[1].verdict in (Attempt.Outcome.ACCEPTED, Attempt.Outcome.REFUSED)


def _settle_late(pairs: Sequence[Pair], *, at: datetime) -> None:
    """Let answers that came after their lease settle the doubt, where nothing newer was tried and nobody looks."""
    by_row = {claimed.delivery.pk: (claimed, outcome) for claimed, outcome in pairs}
    doubtful = Q(state=Delivery.State.IN_DOUBT, lease_token=None) | Q(
        state=Delivery.State.QUEUED, reason__in=Delivery.UNANSWERED
    )
    found = Delivery.objects.filter(doubtful, pk__in=list(by_row)).exclude(subscriber=None)
    rows = list(found.select_for_update(of=("self",)).select_related("send__account").order_by("pk"))
    newest = last_calls([row.pk for row in rows])
    rows = [row for row in rows if newest[row.pk].number == by_row[row.pk][0].number]
    for was in (Delivery.State.IN_DOUBT, Delivery.State.QUEUED):
        _settle([(row, *by_row[row.pk]) for row in rows if row.state == was], was=was, at=at)


def _settle(late: Sequence[tuple[Delivery, Claimed, Outcome]], *, was: Delivery.State, at: datetime) -> None:
    for row, _claimed, outcome in late:
        apply(row, outcome, send=row.send, at=at)
    write_entries(
        entry(row, content=claimed.intent.content, operation=claimed.intent.operation, at=at)
        for row, claimed, outcome in late
        if outcome.verdict == Attempt.Outcome.ACCEPTED
    )
    save([row for row, _claimed, _outcome in late], was=was, at=at)


def _close_attempts(batch: Batch, pairs: Sequence[Pair], *, at: datetime, is_late: bool) -> None:
    """Write the answers to the calls of a batch; an answer that is known stays, and so does an erased person's call."""
    bulk.change(
        Attempt,
        ["delivery", "number"],
        ["outcome", "status", "answer", "reason", "elapsed_ms"],
        [
            (
                claimed.delivery.pk,
                claimed.number,
                outcome.verdict,
                outcome.status,
                outcome.answer,
                outcome.reason[:300],
                outcome.elapsed_ms,
            )
            for claimed, outcome in pairs
        ],
        where={"lease_token": batch.lease_token, "outcome": (Attempt.Outcome.OPEN, Attempt.Outcome.UNKNOWN)},
        closed_at=at,
        is_late=is_late,
    )
