"""What must hold after anything: checked against Rokt's own log, never against our tables alone."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Count

from campaigns.models import Attempt, Delivery, Send
from campaigns.pipeline.record import books
from tests.sandbox_process import Sandbox

Operation = Attempt.Operation
CALLS = "/v1/subscriptionevent"
# After these the server may be asked again: nobody knows, or it said so, or it looked at the token alone.
DOUBTS = (Attempt.Outcome.UNKNOWN,)
REPEATABLE = (*DOUBTS, Attempt.Outcome.RETRY, Attempt.Outcome.UNAUTHORIZED)
OPERATIONS = {
    Send.Kind.CREATE: Operation.CREATE,
    Send.Kind.UPDATE: Operation.UPDATE,
    Send.Kind.CANCEL: Operation.DELETE,
}


class Arrival(NamedTuple):
    """One create or update that reached Rokt, and the status that it was answered with, if any."""

    at: datetime
    operation: Attempt.Operation
    event_id: str
    status: int | None


def log_of(rokt: Sandbox) -> list[dict[str, Any]]:
    """Everything that reached Rokt, in the order it arrived."""
    lines: list[dict[str, Any]] = []
    while more := rokt.log(after=len(lines)):
        lines += more
    return lines


def arrivals(rokt: Sandbox) -> list[Arrival]:
    """Every create and update that reached Rokt, in the order they arrived."""
    return [
        Arrival(
            at=datetime.fromisoformat(line["at"]),
            operation=Operation.UPDATE if line["path"].endswith("/update") else Operation.CREATE,
            event_id=json.loads(line["body"])["event"]["eventId"],
            status=line["status"],
        )
        for line in log_of(rokt)
        if line["method"] == "POST" and line["path"].startswith(CALLS)
    ]


def posted(rokt: Sandbox, operation: Attempt.Operation = Operation.CREATE) -> Counter[str]:
    """How often each event id arrived in a create (or an update), by Rokt's log."""
    return Counter(each.event_id for each in arrivals(rokt) if each.operation == operation)


@dataclass(slots=True)
class History:
    """What our own history says of one person: calls made, those of unknown outcome, those that may be repeated."""

    state: str
    calls: int = 0
    doubts: int = 0
    repeatable: int = 0


def histories(send: Send) -> dict[str, History]:
    """The history of everybody in a send, by event id on the wire.

    An outcome that came late belongs to a call that was in doubt until then.
    """
    rows = send.deliveries.values_list("pk", "external_id", "state")
    wire_id = f"{send.content['event_id']}_{{}}".format
    people = {pk: (wire_id(user), History(state)) for pk, user, state in rows}
    attempts = Attempt.objects.filter(delivery__send=send).exclude(operation=Operation.VERIFY)
    for pk, outcome, is_late in attempts.values_list("delivery", "outcome", "is_late"):
        person = people[pk][1]
        person.calls += 1
        person.doubts += is_late or outcome in DOUBTS
        person.repeatable += is_late or outcome in REPEATABLE
    assert len({event_id for event_id, _history in people.values()}) == len(people)
    return dict(people.values())


def assert_nothing_lost_and_nothing_silently_doubled(
    send: Send, rokt: Sandbox, *, undecided: bool = False
) -> None:
    """The promise, person by person.

    Everybody has one delivery in a final state (or, if ``undecided``, in doubt until somebody decides); what is
    accepted arrived; a second arrival happened only after an attempt that the history calls unknown, or that
    Rokt asked to repeat; and no arrival is missing from the history.
    """
    send.refresh_from_db()
    assert books.check(send).holds
    mine = f"{send.content['event_id']}_"
    arrived = {
        event_id: count
        for event_id, count in posted(rokt, OPERATIONS[Send.Kind(send.kind)]).items()
        if event_id.startswith(mine)
    }
    people = histories(send)
    assert len(people) == send.audience_count
    may_be = {*Delivery.FINAL_STATES, Delivery.State.IN_DOUBT} if undecided else {*Delivery.FINAL_STATES}
    assert {person.state for person in people.values()} <= may_be
    for event_id, person in people.items():
        count = arrived.pop(event_id, 0)
        if person.state in (Delivery.State.ACCEPTED, Delivery.State.CONFIRMED):
            assert count >= 1, f"{event_id} is {person.state}, and Rokt never saw it"
        assert count <= person.calls, f"{event_id}: {count} arrivals, {person.calls} attempts"
        assert count <= 1 + person.repeatable, f"{event_id}: {count} arrivals, {person}"
    assert not arrived, f"Rokt got events that the history does not know: {sorted(arrived)[:5]}"


def assert_accepted_means_told_so(send: Send, rokt: Sandbox) -> None:
    """Whoever is accepted was answered with a 2xx, and is on the calendar; so is whoever is confirmed."""
    operation = OPERATIONS[Send.Kind(send.kind)]
    told = {
        each.event_id
        for each in arrivals(rokt)
        if each.operation == operation and each.status is not None and each.status // 100 == 2
    }
    shown = {entry["eventId"] for entries in rokt.entries().values() for entry in entries}
    people = histories(send).items()
    accepted = {event_id for event_id, person in people if person.state == Delivery.State.ACCEPTED}
    confirmed = {event_id for event_id, person in people if person.state == Delivery.State.CONFIRMED}
    assert not accepted - told, f"accepted, and Rokt never said so: {sorted(accepted - told)[:5]}"
    missing = (accepted | confirmed) - shown
    assert not missing, (
        f"{len(missing)} accepted or confirmed, and not on the calendar: {sorted(missing)[:5]}"
    )


def assert_no_call_after(send: Send, at: datetime, rokt: Sandbox) -> None:
    """Nothing of a send was begun after it was cancelled; what arrived later had been on its way."""
    calls = Attempt.objects.filter(delivery__send=send).exclude(operation=Operation.VERIFY)
    late = list(calls.filter(opened_at__gt=at).values_list("delivery__external_id", "opened_at")[:5])
    assert not late, f"called after the cancel at {at}: {late}"
    begun = set(calls.values_list("delivery__external_id", flat=True))
    users = (
        each.event_id.removeprefix(f"{send.content['event_id']}_")
        for each in arrivals(rokt)
        if each.at > at and each.operation == OPERATIONS[Send.Kind(send.kind)]
    )
    unknown = [user for user in users if user not in begun]
    assert not unknown, f"arrived after the cancel, and was never begun: {unknown[:5]}"


def assert_created_before_updated(rokt: Sandbox) -> None:
    """No event was updated before it was created."""
    created: set[str] = set()
    for each in arrivals(rokt):
        if each.operation == Operation.CREATE:
            created.add(each.event_id)
        assert each.event_id in created, f"{each.event_id} was updated at {each.at}, and not created before"


def assert_rate_kept(
    rokt: Sandbox, *, rate: float, at_once: float, seconds: Sequence[float] = (1, 5, 20)
) -> None:
    """No stretch of time saw more calls than the rate and ``at_once`` (the burst, what workers hold) allow."""
    paths = (CALLS, "/v1/subscription/", "/subscription/")
    times = [
        datetime.fromisoformat(line["at"]).timestamp()
        for line in log_of(rokt)
        if line["path"].startswith(paths)
    ]
    for stretch in seconds:
        first, most = 0, rate * stretch + at_once
        for last, at in enumerate(times):
            while times[first] < at - stretch:
                first += 1
            count = last - first + 1
            assert count <= most, f"{count} calls within {stretch} s, {most:g} allowed"


def assert_tokens_are_few(rokt: Sandbox, *, most: float) -> None:
    """Workers share a token: each life of one costs one request, and each failure or death one more."""
    count = sum(line["path"] == "/oauth2/token" for line in log_of(rokt))
    assert count <= most, f"{count} tokens were asked for, {most:g} allowed"


def assert_nothing_private(text: str, *, secrets: Iterable[str]) -> None:
    """No secret and no e-mail address in what was logged."""
    for secret in secrets:
        place = text.find(secret)
        assert place < 0, f"the log tells a secret: …{text[max(place - 200, 0) : place]}"


def imbalance(sends: Collection[Send]) -> list[str]:
    """What does not add up at this very moment, seen in one statement; empty when all books balance."""
    columns = {state: f"send__{state.value}_count" for state in Delivery.State}
    rows = Delivery.objects.filter(send__in=sends).order_by()
    counted = rows.values("send", "state", "send__audience_count", *columns.values()).annotate(n=Count("pk"))
    by_send: dict[int, dict[str, int]] = {}
    kept: dict[int, dict[str, int]] = {}
    for row in counted:
        by_send.setdefault(row["send"], {})[row["state"]] = row["n"]
        kept[row["send"]] = {state.value: row[name] for state, name in columns.items() if row[name]}
        kept[row["send"]]["audience"] = row["send__audience_count"]
    for counts in by_send.values():
        counts["audience"] = sum(counts.values())
    return [f"send {pk}: kept {kept[pk]}, counted {by_send[pk]}" for pk in by_send if kept[pk] != by_send[pk]]
