"""Take a batch: lease, state and the intent of every call, in one commit, before the first byte leaves."""

import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet

from campaigns.models import Attempt, Delivery, Send
from campaigns.models.clock import now
from campaigns.pipeline.record import books, bulk


@dataclass(frozen=True, slots=True)
class Intent:
    """The call that is about to be made for one delivery; ``content`` is the wire event it carries.

    ``notes`` should be looked at before a send; ``ends_at`` is when this person's own event ends, where it differs.
    """

    operation: Attempt.Operation
    method: str
    url: str
    body: str
    content: str
    notes: tuple[str, ...] = ()
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Unfit:
    """Why no call is made for a delivery, and the final state that gives it."""

    state: Delivery.State
    reason: Delivery.Reason
    cause: str = ""
    detail: str = ""

    @property
    def text(self) -> str:
        """Cause and detail in one line."""
        return f"{self.cause} ({self.detail})" if self.detail else self.cause


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that is ours until the lease ends, with its open attempt."""

    delivery: Delivery
    attempt: Attempt
    intent: Intent


@dataclass(frozen=True, slots=True)
class Batch:
    """What one worker holds: rows of one send under one lease token."""

    send: Send
    lease_token: uuid.UUID
    claimed: Sequence[Claimed]


Writer = Callable[[Sequence[Delivery]], Sequence[Intent | Unfit | None]]


@transaction.atomic
def claim(send: Send, *, limit: int, write: Writer) -> Batch:
    """Lease up to ``limit`` due deliveries of a running send and write down what will be sent.

    ``write`` turns the rows into intents (or says why not, or None for "not now"); it must not touch the
    network. Two workers never get the same row: PostgreSQL skips locked rows, SQLite has one writer at a time.
    """
    at, token = now(), uuid.uuid4()
    rows = _due(send, at=at, limit=limit)
    verdicts = list(zip(rows, write(rows), strict=True))
    fit = [(row, intent) for row, intent in verdicts if isinstance(intent, Intent)]
    unfit = [(row, why) for row, why in verdicts if isinstance(why, Unfit)]
    _lease([row for row, _intent in fit], token=token, at=at)
    claimed = _open_attempts(fit, token=token, at=at)
    _refuse(unfit, at=at)
    moves = Counter(why.state for _row, why in unfit)
    moves[Delivery.State.SENDING] += len(fit)
    moves[Delivery.State.QUEUED] -= len(fit) + len(unfit)
    books.move(send.pk, moves)
    if unfit and not fit:
        books.finish(send.pk, at=at)
    return Batch(send=send, lease_token=token, claimed=claimed)


def peek(send: Send, *, limit: int) -> list[Delivery]:
    """Return the deliveries that the next claim would take, without taking them."""
    return list(_queue(send, at=now())[:limit])


def _due(send: Send, *, at: datetime, limit: int) -> list[Delivery]:
    if not Send.objects.filter(pk=send.pk, state=Send.State.SENDING).exists():
        return []  # paused or cancelled since the worker looked
    return list(_queue(send, at=at).select_for_update(skip_locked=True, of=("self",))[:limit])


def _queue(send: Send, *, at: datetime) -> QuerySet[Delivery]:
    queue = Delivery.objects.filter(send=send, state=Delivery.State.QUEUED, due_at__lte=at)
    return queue.select_related("send", "subscriber").order_by("due_at", "id")


def _lease(rows: Sequence[Delivery], *, token: uuid.UUID, at: datetime) -> None:
    Delivery.objects.filter(pk__in=[row.pk for row in rows]).update(
        state=Delivery.State.SENDING,
        reason=Delivery.Reason.NONE,
        detail="",
        lease_token=token,
        lease_until=at + timedelta(seconds=settings.LEASE_SECONDS),
        attempt_count=F("attempt_count") + 1,
        changed_at=at,
    )
    for row in rows:
        row.attempt_count += 1


def _open_attempts(
    fit: Sequence[tuple[Delivery, Intent]], *, token: uuid.UUID, at: datetime
) -> list[Claimed]:
    attempts = Attempt.objects.bulk_create(
        Attempt(
            delivery=row,
            number=row.attempt_count,
            operation=intent.operation,
            method=intent.method,
            url=intent.url,
            body=intent.body,
            lease_token=token,
            opened_at=at,
        )
        for row, intent in fit
    )
    return [
        Claimed(delivery=row, attempt=attempt, intent=intent)
        for (row, intent), attempt in zip(fit, attempts, strict=True)
    ]


def _refuse(unfit: Sequence[tuple[Delivery, Unfit]], *, at: datetime) -> None:
    for row, why in unfit:
        row.state, row.reason, row.detail = why.state, why.reason, why.text[:300]
        row.due_at, row.changed_at = None, at
    bulk.update([row for row, _why in unfit], ["state", "reason", "detail", "due_at", "changed_at"])
