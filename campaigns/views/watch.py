"""What the page of a send shows: the numbers that are live, and everything around them."""

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User

from campaigns.models import Delivery, Send
from campaigns.models.clock import now
from campaigns.pipeline import audience, compose, record
from campaigns.pipeline.record import books
from campaigns.reports.answers import answers
from campaigns.reports.progress import Progress, failures, progress
from campaigns.segments import rules
from campaigns.views.actions import possible
from campaigns.views.review import review

DOUBTS_SHOWN_COUNT = 10  # what is decided about them is asked below: on a phone, 50 are pages away


def numbers(send: Send, *, user: User, said: str = "") -> dict[str, Any]:
    """Return the live part. ``said`` is the tenth that the page announced last; a new one is announced once."""
    found = progress(send)
    tenth = str(found.percent // 10 * 10)
    return {
        "send": send,
        "at": now(),
        "progress": found,
        "balance": balance(send),
        "failures": failures(send) if send.failed_count else [],
        "waits_for": waits_for(send),
        "answers": answers(send) if send.is_test else [],
        **_careful_start(send, found),
        "may": possible(send, user=user),
        "tenth": tenth,
        "announces": bool(said) and said != tenth,
    }


def _careful_start(send: Send, found: Progress) -> dict[str, Any]:
    """Return how the first people fare, and how long theirs takes at the present rate; or why they were the last."""
    first = record.standing(send) if send.state in (Send.State.SENDING, Send.State.PAUSED) else None
    left = first.open_count / found.rate if first and found.rate else 0
    return {
        "first": first,
        "first_time_left": timedelta(seconds=left) if left else None,
        "stop": record.stop_of(send),
    }


def waits_for(send: Send) -> Send | None:
    """Return the test of the same event that a send which is due lets pass first."""
    is_due = send.state == Send.State.SCHEDULED and send.scheduled_at <= now()
    return audience.tests_on_their_way(send).first() if is_due else None


def balance(send: Send) -> books.Balance:
    """Count the rows anew where nothing moves; while it runs, rows and counts are read a moment apart."""
    moves = send.sending_count or send.state == Send.State.SENDING
    return books.Balance(send, send.books, send.books) if moves else books.check(send)


def whole(send: Send, *, user: User) -> dict[str, Any]:
    """Return everything on the page."""
    waits = send.state in (Send.State.REQUESTED, Send.State.SCHEDULED)
    doubts = send.deliveries.filter(state=Delivery.State.IN_DOUBT).order_by("pk")
    return {
        **numbers(send, user=user),
        "review": review(send, by=user, starts_at=max(send.scheduled_at, now())) if waits else None,
        "audience": _audience(send),
        "doubts": doubts[:DOUBTS_SHOWN_COUNT] if send.in_doubt_count else [],
        "may_decide": user.has_perm("campaigns.decide_delivery"),
        "verdicts": compose.verdicts(send),
        "actions": send.actions.select_related("by"),
    }


def _audience(send: Send) -> str:
    try:
        return rules.sentence(rules.parse(send.rule)) if send.rule is not None else ""
    except rules.RuleError as error:
        return str(error)
