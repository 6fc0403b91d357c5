"""Write down what came of a batch; only rows that are still ours change."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Max, QuerySet

from campaigns.models import Account, Attempt, Delivery, Entry, Send
from campaigns.models.clock import now
from campaigns.pipeline.record import books, bulk
from campaigns.pipeline.record.claim import Batch, Claimed
from campaigns.pipeline.record.retries import next_try

DELIVERY_FIELDS = [
    "state", "reason", "detail", "due_at", "attempt_count", "retry_count",
    "lease_token", "lease_until", "changed_at",
]  # fmt: skip
ENTRY_FIELDS = ["delivery", "state", "subscriptions", "body", "is_test", "accepted_at", "confirmed_at"]
ATTEMPT_FIELDS = ["closed_at", "outcome", "status", "answer", "reason", "elapsed_ms", "is_late"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one call came to. ``spares_retries``: the account was held back, the row is not to blame."""

    verdict: Attempt.Outcome
    status: int | None
    answer: str
    reason: str
    elapsed_ms: int
    spares_retries: bool = False


@transaction.atomic
def close(batch: Batch, outcomes: Sequence[Outcome]) -> Counter[Delivery.State]:
    """Record the outcomes of a batch, in the order of ``batch.claimed``; return the new states.

    A row whose lease was lost keeps the state somebody else gave it: only its attempt gets the late
    evidence.
    """
    at = now()
    send = Send.objects.select_related("account").get(pk=batch.send.pk)
    held = _still_held(batch)
    pairs = list(zip(batch.claimed, outcomes, strict=True))
    _close_attempts(pairs, held=held, at=at)
    ours = [(claimed, outcome) for claimed, outcome in pairs if claimed.delivery.pk in held]
    for claimed, outcome in ours:
        apply(claimed.delivery, outcome, send=send, at=at)
    bulk.update([claimed.delivery for claimed, _outcome in ours], DELIVERY_FIELDS)
    write_entries(
        entry(claimed.delivery, content=claimed.intent.content, operation=claimed.intent.operation, at=at)
        for claimed, outcome in ours
        if outcome.verdict == Attempt.Outcome.ACCEPTED
    )
    states = Counter(Delivery.State(claimed.delivery.state) for claimed, _outcome in ours)
    books.move(send.pk, {**states, Delivery.State.SENDING: -len(ours)})
    books.finish(send.pk, at=at)
    return states


def _still_held(batch: Batch) -> set[int]:
    rows = Delivery.objects.filter(
        pk__in=[claimed.delivery.pk for claimed in batch.claimed],
        state=Delivery.State.SENDING,
        lease_token=batch.lease_token,
    )
    return set(rows.select_for_update().order_by("pk").values_list("pk", flat=True))


def apply(delivery: Delivery, outcome: Outcome, *, send: Send, at: datetime) -> None:
    """Give a delivery (in memory) the state that an outcome means."""
    delivery.lease_token = delivery.lease_until = delivery.due_at = None
    delivery.changed_at = at
    delivery.detail = outcome.reason[:300]
    if outcome.verdict == Attempt.Outcome.ACCEPTED:
        delivery.state, delivery.reason, delivery.detail = Delivery.State.ACCEPTED, Delivery.Reason.NONE, ""
    elif outcome.verdict == Attempt.Outcome.REFUSED:
        delivery.state, delivery.reason = Delivery.State.FAILED, Delivery.Reason.REFUSED
    elif outcome.verdict == Attempt.Outcome.UNKNOWN:
        doubt(delivery, Delivery.Reason.NO_ANSWER, send=send, at=at)
    elif outcome.spares_retries:
        requeue(delivery, send=send, due_at=at)
    else:
        retry(delivery, send=send, at=at)


def requeue(delivery: Delivery, *, send: Send, due_at: datetime) -> None:
    """Put a delivery back into the queue, unless its send was cancelled meanwhile."""
    if send.state == Send.State.CANCELLED:
        delivery.state, delivery.due_at = Delivery.State.CANCELLED, None
        delivery.reason, delivery.detail = Delivery.Reason.SEND_CANCELLED, ""
        return
    delivery.state, delivery.reason, delivery.due_at = Delivery.State.QUEUED, Delivery.Reason.NONE, due_at


def retry(delivery: Delivery, *, send: Send, at: datetime) -> None:
    """Queue a delivery for its next try, or give up when the tries or the time are spent."""
    due_at = next_try(delivery.retry_count, at=at, deliver_until=send.deliver_until)
    if due_at is None:
        delivery.state, delivery.reason = Delivery.State.FAILED, Delivery.Reason.GAVE_UP
        return
    delivery.retry_count += 1
    requeue(delivery, send=send, due_at=due_at)


def doubt(delivery: Delivery, reason: Delivery.Reason, *, send: Send, at: datetime) -> None:
    """Hold a delivery whose request left and whose answer is unknown, as its account wants it resolved."""
    policy = send.account.when_in_doubt
    settled_at = at + timedelta(seconds=settings.SETTLE_SECONDS)
    delivery.reason = reason
    may_resend = policy == Account.WhenInDoubt.RESEND and send.state != Send.State.CANCELLED
    if may_resend and resend(delivery, send=send, at=settled_at):
        delivery.reason = reason  # still a doubt, should it never come to the repeat
        return
    delivery.state = Delivery.State.IN_DOUBT
    delivery.due_at = settled_at if policy == Account.WhenInDoubt.VERIFY else None


def resend(delivery: Delivery, *, send: Send, at: datetime) -> bool:
    """Queue a delivery in doubt once more with the same bytes; False when its tries or time are spent."""
    if next_try(delivery.retry_count, at=at, deliver_until=send.deliver_until) is None:
        return False
    delivery.retry_count += 1
    requeue(delivery, send=send, due_at=at)
    return True


def _close_attempts(pairs: Sequence[tuple[Claimed, Outcome]], *, held: set[int], at: datetime) -> None:
    for claimed, outcome in pairs:
        attempt = claimed.attempt
        attempt.closed_at, attempt.outcome = at, outcome.verdict
        attempt.status, attempt.answer = outcome.status, outcome.answer
        attempt.reason, attempt.elapsed_ms = outcome.reason[:300], outcome.elapsed_ms
        attempt.is_late = claimed.delivery.pk not in held
    bulk.update([claimed.attempt for claimed, _outcome in pairs], ATTEMPT_FIELDS)


def entry(
    delivery: Delivery, *, content: str, operation: str, at: datetime, confirmed: bool = False
) -> Entry | None:
    """Return what an accepted call leaves on the person's calendar; None where the person was erased."""
    if delivery.subscriber_id is None:
        return None
    removed = operation == Attempt.Operation.DELETE
    return Entry(
        event_id=delivery.send.event_id,
        subscriber_id=delivery.subscriber_id,
        delivery=delivery,
        state=Entry.State.CANCELLED if removed else Entry.State.PRESENT,
        subscriptions=delivery.subscriptions,
        body=content,
        is_test=delivery.send.is_test,
        accepted_at=at,
        confirmed_at=at if confirmed else None,
    )


def write_entries(entries: Iterable[Entry | None]) -> None:
    """Remember what is now on each person's calendar; what a later call has put there stays.

    An answer may be known long after its call, once somebody has decided a doubt. New rows come first, then those
    that were there, each in one order, so that two workers cannot block each other.
    """
    made = [entry for entry in entries if entry is not None]
    called_at = _last_calls(made)
    made.sort(key=lambda entry: called_at[entry.delivery_id])
    latest = {(entry.subscriber_id, entry.event_id): entry for entry in made}
    mine = [latest[place] for place in sorted(latest)]
    Entry.objects.bulk_create(mine, ignore_conflicts=True)
    before = list(_by_other_deliveries(mine))
    called_at |= _last_calls(before)
    pairs = ((entry, latest.get((entry.subscriber_id, entry.event_id))) for entry in before)
    Entry.objects.bulk_create(
        [_after(old, new) for old, new in pairs if new and not _is_later(old, new, called_at)],
        update_conflicts=True,
        unique_fields=["event", "subscriber"],
        update_fields=ENTRY_FIELDS,
    )


def _last_calls(entries: Iterable[Entry]) -> dict[int, datetime]:
    """Return when a calendar was last called for each entry's delivery, by delivery id."""
    calls = Attempt.objects.filter(delivery__in=[entry.delivery_id for entry in entries])
    calls = calls.exclude(operation=Attempt.Operation.VERIFY).order_by()
    return dict(calls.values_list("delivery").annotate(at=Max("opened_at")))


def _by_other_deliveries(mine: Sequence[Entry]) -> QuerySet[Entry]:
    """Return, locked, what was on these people's calendars before; maybe of other events, too."""
    there = Entry.objects.filter(
        event__in={entry.event_id for entry in mine}, subscriber__in=[entry.subscriber_id for entry in mine]
    )
    there = there.exclude(delivery__in=[entry.delivery_id for entry in mine])
    there = there.only("event", "subscriber", "delivery", "state", "is_test")
    return there.select_for_update().order_by("subscriber_id", "event_id")


def _is_later(old: Entry, new: Entry, called_at: Mapping[int, datetime]) -> bool:
    """Whether an entry comes from a later call than the one that is to replace it."""
    at = called_at.get(old.delivery_id)
    return at is not None and at > called_at[new.delivery_id]


def _after(old: Entry, new: Entry) -> Entry:
    """Return what replaces an entry; one of the event itself never comes to look like a test's."""
    new.is_test = new.is_test and (old.is_test or old.state != Entry.State.PRESENT)
    return new
