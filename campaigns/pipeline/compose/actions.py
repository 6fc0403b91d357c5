"""What every decision about a send needs: one at a time, and a line in its history."""

from django.contrib.auth.models import User

from campaigns.models import Event, Send, SendAction

Verb = SendAction.Verb


def one_decision_at_a_time(send: Send) -> None:
    """Lock the event of a send until the commit; workers, who only refer to it, go on."""
    Event.objects.select_for_update(no_key=True).get(pk=send.event_id)


def enter(send: Send, verb: Verb, by: User, *, note: str = "", delivery_count: int | None = None) -> None:
    """Write down who did what to a send."""
    SendAction.objects.create(send=send, verb=verb, by=by, note=note[:500], delivery_count=delivery_count)
