"""Take a batch: lease, state and the intent of every call, in one commit, before the first byte leaves."""

import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from json import loads
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F

from campaigns.models import Attempt, Delivery, Send, bulk
from campaigns.models.clock import now
from campaigns.models.ledger import ids_in
from campaigns.pipeline.record import books
from campaigns.pipeline.written import Recipient


@dataclass(frozen=True, slots=True)
class Place:
    """A row's place in the queue of its send.

    What was taken from the front of a queue stays in the index until the database tidies up; whoever begins behind
    it does not have to walk through it again.
    """

    due_at: Any  # as the database spells it
    pk: int


@dataclass(frozen=True, slots=True)
class Due:
    """A delivery whose turn it is, and its person (None when erased): only what a call is written from."""

    pk: int
    send: Send
    subscriber: Recipient | None
    external_id: str
    subscriptions: str
    subscription_ids: list[str]
    attempt_count: int
    retry_count: int
    reason: str

    @property
    def subscriber_id(self) -> int | None:
        """The person's id."""
        return self.subscriber.pk if self.subscriber else None


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
    """A delivery that is ours until the lease ends; ``number`` is that of its open attempt."""

    delivery: Due
    intent: Intent
    number: int


@dataclass(frozen=True, slots=True)
class Batch:
    """What one worker holds: rows of one send under one lease token.

    ``until`` is where in the queue it ended: the next one may begin there.
    """

    send: Send
    lease_token: uuid.UUID
    claimed: Sequence[Claimed]
    until: Place | None


Writer = Callable[[Sequence[Due]], Sequence[Intent | Unfit | None]]


class _StoppedError(Exception):
    """Staff have stopped the send while its calls were being written."""


def claim(send: Send, *, limit: int, write: Writer, after: Place | None = None) -> Batch:
    """Lease up to ``limit`` due deliveries of a running send and write down what will be sent.

    ``write`` turns the rows into intents (or says why not, or None for "not now"); it must not touch the
    network. Two workers never get the same row: PostgreSQL skips locked rows, SQLite has one writer at a time.
    A send that is paused or cancelled while they are written keeps them.
    """
    token = uuid.uuid4()
    try:
        return _claim(send, token=token, limit=limit, write=write, after=after)
    except _StoppedError:
        return Batch(send=send, lease_token=token, claimed=[], until=None)


@transaction.atomic
def _claim(send: Send, *, token: uuid.UUID, limit: int, write: Writer, after: Place | None) -> Batch:
    at = now()
    rows, until = _due(send, at=at, limit=limit, after=after)
    verdicts = list(zip(rows, write(rows), strict=True)) if rows else []
    fit = [(row, intent) for row, intent in verdicts if isinstance(intent, Intent)]
    unfit = [(row, why) for row, why in verdicts if isinstance(why, Unfit)]
    claimed = _lease(fit, token=token, at=at)
    _refuse(unfit, at=at)
    moves = Counter(why.state for _row, why in unfit)
    moves[Delivery.State.SENDING] += len(fit)
    moves[Delivery.State.QUEUED] -= len(fit) + len(unfit)
    if not books.move_if_running(send.pk, moves):
        raise _StoppedError
    if unfit and not fit:
        books.finish(send.pk, at=at)
    return Batch(send=send, lease_token=token, claimed=claimed, until=until)


def peek(send: Send, *, limit: int, after: Place | None = None) -> list[Due]:
    """Return the deliveries that the next claim would take, without taking them."""
    return _queue(send, at=now(), limit=limit, after=after)[0]


def _due(send: Send, *, at: datetime, limit: int, after: Place | None) -> tuple[list[Due], Place | None]:
    can_lock = connection.features.has_select_for_update
    return _queue(
        send, at=at, limit=limit, after=after, lock=" FOR UPDATE OF d SKIP LOCKED" if can_lock else ""
    )


def _queue(
    send: Send, *, at: datetime, limit: int, after: Place | None, lock: str = ""
) -> tuple[list[Due], Place | None]:
    """Read the front of a send's queue. In SQL, because rows of the ORM cost more than the rest of writing a call."""
    conditions, parameters = [_WAITING], [send.pk, Delivery.State.QUEUED, _moment(at), Send.State.SENDING]
    if send.held_after_id is not None:
        conditions, parameters = [*conditions, "d.id <= %s"], [*parameters, send.held_after_id]
    if after is not None:
        conditions.append("(d.due_at, d.id) > (%s, %s)")
        parameters += [after.due_at, after.pk]
    with connection.cursor() as cursor:
        cursor.execute(
            f"{_SELECT} WHERE {' AND '.join(conditions)} ORDER BY d.due_at, d.id LIMIT %s{lock}",
            [*parameters, limit],
        )
        rows = cursor.fetchall()
    return [_due_row(send, *row) for row in rows], Place(rows[-1][1], rows[-1][0]) if rows else None


_WAITING = (  # and not paused or cancelled since the worker looked
    "d.send_id = %s AND d.state = %s AND d.due_at <= %s"
    " AND EXISTS (SELECT 1 FROM campaigns_send WHERE id = d.send_id AND state = %s)"
)
_SELECT = (
    "SELECT d.id, d.due_at, d.external_id, d.subscriptions, d.attempt_count, d.retry_count, d.reason, s.id,"
    " s.external_id, s.first_name, s.last_name, s.email, s.profile, s.attributes, s.is_active, s.is_suppressed"
    " FROM campaigns_delivery d LEFT JOIN campaigns_subscriber s ON s.id = d.subscriber_id"
)


def _due_row(send: Send, pk: int, _due_at: Any, *rest: Any) -> Due:
    external_id, subscriptions, attempt_count, retry_count, reason, person, *known = rest
    return Due(
        pk,
        send,
        None if person is None else _recipient(person, *known),
        external_id,
        subscriptions,
        ids_in(subscriptions),
        attempt_count,
        retry_count,
        reason,
    )


def _recipient(pk: int, *known: Any) -> Recipient:
    external_id, first, last, email, profile, attributes, is_active, is_suppressed = known
    return Recipient(
        pk, external_id, first, last, email, loads(profile), loads(attributes), is_active, is_suppressed
    )


def _moment(at: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(at)


def _lease(fit: Sequence[tuple[Due, Intent]], *, token: uuid.UUID, at: datetime) -> list[Claimed]:
    """Make the rows ours, each with an open attempt.

    The reason stays: that an earlier call got no answer is as true while the next one is made.
    """
    Delivery.objects.filter(pk__listed=[row.pk for row, _intent in fit]).update(
        state=Delivery.State.SENDING,
        detail="",
        lease_token=token,
        lease_until=at + timedelta(seconds=settings.LEASE_SECONDS),
        attempt_count=F("attempt_count") + 1,
        changed_at=at,
    )
    bulk.insert(
        Attempt,
        ["delivery", "number", "operation", "method", "url", "body"],
        [
            (row.pk, row.attempt_count + 1, intent.operation, intent.method, intent.url, intent.body)
            for row, intent in fit
        ],
        lease_token=token,
        opened_at=at,
        outcome=Attempt.Outcome.OPEN,
        answer="",
        reason="",
        is_late=False,
    )
    return [Claimed(delivery=row, intent=intent, number=row.attempt_count + 1) for row, intent in fit]


def _refuse(unfit: Sequence[tuple[Due, Unfit]], *, at: datetime) -> None:
    bulk.change(
        Delivery,
        ["id"],
        ["state", "reason", "detail"],
        [(row.pk, why.state, why.reason, why.text[:300]) for row, why in unfit],
        due_at=None,
        changed_at=at,
    )
