"""Many people as bits: PostgreSQL looks up a bit in less time than it takes to join a table.

A person's key is a block of 64 people and a place in it; a block's people are the bits of one 64-bit number.
"""

import random
import struct
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final, Self

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BooleanField, F, Func, QuerySet

WIDTH: Final = 64
MOST_BLOCKS: Final = 500_000  # from the first to the last, 4 MB
LEAST_FILLED: Final = 16  # one block in so many; a rule may ask for two hundred crowds
BLOCK: Final = "person >> 6"
MASK: Final = "bit_or(1::bigint << (person & 63)::int)"


class Crowd:
    """A set of people; a million of them are 125 kB."""

    def __init__(self, masks: Iterable[tuple[int, int]]) -> None:
        self.masks = {block: mask % 2**WIDTH for block, mask in masks}  # the database has signed numbers only

    @classmethod
    def of(cls, rows: QuerySet[Any, Any], person: str) -> Self:
        """Return the people whom rows name in a column, in one reading by PostgreSQL."""
        try:
            inner, parameters = rows.order_by().values_list(person).query.sql_with_params()
        except EmptyResultSet:  # Django knows without asking
            return cls(())
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {BLOCK}, {MASK} FROM ({inner}) AS them (person) GROUP BY 1",  # noqa: S608 - no values in it
                parameters,
            )
            return cls(cursor.fetchall())

    def __len__(self) -> int:
        return sum(map(int.bit_count, self.masks.values()))

    def __iter__(self) -> Iterator[int]:
        return (person for block in self.masks for person in self._in(block))

    def drawn(self, size: int) -> list[int]:
        """Return so many people by lot; all of them, if they are no more."""
        if not self.masks:
            return []
        sizes = [mask.bit_count() for mask in self.masks.values()]
        blocks = Counter(random.sample([*self.masks], min(size, sum(sizes)), counts=sizes))
        return [
            person for block, wanted in blocks.items() for person in random.sample(self._in(block), wanted)
        ]

    def _in(self, block: int) -> list[int]:
        return [block * WIDTH + place for place in range(WIDTH) if self.masks[block] >> place & 1]

    @property
    def is_near(self) -> bool:
        """Whether the keys lie near enough to each other for bits to be small."""
        if not self.masks:
            return True
        span = max(self.masks) - min(self.masks)
        return span < min(MOST_BLOCKS, LEAST_FILLED * len(self.masks))

    def packed(self) -> tuple[int, bytes]:
        """Return the first person that has a bit, and all bits from there on."""
        first, last = min(self.masks), max(self.masks)
        numbers = [self.masks.get(block, 0) for block in range(first, last + 1)]
        return first * WIDTH, struct.pack(f"<{len(numbers)}Q", *numbers)


class Within(Func):
    """Whether a key is that of somebody in a crowd; PostgreSQL only."""

    output_field = BooleanField()

    def __init__(self, column: F, crowd: Crowd) -> None:
        super().__init__(column)
        self.crowd = crowd

    def as_sql(  # type: ignore[override]  # no function name, no template
        self, compiler: Any, _connection: Any, **_extra: Any
    ) -> tuple[str, list[Any]]:
        """Look up the person's bit; beyond the last there is none to look up, which would be an error."""
        if not self.crowd.masks:
            return "false", []
        column, parameters = compiler.compile(self.source_expressions[0])
        first, bits = self.crowd.packed()
        test = (
            f"CASE WHEN {column} BETWEEN %s AND %s THEN get_bit(%s::bytea, {column} - %s) = 1 ELSE false END"
        )
        last = first + 8 * len(bits) - 1
        return test, [*parameters, first, last, bits, *parameters, first]
