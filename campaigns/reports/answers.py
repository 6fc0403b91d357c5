"""What Rokt answered to a test, person by person."""

from dataclasses import dataclass

from django.db.models import Prefetch

from campaigns.models import Attempt, Delivery, Send


@dataclass(frozen=True, slots=True)
class Answer:
    """One person's part of a test, with the newest call that was made for it."""

    delivery: Delivery
    attempt: Attempt | None


def answers(send: Send) -> list[Answer]:
    """Return one line for each delivery of a test, of which there are few."""
    attempts = Prefetch("attempts", Attempt.objects.order_by("number"))
    rows = send.deliveries.select_related("subscriber").prefetch_related(attempts)
    return [Answer(row, next(reversed(row.attempts.all()), None)) for row in rows]
