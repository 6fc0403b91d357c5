"""What people take off their calendars by themselves, as Rokt tells: nothing of such an event is sent to them again."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from campaigns.models import Entry, bulk
from campaigns.pipeline.record.evidence import Said, Spot


@dataclass(frozen=True, slots=True)
class TakenOff:
    """The person took the entry off a calendar of theirs; ``rokt_id`` names the subscription, if known."""

    spots: Sequence[Spot]
    rokt_id: str = ""


@transaction.atomic
def taken_off(words: Sequence[TakenOff]) -> list[Said]:
    """Note what was taken off; once an entry is on no calendar of its person, the event is not sent there again."""
    entries = _locked({spot for word in words for spot in word.spots})
    found = [next((entries[spot] for spot in word.spots if spot in entries), None) for word in words]
    before = {entry.pk: (entry.state, entry.subscriptions) for entry in entries.values()}
    said = [
        _take(entry, word.rokt_id) if entry else Said.STRANGE
        for entry, word in zip(found, words, strict=True)
    ]
    changed = [row for row in entries.values() if before[row.pk] != (row.state, row.subscriptions)]
    bulk.update(changed, ["state", "subscriptions"])
    return said


def _locked(spots: set[Spot]) -> dict[Spot, Entry]:
    if not spots:
        return {}
    theirs = Entry.objects.filter(event__in={spot.event for spot in spots})
    theirs = theirs.filter(subscriber__external_id__in={spot.external_id for spot in spots})
    rows = theirs.select_for_update(of=("self",), no_key=True).order_by("subscriber_id", "event_id")
    found: dict[Spot, Entry] = {}
    for row in rows.select_related("subscriber").only(
        "event", "state", "subscriptions", "subscriber__external_id"
    ):
        found.setdefault(Spot(row.event_id, row.subscriber.external_id), row)
    return found


def _take(row: Entry, rokt_id: str) -> Said:
    if row.state != Entry.State.PRESENT:
        return Said.KNOWN
    places = row.subscriptions.split()
    left = (
        [place for place in places if place.partition(":")[2].lower() != rokt_id.lower()] if rokt_id else []
    )
    if places and left == places:
        return Said.KNOWN
    row.subscriptions = " ".join(left) or row.subscriptions
    row.state = Entry.State.PRESENT if left else Entry.State.DROPPED
    return Said.TAKEN
