"""A template as the checks see it: its outputs and tags in order, and an outline of the text around them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING

from campaigns.liquid.dialect import OUTPUT, TAG, Lines, scan
from campaigns.liquid.errors import LiquidError
from campaigns.liquid.lexer import Word, words
from campaigns.liquid.limits import NESTING_LIMIT
from campaigns.liquid.lint.element import Element, labels, variables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from campaigns.liquid.dialect import Piece

HOLE = "\x00"  # stands for an output in the outline
_OPENS = {"if", "unless", "case"}
_CLOSES = {"endif", "endunless", "endcase"}
_OWN_MARKUP = {"connected_content", "message_extras", "abort_message", "liquid", "#", "raw"}
_REACH = 2_000  # how far back a URL may begin
_KEY_REACH = 300


@dataclass
class View:
    """A whole template. `outline` is its text outside captures, with a HOLE for each output."""

    source: str
    elements: list[Element] = field(default_factory=list)
    captures: dict[str, str] = field(default_factory=dict)  # variable -> the text captured, with HOLEs
    outline: str = ""

    @property
    def is_json(self) -> bool:
        """Whether the text is JSON."""
        return self.outline.lstrip().startswith(("{", "["))

    @property
    def outputs(self) -> Iterator[Element]:
        """The outputs outside captures."""
        return (item for item in self.elements if item.is_output and item.capture is None)

    def tags(self, *names: str) -> Iterator[Element]:
        """The tags of these names."""
        return (item for item in self.elements if not item.is_output and item.piece.name in names)

    def definition(self, variable: str) -> Element | None:
        """Where a variable is assigned."""
        return self._assigned.get(variable)

    @cached_property
    def _assigned(self) -> dict[str, Element]:
        return {item.target: item for item in self.tags("assign") if item.target}

    def url_before(self, element: Element) -> str:
        """The URL that an output continues, or an empty text."""
        text = self.outline[max(element.at - _REACH, 0) : element.at]
        for mark in " \t\r\n\"'<>":
            text = text[text.rfind(mark) + 1 :]
        found = max(text.rfind("http://"), text.rfind("https://"))
        return text[found:] if found >= 0 else ""

    def json_strings(self) -> Iterator[tuple[str, list[Element]]]:
        """Every JSON string that holds outputs, with its key: `("title", [the outputs in it])`."""
        outputs = self.outputs if self.is_json else iter(())
        for start, group in groupby(outputs, key=lambda item: self._string_starts[item.at]):
            if start is not None:
                yield _key(self.outline[max(start - _KEY_REACH, 0) : start]), list(group)

    @cached_property
    def _string_starts(self) -> list[int | None]:
        """For each place of the outline, where the JSON string around it begins."""
        starts: list[int | None] = []
        start, is_escaped = None, False
        for place, char in enumerate(self.outline):
            starts.append(start)
            if char == '"' and not is_escaped:
                start = place if start is None else None
            is_escaped = char == "\\" and not is_escaped
        return [*starts, start]


def _key(before: str) -> str:
    """The key of the JSON value that begins behind a text, or of the list it begins."""
    name, mark, _ = before.rstrip().removesuffix("[").rstrip().rpartition(":")
    return name.rstrip().removesuffix('"').rpartition('"')[2] if mark else ""


def look(source: str) -> View:
    """See a template as far as it can be cut into pieces."""
    view = View(source)
    builder = _Builder(view)
    try:
        for piece in scan(source, builder.lines):
            builder.add(piece)
    except LiquidError:  # whoever parses the template says it
        pass
    view.outline = "".join(builder.outline)
    return view


class _Builder:
    def __init__(self, view: View) -> None:
        self.lines = Lines(view.source)
        self.outline: list[str] = []
        self._view = view
        self._guards: tuple[frozenset[str], ...] = ()
        self._settled: frozenset[str] = frozenset()  # what an abort_message has been asked about before
        self._capture: str | None = None
        self._size = 0

    def add(self, piece: Piece) -> None:
        if piece.kind in {OUTPUT, TAG}:
            element = self._element(piece)
            self._view.elements.append(element)
            self._follow(element)
        if piece.kind != TAG:
            self._write(HOLE if piece.kind == OUTPUT else piece.body)

    def _element(self, piece: Piece) -> Element:
        line = self.lines.at(piece.start)
        return Element(
            piece, line, self._words(piece), (self._settled, *self._guards), self._capture, self._size
        )

    def _words(self, piece: Piece) -> tuple[Word, ...]:
        try:
            return (
                () if piece.name in _OWN_MARKUP else tuple(words(piece.body, piece.body_start, self.lines.at))
            )
        except LiquidError:  # whoever parses the template says it
            return ()

    def _follow(self, element: Element) -> None:
        name = element.piece.name
        if name in _OPENS and len(self._guards) < NESTING_LIMIT:
            self._guards = (*self._guards, _asked(element))
        elif name in {"elsif", "when"} and self._guards:
            self._guards = (*self._guards[:-1], self._guards[-1] | _asked(element))
        elif name in _CLOSES:
            self._guards = self._guards[:-1]
        elif name == "abort_message":
            self._settled = self._settled.union(*self._guards)
        elif name == "capture" and element.target:
            self._capture = element.target
            self._view.captures[element.target] = ""
        elif name == "endcapture":
            self._capture = None

    def _write(self, text: str) -> None:
        if self._capture is not None:
            self._view.captures[self._capture] += text
            return
        self.outline.append(text)
        self._size += len(text)


def _asked(element: Element) -> frozenset[str]:
    return frozenset((*labels(element.words), *variables(element.words)))
