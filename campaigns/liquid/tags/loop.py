"""What a loop goes through: its list, the part of it that is wanted, and what each step costs."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from campaigns.liquid.errors import FilterError, LiquidError
from campaigns.liquid.expressions import parse_value
from campaigns.liquid.filters.numbers import to_integer
from campaigns.liquid.limits import ITEM_LIMIT, STEP_WORK
from campaigns.liquid.tags.tag import parse_name
from campaigns.liquid.terms import Term

if TYPE_CHECKING:
    from collections.abc import Iterator

    from campaigns.liquid.lexer import Cursor
    from campaigns.liquid.stream import Stream

_CONTINUE = "continue"


class Loop(Term):
    """`item in list limit: 2 offset: 1 reversed`: what a loop goes through, and what each step costs."""

    __slots__ = (
        "_limit",
        "_line",
        "_offset",
        "_reversed",
        "_source",
        "cols",
        "identifier",
        "iterable",
        "step_work",
    )

    def __init__(self, identifier: str, source: Term, iterable: str, line: int) -> None:
        self.identifier, self._source, self.iterable, self._line = identifier, source, iterable, line
        self._limit: Term | None = None
        self._offset: Term | str | None = None
        self._reversed = False
        self.cols: Term | None = None
        self.step_work = STEP_WORK

    def parse_options(self, cursor: Cursor) -> None:
        """Read limit, offset, cols and reversed, in any order, with or without commas."""
        while option := cursor.take("limit", "offset", "cols", "reversed", ","):
            if option == "reversed":
                self._reversed = True
            elif option != ",":
                cursor.expect(":")
                self._set(option, cursor)
        cursor.expect_end()

    def _set(self, option: str, cursor: Cursor) -> None:
        if option == "offset" and cursor.take(_CONTINUE):
            self._offset = _CONTINUE
            return
        value = parse_value(cursor, is_shown=False)
        if option == "limit":
            self._limit = value
        elif option == "offset":
            self._offset = value
        else:
            self.cols = value

    def evaluate(self, context: Any) -> tuple[Iterator[object], int]:
        """The items to go through, each paid for when it is taken, and how many they are."""
        offsets: dict[str, int] = context.tag_namespace.setdefault("offsets", {})
        name = f"{self.identifier}-{self.iterable}"
        start = offsets.get(name, 0) if self._offset == _CONTINUE else self._whole(self._offset, context) or 0
        limit = self._whole(self._limit, context)
        stop = None if limit is None else max(start + limit, 0)
        items = list(islice(_items(self._source.evaluate(context)), max(start, 0), stop))
        if len(items) > ITEM_LIMIT:
            raise LiquidError(f"A loop may take at most {ITEM_LIMIT:,} steps.", self._line)
        offsets[name] = start + len(items)
        return self._paid(items[::-1] if self._reversed else items, context), len(items)

    def _whole(self, option: object, context: Any) -> int | None:
        value = option.evaluate(context) if isinstance(option, Term) else None
        try:
            return None if value is None else to_integer(value)
        except FilterError as fault:
            raise LiquidError(str(fault), self._line) from None

    def _paid(self, items: list[object], context: Any) -> Iterator[object]:
        for item in items:
            context.spend(self.step_work)
            yield item


def _items(value: object) -> Iterator[object]:
    """A hash gives [key, value] pairs, a text itself, anything else that is no list nothing."""
    if isinstance(value, dict):
        return ([key, item] for key, item in value.items())
    if isinstance(value, str):
        return iter([value] if value else [])
    return iter(value if isinstance(value, list | range) else [])


def parse_loop(stream: Stream) -> Any:
    """Read what a loop goes through. Any, because python-liquid's nodes want its own class."""
    cursor = stream.cursor()
    name = parse_name(cursor)
    if not cursor.take("in"):
        cursor.refuse("A loop is written {% for item in list %}.")
    line, start = cursor.line, cursor.word.start
    source = parse_value(cursor, is_shown=False)
    token = stream.expression()
    iterable = token.value[start - token.start_index : cursor.word.start - token.start_index].strip()
    loop = Loop(name, source, iterable, line)
    if cursor.word.text == "|":
        cursor.refuse("Filters do not work in a loop; assign the filtered list to a variable first.")
    loop.parse_options(cursor)
    return loop
