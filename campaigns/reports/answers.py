"""What Rokt answered to a test, person by person."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Prefetch

from campaigns.models import Attempt, Delivery, Purge, Send
from campaigns.reports.removed import removed


@dataclass(frozen=True, slots=True)
class Answer:
    """One person's part of a test, with the newest call that was made for it."""

    delivery: Delivery
    attempt: Attempt | None
    removed: Purge | None = None


def answers(send: Send) -> list[Answer]:
    """Return one line for each delivery of a test, of which there are few."""
    attempts = Prefetch("attempts", Attempt.objects.order_by("number"))
    rows = send.deliveries.select_related("subscriber").prefetch_related(attempts)
    gone = removed(send)
    return [_answer(row, next(reversed(row.attempts.all()), None), gone) for row in rows]


def _answer(row: Delivery, call: Attempt | None, gone: Mapping[str, Purge]) -> Answer:
    if call is None:
        return Answer(row, None, gone.get("calls") if row.attempt_count else None)
    texts = gone.get("texts")
    is_gone = texts and not call.body and call.opened_at < texts.moved_at
    return Answer(row, call, texts if is_gone else None)
