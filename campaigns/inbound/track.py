"""A request of Braze's ``/users/track`` into the database: what is asked for each person, all or nothing.

What a person becomes is the importer's business: here what is stored and what is asked are put together, as Braze
would export the person afterwards. A request that comes twice changes nothing; only ``inc`` counts again and ``$add``
adds again, as they do with Braze, where two equal events are two.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from django.db import transaction

from campaigns.importing import rows
from campaigns.importing.moments import SUBSCRIBE
from campaigns.importing.people import take
from campaigns.importing.person import PROFILE, person
from campaigns.importing.shared import Finder
from campaigns.models import SubscriberEvent
from campaigns.models.clock import now
from campaigns.models.turns import be_patient, turn
from integrations.braze import track
from integrations.braze.change import apply
from integrations.braze.events import Event
from integrations.braze.track import Fault

PATIENCE_SECONDS = 15.0  # for others who write people; senders wait longer than this, and come again
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
TOO_EARLY = "'time' must not be before 1970"
STORED = ("first_name", "last_name", "email", "profile", "attributes")


@dataclass(slots=True)
class Outcome:
    """What becomes of one person: the document that Braze would export, and the events that go with it."""

    document: dict[str, Any]
    attributes: dict[str, Any]
    is_known: bool
    has_attributes: bool = False
    events: list[Event] = field(default_factory=list)

    def whole(self, at: datetime) -> dict[str, Any]:
        """Return the person as exported; what nobody asked to change is not mentioned."""
        document = dict(self.document)
        if self.has_attributes:
            document["custom_attributes"] = self.attributes
        since = [event.happened_at(at) for event in self.events if event.name == SUBSCRIBE]
        if since:
            document["custom_events"] = [{"name": SUBSCRIBE, "last": max(since).isoformat()}]
        return document


@transaction.atomic
def store(workspace_id: int, request: track.Request) -> list[Fault]:
    """Do what is asked, and return what of it could not be done.

    Whoever writes people of the workspace waits for its turn, so that nothing is computed from what somebody else
    is about to change. Raises ``OperationalError`` where the turn does not come in time: nothing is stored then.
    """
    be_patient(seconds=PATIENCE_SECONDS)  # in time to say so
    turn(workspace_id)
    at, faults = now(), list[Fault]()
    asked = request.people()
    known = stored(workspace_id, [each.external_id for each in asked])
    outcomes = {each.external_id: outcome(each, known.get(each.external_id), faults) for each in asked}
    taken = {key: person(each.whole(at)) for key, each in outcomes.items() if each.is_known}
    take(workspace_id, taken, Finder())
    note_events(workspace_id, [event for each in outcomes.values() for event in each.events], at=at)
    return faults


def stored(workspace_id: int, external_ids: Iterable[str]) -> dict[str, Outcome]:
    """Return user id -> the person as they are, for those who are there."""
    found = rows.find(workspace_id, list(external_ids), "external_id", *STORED)
    return {
        external_id: Outcome(exported(external_id, names, profile), attributes, is_known=True)
        for external_id, *names, profile, attributes in found
    }


def exported(external_id: str, names: Iterable[str], profile: Mapping[str, Any]) -> dict[str, Any]:
    """Return everything but the attributes under the names that Braze's export has for it."""
    document = {name: profile[tag] for name, tag in PROFILE if tag in profile}
    return {"external_id": external_id, **dict(zip(STORED, names, strict=False)), **document}


def outcome(asked: track.Person, before: Outcome | None, faults: list[Fault]) -> Outcome:
    """Return what becomes of a person, each object in the order given; ``before`` is used up."""
    after = before or Outcome({"external_id": asked.external_id}, {}, is_known=False)
    for change in asked.attributes:
        if change.is_update_only and not after.is_known:
            continue
        applied = apply(after.attributes, change)
        after.is_known = after.has_attributes = True
        after.attributes = applied.attributes
        after.document |= change.profile
        faults += [Fault("attributes", change.index, problem) for problem in applied.problems]
    for event in asked.events:
        if event.stated_at < EARLIEST:
            faults.append(Fault("events", event.index, TOO_EARLY))
        elif after.is_known or not event.is_update_only:
            after.is_known = True
            after.events.append(event)
    return after


def note_events(workspace_id: int, events: list[Event], *, at: datetime) -> None:
    """Keep these events, each once; whoever is erased stays so."""
    if not events:
        return
    pks = dict(rows.find(workspace_id, {event.external_id for event in events}, "external_id", "id"))
    SubscriberEvent.objects.bulk_create(
        (
            SubscriberEvent(
                subscriber_id=pks[event.external_id],
                name=event.name,
                at=event.happened_at(at),
                properties=event.properties,
                key=sha256(f"{workspace_id}:{event.key}".encode()).hexdigest(),
            )
            for event in events
            if event.external_id in pks
        ),
        ignore_conflicts=True,
    )
