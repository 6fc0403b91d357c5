"""Which event, and for whom, an event id on the wire may mean."""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from campaigns.models import Event


class Wire(NamedTuple):
    """An event id as an account's webhooks state it."""

    account_id: int
    wire_id: str


class Place(NamedTuple):
    """One person's entry for one of our events."""

    event: Event
    external_id: str


def places(stated: Iterable[Wire]) -> dict[tuple[int, str], list[Place]]:
    """Return what each of these may mean, the longest event id first.

    ``A_1_2`` is event ``A`` for person ``1_2`` or event ``A_1`` for person ``2``: whichever the account has.
    """
    stems = {each: list(_stems(each.wire_id)) for each in stated}
    asked = {event_id for each in stems.values() for event_id in each}
    events: dict[tuple[int, str], Event] = {}
    if asked:
        found = Event.objects.filter(account__in={each.account_id for each in stems}, event_id__listed=asked)
        events = {
            (event.account_id, event.event_id): event
            for event in found.order_by().only("account", "event_id")
        }
    means: dict[tuple[int, str], list[Place]] = defaultdict(list)
    for (account_id, wire_id), event_ids in stems.items():
        for event_id in event_ids:
            if event := events.get((account_id, event_id)):
                means[account_id, wire_id].append(Place(event, wire_id[len(event_id) + 1 :]))
    return means


def _stems(wire_id: str) -> Iterable[str]:
    """Yield what stands before each underscore, the longest first."""
    while (end := wire_id.rfind("_")) >= 0:
        wire_id = wire_id[:end]
        yield wire_id
