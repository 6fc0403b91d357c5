"""How sends fare: sums of the books that they keep. No delivery is counted."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Max, OuterRef, Q, Subquery, Sum

from campaigns.models import Delivery, Send
from campaigns.watch.exposition import Metric, Sample, counter, gauge, seconds

State = Delivery.State
# States that are never left, so their sums never fall; whoever is confirmed was accepted.
FOR_GOOD = {
    "accepted": (State.ACCEPTED, State.CONFIRMED),
    "confirmed": (State.CONFIRMED,),
    "skipped": (State.SKIPPED,),
    "expired": (State.EXPIRED,),
    "cancelled": (State.CANCELLED,),
}


@dataclass(frozen=True, slots=True)
class Sums:
    """The books of one account's sends in one state, added up."""

    account: str
    state: str
    send_count: int
    people: dict[Delivery.State, int]
    moved_at: datetime | None


def metrics(codes: Sequence[str], *, at: datetime) -> Iterator[Metric]:
    """Return the numbers of all sends, for these account codes."""
    sums = added_up()
    unfinished = [row for row in sums if row.state in Send.OPEN_STATES]
    by_state = ((state, [row for row in sums if row.state == state]) for state in Send.State)
    yield gauge(
        "sends",
        "Sends by state.",
        (({"state": state.value}, sum(row.send_count for row in rows)) for state, rows in by_state),
    )
    yield gauge(
        "deliveries",
        "Deliveries of sends that are not finished, by state.",
        (({"state": state.value}, sum(row.people[state] for row in unfinished)) for state in State),
    )
    yield gauge("queued", "Deliveries that wait.", _people(codes, unfinished, [State.QUEUED]))
    yield gauge("sending", "Deliveries on the wire.", _people(codes, sums, [State.SENDING]))
    yield gauge("in_doubt", "Deliveries in doubt.", _people(codes, sums, [State.IN_DOUBT]))
    yield gauge(
        "failed", "Deliveries that failed; a retry takes them out.", _people(codes, sums, [State.FAILED])
    )
    for name, states in FOR_GOOD.items():
        yield counter(f"{name}_total", f"Deliveries ever {name}.", _people(codes, sums, states))
    yield gauge("progress_age_seconds", "Time since a delivery was last settled.", _progress(codes, sums, at))
    yield gauge("oldest_due_seconds", "How long the oldest row has been due.", _oldest(codes, at))


def added_up() -> list[Sums]:
    """Add up the books of all sends, by account and state."""
    people = {f"{state.value}_sum": Sum(f"{state.value}_count") for state in State}
    groups = Send.objects.order_by().values("account__code", "state")
    rows: Any = groups.annotate(send_count=Count("pk"), moved=Max("moved_at"), **people)
    return [
        Sums(
            account=row["account__code"],
            state=row["state"],
            send_count=row["send_count"],
            people={state: row[f"{state.value}_sum"] for state in State},
            moved_at=row["moved"],
        )
        for row in rows
    ]


def _people(
    codes: Sequence[str], sums: Sequence[Sums], states: Collection[Delivery.State]
) -> Iterator[Sample]:
    for code in codes:
        mine = [row.people for row in sums if row.account == code]
        yield {"account": code}, sum(people[state] for people in mine for state in states)


def _progress(codes: Sequence[str], sums: Sequence[Sums], at: datetime) -> Iterator[Sample]:
    for code in codes:
        moves = [row.moved_at for row in sums if row.account == code and row.moved_at]
        if moves:
            yield {"account": code}, seconds(at, max(moves))


def _oldest(codes: Sequence[str], at: datetime) -> Iterator[Sample]:
    """Read one row of a partial index for each running send; rows behind the first people are not due yet."""
    queue = Delivery.objects.filter(send=OuterRef("pk"), state=State.QUEUED, due_at__lte=at)
    queue = queue.filter(Q(send__held_after_id=None) | Q(pk__lte=F("send__held_after_id")))
    first = Subquery(queue.order_by("due_at", "pk").values("due_at")[:1])
    running = Send.objects.filter(state=Send.State.SENDING).order_by().annotate(first=first)
    found = list(running.exclude(first=None).values_list("account__code", "first"))
    for code in codes:
        due_ats = [due_at for account, due_at in found if account == code]
        yield {"account": code}, seconds(at, min(due_ats)) if due_ats else 0
