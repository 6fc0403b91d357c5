"""What the tests of faults wait for, and the times they run with."""

from campaigns.models import Attempt, Delivery, Send

QUICK = {"ANSWER_SECONDS": "1", "LEASE_SECONDS": "3", "SETTLE_SECONDS": "0.2", "SILENCE_SECONDS": "2"}
# Where nobody dies with a call on the wire: a slow machine must not make doubts or repeats of its own.
PATIENT = {**QUICK, "ANSWER_SECONDS": "20", "LEASE_SECONDS": "60"}


def finished(send: Send) -> bool:
    """Whether nothing of a send is left to do."""
    send.refresh_from_db()
    return send.state == Send.State.FINISHED


def sent_count(send: Send) -> int:
    """How many people have it, as far as is known."""
    send.refresh_from_db()
    return send.accepted_count + send.confirmed_count


def has_sent(send: Send, count: int) -> bool:
    """Whether so many people have it."""
    return sent_count(send) >= count


def count(send: Send, *states: Delivery.State) -> int:
    """How many deliveries of a send are in one of these states."""
    return send.deliveries.filter(state__in=states).count()


def outcomes(send: Send) -> list[str]:
    """What came of every call that could change a calendar, in the order of the calls."""
    calls = Attempt.objects.filter(delivery__send=send).exclude(operation=Attempt.Operation.VERIFY)
    return list(calls.order_by("pk").values_list("outcome", flat=True))
