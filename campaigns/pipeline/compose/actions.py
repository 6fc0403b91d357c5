"""What every decision about a send needs: one at a time, and a line in its history."""

from django.contrib.auth.models import User

from campaigns import audit
from campaigns.models import Send, SendAction
from campaigns.pipeline.audience import one_decision_at_a_time

__all__ = ["Verb", "enter", "one_decision_at_a_time"]

Verb = SendAction.Verb


def enter(
    send: Send,
    verb: Verb,
    by: User,
    *,
    note: str = "",
    delivery_count: int | None = None,
    verdict: SendAction.Verdict = SendAction.Verdict.NONE,
) -> SendAction:
    """Write down who did what to a send, last in its transaction; decisions are chained as they are carried out."""
    action = SendAction.objects.create(
        send=send, verb=verb, by=by, note=note[:500], delivery_count=delivery_count, verdict=verdict
    )
    if verb != Verb.DECIDED:
        audit.on_send(action)
    return action
