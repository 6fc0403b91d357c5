"""Rows that tell a part of a person, laid one after the other over what is known.

Whatever the number of rows, the time for each depends on that row alone: a file may hold a million of one person.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from itertools import chain, count, islice
from typing import Any, Final, TypeAlias

from integrations.braze.elements import SUBSCRIPTION_LIMIT
from integrations.braze.profile import NAMES, SUBSCRIPTION_ID, TAGS

ATTRIBUTES = "custom_attributes"
TAG_LIMIT: Final = 10 * SUBSCRIPTION_LIMIT
Place: TypeAlias = tuple[bool, str]  # whether of a subscription, and its suffix; or the value itself
Row: TypeAlias = Mapping[str, Any]  # in the shape of a Braze export


class Overlay:
    """A list of what is known of all subscriptions; a row corrects those that it names, and adds what is new.

    Beyond as many as a person can have, and as many as there were, nothing is added: then it is ``full``.
    """

    def __init__(self, name: str, known: Iterable[Any]) -> None:
        self._by_subscription = name not in (SUBSCRIPTION_ID, TAGS)
        self._items: dict[int, Any] = {}  # number -> value, in their order
        self._numbers: dict[Place, list[int]] = {}
        self._unused = count(1)
        self.is_full = False
        for item in known:
            self._add(self._place(item), item)
        self._limit = max(TAG_LIMIT if name == TAGS else SUBSCRIPTION_LIMIT, len(self._numbers))

    def lay(self, said: Iterable[Any]) -> None:
        """Lay the values of a row over them; what is corrected stays where it is."""
        placed = [(self._place(item), item) for item in said]
        new = {place: None for place, _item in placed if place not in self._numbers}
        fitting = set(islice(new, max(0, self._limit - len(self._numbers))))
        self.is_full |= len(fitting) < len(new)
        corrected = {place for place, _item in placed if place[0] and place in self._numbers}
        free = {place: deque(self._numbers.pop(place)) for place in corrected}
        for place, item in placed:
            if place in fitting:
                self._add(place, item)
            elif place in free:
                self._add(place, item, free[place].popleft() if free[place] else None)
        for number in chain.from_iterable(free.values()):
            del self._items[number]

    def items(self) -> list[Any]:
        """Return the list."""
        return list(self._items.values())

    def _add(self, place: Place, item: Any, number: int | None = None) -> None:
        number = number or next(self._unused)
        self._items[number] = item
        self._numbers.setdefault(place, []).append(number)

    def _place(self, item: Any) -> Place:
        """Return in whose place a value comes: its subscription's; where it names none, that of the same value."""
        tail = suffix(item) if self._by_subscription else ""
        return (True, tail) if tail else (False, repr(item))


def overlaid(known: Row, rows: Iterable[Row]) -> tuple[dict[str, Any], bool]:
    """Return what is known once the rows have been laid over it, and whether some of them found no room.

    Null takes an attribute away.
    """
    person = dict(known)
    attributes: dict[str, Any] = dict(known.get(ATTRIBUTES) or {})
    lists: dict[str, Overlay] = {}
    for row in rows:
        person |= row
        for name, said in (row.get(ATTRIBUTES) or {}).items():
            before = attributes.get(name)
            attributes[name] = said
            if name not in NAMES or not isinstance(said, list) or not isinstance(before, list):
                lists.pop(name, None)
                continue
            if name not in lists:
                lists[name] = Overlay(name, before)
            lists[name].lay(said)
    attributes |= {name: each.items() for name, each in lists.items()}
    kept = {name: value for name, value in attributes.items() if value is not None}
    return {**person, ATTRIBUTES: kept}, any(each.is_full for each in lists.values())


def suffix(item: object) -> str:
    """Return which subscription a value is about."""
    return item.rpartition("/")[2].lower() if isinstance(item, str) else ""
