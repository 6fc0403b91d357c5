"""What an outcome makes of a delivery: its next state, when to try again, when to give up, when to doubt."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from campaigns.models import Account, Attempt, Delivery, Send
from campaigns.pipeline.record.retries import next_try

DELIVERY_FIELDS = [
    "state", "reason", "detail", "due_at", "attempt_count", "retry_count",
    "lease_token", "lease_until", "changed_at",
]  # fmt: skip
NOT_THERE = (400, 404)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one call came to. ``spares_retries``: the account was held back, the row is not to blame."""

    verdict: Attempt.Outcome
    status: int | None
    answer: str
    reason: str
    elapsed_ms: int
    spares_retries: bool = False


def says_it_is_not_there(outcome: Outcome, *, send: Send) -> bool:
    """Whether Rokt may not know the entry that was to be changed or removed: it has no answer of its own for that."""
    is_refused = outcome.verdict == Attempt.Outcome.REFUSED and outcome.status in NOT_THERE
    return is_refused and send.kind != Send.Kind.CREATE


def apply(
    delivery: Delivery, outcome: Outcome, *, send: Send, at: datetime, is_on_its_way: bool = False
) -> None:
    """Give a delivery (in memory) the state that an outcome means.

    ``is_on_its_way``: what the call was to change may not have arrived yet, so a refusal is not the last word.
    """
    delivery.lease_token = delivery.lease_until = delivery.due_at = None
    delivery.changed_at = at
    delivery.detail = outcome.reason[:300]
    if outcome.verdict == Attempt.Outcome.ACCEPTED:
        delivery.state, delivery.reason, delivery.detail = Delivery.State.ACCEPTED, Delivery.Reason.NONE, ""
    elif outcome.verdict == Attempt.Outcome.REFUSED and not is_on_its_way:
        delivery.state, delivery.reason = Delivery.State.FAILED, Delivery.Reason.REFUSED
    elif outcome.verdict == Attempt.Outcome.UNKNOWN:
        doubt(delivery, Delivery.Reason.NO_ANSWER, send=send, at=at)
    else:
        _try_again(delivery, send=send, at=at, spares_retries=outcome.spares_retries)


def _try_again(delivery: Delivery, *, send: Send, at: datetime, spares_retries: bool) -> None:
    """Wait for the next try. Where an earlier call got no answer, this one tells nothing of it: it stays a doubt."""
    doubtful = delivery.reason if delivery.reason in Delivery.UNANSWERED else None
    if spares_retries:
        requeue(delivery, send=send, due_at=at)
    else:
        retry(delivery, send=send, at=at)
    if doubtful is None:
        return
    delivery.reason = doubtful
    if delivery.state != Delivery.State.QUEUED:
        delivery.state, delivery.due_at = Delivery.State.IN_DOUBT, None


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
    """Queue a delivery in doubt once more with the same bytes; False when its tries or time are spent.

    It waits as any other try does, so that those go apart who shared a batch with a call that stops workers.
    """
    due_at = next_try(delivery.retry_count, at=at, deliver_until=send.deliver_until)
    if due_at is None:
        return False
    delivery.retry_count += 1
    requeue(delivery, send=send, due_at=due_at)
    return True
