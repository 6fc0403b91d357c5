"""Who there is in the stand-in's Braze: invented people, less those removed, with what was changed about them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from integrations.sandbox.people import users

Person = dict[str, Any]
Attributes = Mapping[str, Any]
PROFILE = {
    "first_name",
    "last_name",
    "email",
    "dob",
    "gender",
    "country",
    "home_city",
    "language",
    "time_zone",
    "phone",
    "email_subscribe",
}
NO_ATTRIBUTES = {"external_id", "braze_id", "user_alias", "_update_existing_only", "_merge_objects"}


class Segment(NamedTuple):
    """A segment, its rule in words, and who is in it."""

    segment_id: str
    name: str
    description: str
    holds: Callable[[Person], bool]


class Crowd:
    """Nobody is kept: the same people are invented again whenever they are asked for."""

    def __init__(self, *, people_count: int, seed: int = 1) -> None:
        self.people_count = people_count
        self.seed = seed
        self.removed: frozenset[str] = frozenset()
        self.changes: dict[str, tuple[Attributes, ...]] = {}  # by external id, in the order they came

    def track(self, external_id: str, attributes: Attributes) -> None:
        """Remember attributes as /users/track takes them; an id that nobody has becomes somebody."""
        self.changes[external_id] = (*self.changes.get(external_id, ()), attributes)

    def everybody(self) -> Iterator[Person]:
        """Everybody as of now, whatever changes while they are read."""
        removed, waiting = self.removed, dict(self.changes)
        invented = islice(users(seed=self.seed), self.people_count)
        return _changed(invented, removed, waiting)


def _changed(
    invented: Iterator[Person], removed: frozenset[str], waiting: dict[str, tuple[Attributes, ...]]
) -> Iterator[Person]:
    for person in invented:
        changes = waiting.pop(person["external_id"], ())
        if person["external_id"] not in removed:
            yield _patched(person, changes)
    for external_id, changes in waiting.items():
        fresh = [one for one in changes if not one.get("_update_existing_only")]
        if fresh and external_id not in removed:
            yield _patched({"external_id": external_id}, fresh)


def _patched(person: Person, changes: Sequence[Attributes]) -> Person:
    for attributes in changes:
        for name, value in attributes.items():
            if name in PROFILE:
                _set(person, name, value)
            elif name not in NO_ATTRIBUTES:
                _set(person.setdefault("custom_attributes", {}), name, value)
    return person


def _set(values: dict[str, Any], name: str, value: Any) -> None:
    """Null removes, `add` and `remove` work on lists, `inc` on numbers; everything else replaces."""
    if value is None:
        values.pop(name, None)
    elif isinstance(value, dict) and isinstance(value.get("add"), list):
        held = _list(values.get(name))
        values[name] = held + [one for one in value["add"] if one not in held]
    elif isinstance(value, dict) and isinstance(value.get("remove"), list):
        values[name] = [one for one in _list(values.get(name)) if one not in value["remove"]]
    elif isinstance(value, dict) and isinstance(value.get("inc"), int):
        values[name] = values.get(name, 0) + value["inc"]
    else:
        values[name] = value


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _has_calendar(person: Person) -> bool:
    return bool(person.get("custom_attributes", {}).get("rokt:subscription_id"))


def _in_australia(person: Person) -> bool:
    return person.get("country") == "AU" and _has_calendar(person)


SEGMENTS = (
    Segment(
        "9a1c3f52-7d0e-4b7a-8f43-2c5e6d7b8a90",
        "Everyone with a calendar",
        "rokt:subscription_id is not blank",
        _has_calendar,
    ),
    Segment(
        "3be0d2b4-51f6-4c0c-9d2e-8a7f90c1e2d3",
        "Subscribers in Australia",
        "rokt:subscription_id is not blank and Country is Australia",
        _in_australia,
    ),
)
