"""Rows on their way from one process to another: as plain values, which travel in half the time of our objects.

What many subscriptions have in common travels once; after that its number is enough.
"""

from collections.abc import Iterable
from dataclasses import MISSING, fields
from itertools import islice
from operator import attrgetter
from typing import Any, NamedTuple, TypeAlias

from campaigns.importing.export import Row
from campaigns.importing.person import Person
from campaigns.importing.shared import Combination, Memory, common
from integrations.braze.profile import Profile, Values

Plain: TypeAlias = tuple[Any, ...]
of_row = attrgetter(*(field.name for field in fields(Row) if field.name != "person"))
# What a person is made of; all that has a default is packed in another way, or found out again where it is wanted.
of_person = attrgetter(*(field.name for field in fields(Person) if field.default is MISSING))
OWN = len(Values._fields) - len(common(Values(0)))  # values that belong to one subscription alone


class Parcel(NamedTuple):
    """Some rows; new combinations are numbered from ``first`` on, and older ones above it are forgotten."""

    first: int
    combinations: list[Combination]
    rows: list[Plain]


class Packer:
    """Makes parcels, one after the other."""

    def __init__(self) -> None:
        self.numbers = Memory()

    def pack(self, rows: Iterable[Row]) -> Parcel:
        """Return the rows as plain values; a person of whom a file tells only a part stays what it is."""
        self.numbers.make_room()
        first = len(self.numbers)
        flat = [
            (of_row(row), self._flat(row.person) if type(row.person) is Person else row.person)
            for row in rows
        ]
        new = list(islice(self.numbers, first, None))
        self.numbers.weigh(new)
        return Parcel(first, new, flat)

    def _flat(self, person: Person) -> Plain:
        """Return a person as plain values, what was read of them at the end."""
        reading = person.reading
        return of_person(person), reading and (
            [*map(self._numbered, reading.subscriptions)],
            reading.problems,
        )

    def _numbered(self, values: Values) -> Plain:
        number = self.numbers.setdefault(common(values), len(self.numbers))
        return *values[:OWN], number


class Unpacker:
    """Opens the parcels of one packer, in the same order."""

    def __init__(self) -> None:
        self.combinations: list[Combination] = []

    def unpack(self, parcel: Parcel) -> list[Row]:
        """Return the rows again."""
        self.combinations[parcel.first :] = parcel.combinations
        rows = [
            Row(name, number, at, self._whole(person) if type(person) is tuple else person, *rest)
            for (name, number, at, *rest), person in parcel.rows
        ]
        parcel.rows.clear()  # so that nothing is kept while these are stored
        return rows

    def _whole(self, plain: Plain) -> Person:
        """Return the person again."""
        values, reading = plain
        person = Person(*values)
        if reading:
            subscriptions, problems = reading
            person.reading = Profile([*map(self._values, subscriptions)], problems)
        return person

    def _values(self, plain: Plain) -> Values:
        *own, number = plain
        return Values(*own, *self.combinations[number])
