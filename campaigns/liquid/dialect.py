"""Cuts a Braze template into text, outputs and tags in one pass: nested braces, `${names}`, raw, comments, trimming."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple, NoReturn

from campaigns.liquid.errors import LiquidError, UnclosedError
from campaigns.liquid.filters.texts import SPACES
from campaigns.liquid.limits import SOURCE_LIMIT

TEXT, RAW, OUTPUT, TAG = "text", "raw", "output", "tag"

_OPENING = re.compile(r"\{[{%]")
_IN_OUTPUT = re.compile(r"\$\{|\{\{|\}\}")
_IN_TAG = re.compile(r"\$\{|%\}")
_TAG_NAME = re.compile(r"\s*(#|\w+)\s*")
_RAW_END = re.compile(r"\{%-?\s*endraw\s*(-?)%\}")
_COMMENT = re.compile(r"\{%-?\s*(end)?comment\b")
_CLOSERS = {
    "{{": "}}",
    "{%": "%}",
    "${": "}",
    "{% raw %}": "{% endraw %}",
    "{% comment %}": "{% endcomment %}",
}


class Piece(NamedTuple):
    """One piece of a template. `body` is the text, or what stands inside the braces behind the tag's `name`."""

    kind: str
    name: str
    body: str
    start: int  # where the piece begins in the source
    body_start: int


class Lines:
    """Turns a place in the source into a line number, counted from 1."""

    def __init__(self, source: str) -> None:
        self._ends = [match.start() for match in re.finditer("\n", source)]

    def at(self, index: int) -> int:
        """The line of a place in the source."""
        return bisect_right(self._ends, index - 1) + 1


def scan(source: str, lines: Lines, start: int = 0, stop: int | None = None) -> Iterator[Piece]:
    """Yield the pieces between two places, in order, in linear time; LiquidError for what is never closed."""
    if len(source) > SOURCE_LIMIT:
        raise LiquidError(f"A template may hold at most {SOURCE_LIMIT:,} characters.")
    return _Scanner(source, lines, len(source) if stop is None else stop).pieces(start)


class _Scanner:
    def __init__(self, source: str, lines: Lines, stop: int) -> None:
        self._source, self._lines, self._stop = source, lines, stop
        self._trims = False  # whether the last braces ate the spaces behind them

    def pieces(self, position: int) -> Iterator[Piece]:
        while opening := _OPENING.search(self._source, position, self._stop):
            start = opening.start()
            yield from self._text(position, start, trims_end=self._source.startswith("-", start + 2))
            position = self._end(start)
            self._trims = self._source[position - 3] == "-"
            piece = self._piece(start, position)
            if piece.name == "comment":
                position = self._comment_end(position, start)
                continue
            if piece.name == "raw":
                piece, position = self._raw(piece, position)
            yield piece
        yield from self._text(position, self._stop, trims_end=False)

    def _text(self, start: int, end: int, *, trims_end: bool) -> Iterator[Piece]:
        text = self._source[start:end]
        text = text.lstrip(SPACES) if self._trims else text
        text = text.rstrip(SPACES) if trims_end else text
        if text:
            yield Piece(TEXT, "", text, start, start)

    def _end(self, start: int) -> int:
        """Where the braces that open at `start` close. Quotes do not hide braces; a `${name}` does."""
        opened = self._source[start : start + 2]
        marks = _IN_OUTPUT if opened == "{{" else _IN_TAG
        position, depth = start + 2, 1
        while depth:
            found = marks.search(self._source, position, self._stop) or self._never_closed(opened, start)
            position = found.end()
            if found[0] == "${":
                position = self._past("}", position) or self._never_closed("${", found.start())
            else:
                depth += 1 if found[0] == "{{" else -1
        return position

    def _past(self, mark: str, position: int) -> int:
        found = self._source.find(mark, position, self._stop)
        return found + len(mark) if found >= 0 else 0

    def _piece(self, start: int, end: int) -> Piece:
        first = start + 3 if self._source[start + 2] == "-" else start + 2
        last = max(first, end - 3 if self._trims else end - 2)
        if self._source[start + 1] == "{":
            return Piece(OUTPUT, "", self._source[first:last], start, first)
        name = _TAG_NAME.match(self._source, first, last)
        if not name:
            raise LiquidError("A tag needs a name, as in {% if … %}.", self._lines.at(start))
        return Piece(TAG, name[1], self._source[name.end() : last].rstrip(), start, name.end())

    def _raw(self, piece: Piece, position: int) -> tuple[Piece, int]:
        end = _RAW_END.search(self._source, position, self._stop) or self._never_closed(
            "{% raw %}", piece.start
        )
        self._trims = bool(end[1])
        return Piece(RAW, "raw", self._source[position : end.start()], piece.start, position), end.end()

    def _comment_end(self, position: int, start: int) -> int:
        depth = 1
        while depth:
            found = _COMMENT.search(self._source, position, self._stop)
            position = self._past("%}", found.end()) if found else 0
            if not found or not position:
                self._never_closed("{% comment %}", start)
            depth += -1 if found[1] else 1
        self._trims = self._source[position - 3] == "-"
        return position

    def _never_closed(self, what: str, index: int) -> NoReturn:
        raise UnclosedError(f"{what} is never closed; add {_CLOSERS[what]}", self._lines.at(index))
