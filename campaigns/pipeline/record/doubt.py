"""Deliveries in doubt: the request may have left, and no answer was recorded."""

import itertools
import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from campaigns.models import Account, Attempt, Delivery, bulk
from campaigns.models.clock import now
from campaigns.pipeline.record import books
from campaigns.pipeline.record.entries import entry, write_entries
from campaigns.pipeline.record.retries import next_try
from campaigns.pipeline.record.states import DELIVERY_FIELDS, Outcome, doubt, resend

SWEEP_COUNT = 1_000


@transaction.atomic
def sweep() -> int:
    """Give up on leases that ran out (their worker died or froze); return how many rows were taken back.

    Every leased row has an open attempt, written before its call: whether the call left is unknown.
    """
    at = now()
    expired = Delivery.objects.filter(state=Delivery.State.SENDING, lease_until__lt=at)
    rows = list(
        expired.select_for_update(skip_locked=True, of=("self",))
        .select_related("send__account")
        .order_by("lease_until")[:SWEEP_COUNT]
    )
    Attempt.objects.filter(lease_token__in={row.lease_token for row in rows}, closed_at=None).filter(
        delivery__in=rows
    ).update(
        closed_at=at,
        outcome=Attempt.Outcome.UNKNOWN,
        reason="the worker stopped before an answer was recorded",
    )
    for row in rows:
        row.lease_token = row.lease_until = None
        row.changed_at, row.detail = at, ""
        doubt(row, Delivery.Reason.WORKER_LOST, send=row.send, at=at)
    save(rows, was=Delivery.State.SENDING, at=at)
    return len(rows)


def save(rows: Sequence[Delivery], *, was: Delivery.State, at: datetime) -> None:
    """Save rows of several sends and move them in their sends' books."""
    bulk.update(rows, DELIVERY_FIELDS)
    by_send: dict[int, Counter[Delivery.State]] = defaultdict(Counter)
    for row in rows:
        by_send[row.send_id][Delivery.State(row.state)] += 1
        by_send[row.send_id][was] -= 1
    for send_id in sorted(by_send):  # one order for everybody, so that two workers cannot block each other
        books.move(send_id, by_send[send_id])
        books.finish(send_id, at=at)


@dataclass(frozen=True, slots=True)
class Doubt:
    """A delivery to look into, and the call it is in doubt about."""

    delivery: Delivery
    attempt: Attempt
    lease_token: uuid.UUID


def unheld(at: datetime) -> Q:
    """Pick deliveries in doubt that nobody is looking into at this moment."""
    return Q(lease_until=None) | Q(lease_until__lt=at)


def _doubts(account: Account, *, at: datetime) -> QuerySet[Delivery]:
    return Delivery.objects.filter(
        unheld(at), state=Delivery.State.IN_DOUBT, due_at__lte=at, send__account=account
    )


def has_doubts(account: Account) -> bool:
    """Whether any delivery in doubt may be looked into now."""
    return _doubts(account, at=now()).exists()


@transaction.atomic
def claim_doubts(account: Account, *, limit: int) -> list[Doubt]:
    """Lease deliveries in doubt that may be looked into now: as many as ``limit`` reads are enough for, or one."""
    at = now()
    due = _doubts(account, at=at).select_for_update(skip_locked=True, of=("self",))
    rows = list(due.select_related("send").order_by("due_at")[:limit])
    reads = itertools.accumulate(len(row.subscription_ids) for row in rows)
    rows = rows[: max(1, sum(count <= limit for count in reads))]
    token, until = uuid.uuid4(), at + timedelta(seconds=settings.LEASE_SECONDS)
    Delivery.objects.filter(pk__in=[row.pk for row in rows]).update(lease_token=token, lease_until=until)
    last = last_calls([row.pk for row in rows])
    return [Doubt(delivery=row, attempt=last[row.pk], lease_token=token) for row in rows]


def last_calls(delivery_ids: Collection[int]) -> dict[int, Attempt]:
    """Return each delivery's latest call that could change a calendar, by delivery id."""
    calls = Attempt.objects.filter(delivery__in=delivery_ids)
    calls = calls.exclude(operation=Attempt.Operation.VERIFY).order_by("number")
    return {attempt.delivery_id: attempt for attempt in calls}


@dataclass(frozen=True, slots=True)
class Finding:
    """What looking showed: ``arrived`` is None where the answer could not be read. ``looks`` are the calls."""

    doubt: Doubt
    arrived: bool | None
    content: str
    looks: Sequence[tuple[str, str, Outcome]]  # method, address, outcome


@transaction.atomic
def settle(findings: Sequence[Finding]) -> None:
    """Resolve deliveries in doubt: there is confirmed, missing is sent again, unreadable waits."""
    at = now()
    held = _still_held(findings)
    ours = [finding for finding in findings if finding.doubt.delivery.pk in held]
    Attempt.objects.bulk_create(look for finding in ours for look in _looks(finding, at=at))
    for finding in ours:
        _apply(finding, at=at)
    write_entries(
        entry(
            finding.doubt.delivery,
            content=finding.content,
            operation=finding.doubt.attempt.operation,
            at=at,
            confirmed=True,
        )
        for finding in ours
        if finding.arrived
    )
    save([finding.doubt.delivery for finding in ours], was=Delivery.State.IN_DOUBT, at=at)


def _still_held(findings: Sequence[Finding]) -> set[int]:
    rows = Delivery.objects.filter(
        pk__in=[finding.doubt.delivery.pk for finding in findings],
        state=Delivery.State.IN_DOUBT,
        lease_token__in={finding.doubt.lease_token for finding in findings},
    )
    return set(rows.select_for_update().order_by("pk").values_list("pk", flat=True))


def _looks(finding: Finding, *, at: datetime) -> list[Attempt]:
    delivery = finding.doubt.delivery
    return [
        Attempt(
            delivery=delivery,
            number=delivery.attempt_count + place,
            operation=Attempt.Operation.VERIFY,
            method=method,
            url=url,
            lease_token=finding.doubt.lease_token,
            opened_at=at,
            closed_at=at,
            outcome=outcome.verdict,
            status=outcome.status,
            answer=outcome.answer,
            reason=outcome.reason[:300],
            elapsed_ms=outcome.elapsed_ms,
        )
        for place, (method, url, outcome) in enumerate(finding.looks, start=1)
    ]


def _apply(finding: Finding, *, at: datetime) -> None:
    delivery = finding.doubt.delivery
    delivery.attempt_count += len(finding.looks)
    delivery.lease_token = delivery.lease_until = delivery.due_at = None
    delivery.changed_at = at
    if finding.arrived:
        delivery.state, delivery.reason, delivery.detail = Delivery.State.CONFIRMED, Delivery.Reason.NONE, ""
    elif finding.arrived is None:
        _look_again(delivery, at=at)
    else:
        resend(delivery, send=delivery.send, at=at)


def _look_again(delivery: Delivery, *, at: datetime) -> None:
    """Wait longer each time; without an answer in the end, people decide."""
    delivery.due_at = next_try(delivery.retry_count, at=at, deliver_until=delivery.send.deliver_until)
    delivery.retry_count += 1
