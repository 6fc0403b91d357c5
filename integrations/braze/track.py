"""The other half of Braze's ``POST /users/track``: a body in, changes and events out, and Braze's answer.

An object is taken whole or is named among the errors; nothing is dropped without a word.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from integrations.braze.attributes import Attributes, attributes_from
from integrations.braze.events import Event, event_from
from integrations.braze.identity import ObjectError
from integrations.web.document import DocumentError, loads

OBJECT_LIMIT = 75  # of each kind in one request
BYTE_LIMIT = 2 * 1024 * 1024
KINDS = ("attributes", "events", "purchases")
UNREADABLE = "Error while parsing request body. Please check your syntax."
TOO_MANY = "Max Input Length Exceeded"
NO_DATA = "Valid data must be provided in the 'attributes', 'events', or 'purchases' fields."
NO_PURCHASES = "purchases are not kept here"
CREATED = 201  # what Braze is known to answer; its pages only promise some 2xx

Read = TypeVar("Read")


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """Why one object is not taken, as Braze names it."""

    input_array: str
    index: int
    type: str

    def as_json(self) -> dict[str, Any]:
        """Return the fault as it stands in Braze's answer."""
        return {"type": self.type, "input_array": self.input_array, "index": self.index}


class TrackError(ValueError):
    """A request of which nothing is taken; the text is Braze's message."""

    def __init__(self, message: str, faults: Sequence[Fault] = (), *, status: int = 400) -> None:
        super().__init__(message)
        self.faults = tuple(faults)
        self.status = status


@dataclass(frozen=True, slots=True)
class Person:
    """What is asked for one person: first the attributes, then the events, each in the order given."""

    external_id: str
    attributes: list[Attributes] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Request:
    """What can be taken, what cannot, and how many objects of each kind there were."""

    attributes: tuple[Attributes, ...]
    events: tuple[Event, ...]
    faults: tuple[Fault, ...]
    counts: Mapping[str, int]

    def people(self) -> list[Person]:
        """Return what is asked for each person, in the order in which they come up."""
        found: dict[str, Person] = {}
        for change in self.attributes:
            found.setdefault(change.external_id, Person(change.external_id)).attributes.append(change)
        for event in self.events:
            found.setdefault(event.external_id, Person(event.external_id)).events.append(event)
        return list(found.values())


def read(body: bytes, *, limit_bytes: int = BYTE_LIMIT) -> Request:
    """Return what this request asks for; TrackError, and nothing else, where nothing of it can be taken."""
    if len(body) > limit_bytes:
        raise TrackError(TOO_MANY, status=413)
    try:
        document = loads(body)
    except DocumentError as fault:
        raise TrackError(f"{UNREADABLE} {fault}.") from None
    arrays = {kind: array(document[kind], kind) for kind in KINDS if document.get(kind) is not None}
    faults: list[Fault] = []
    attributes = taken(arrays, "attributes", attributes_from, faults)
    events = taken(arrays, "events", event_from, faults)
    faults += [Fault("purchases", place, NO_PURCHASES) for place in range(len(arrays.get("purchases", [])))]
    if not attributes and not events:
        raise TrackError(NO_DATA, faults)
    counts = {kind: len(items) for kind, items in arrays.items()}
    return Request(attributes, events, tuple(faults), counts)


def array(value: Any, kind: str) -> list[Any]:
    """Return the objects of one kind, at most 75."""
    if not isinstance(value, list):
        raise TrackError(NO_DATA, [Fault(kind, 0, f"'{kind}' must be a list of objects")])
    if len(value) > OBJECT_LIMIT:
        raise TrackError(
            TOO_MANY, [Fault(kind, OBJECT_LIMIT, f"at most {OBJECT_LIMIT} {kind} in one request")]
        )
    return value


def taken(
    arrays: Mapping[str, list[Any]], kind: str, make: Callable[[Any, int], Read], faults: list[Fault]
) -> tuple[Read, ...]:
    """Return the objects of one kind that can be taken, and note the others."""
    found = []
    for place, raw in enumerate(arrays.get(kind, [])):
        try:
            found.append(make(raw, place))
        except ObjectError as fault:
            faults.append(Fault(kind, place, str(fault)))
    return tuple(found)


def answer(outcome: Request | TrackError, faults: Iterable[Fault] = ()) -> tuple[int, dict[str, Any]]:
    """Return the status and the JSON of the answer; ``faults`` are those found while storing.

    201 as Braze does, also where some objects are not taken; 400 (413 where the body is too large) where
    none is. ``…_processed`` counts the objects that no error names.
    """
    if isinstance(outcome, TrackError):
        refused: dict[str, Any] = {"message": str(outcome)}
        return outcome.status, refused | listed(outcome.faults)
    named = sorted({*outcome.faults, *faults})
    left_out = {(fault.input_array, fault.index) for fault in named}
    processed = {
        f"{kind}_processed": sum((kind, place) not in left_out for place in range(count))
        for kind, count in outcome.counts.items()
    }
    return CREATED, {"message": "success", **processed, **listed(named)}


def listed(faults: Sequence[Fault]) -> dict[str, Any]:
    """Return Braze's list of errors, where there are any."""
    return {"errors": [fault.as_json() for fault in faults]} if faults else {}
