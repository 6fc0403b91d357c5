"""Text inside a tag that may hold outputs: the words of connected_content and message_extras."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from campaigns.liquid.dialect import OUTPUT, scan
from campaigns.liquid.filtered import parse_filtered
from campaigns.liquid.limits import fit
from campaigns.liquid.printing import to_text
from campaigns.liquid.terms import Term

if TYPE_CHECKING:
    from liquid import Token

    from campaigns.liquid.stream import Stream

_MARKS = re.compile(r"\s+|\$\{[^}]*\}|\$\{|\{\{|\}\}|[{}]")


class Markup(Term):
    """Text and outputs, written one behind the other."""

    __slots__ = ("_parts",)

    def __init__(self, parts: tuple[str | Term, ...]) -> None:
        self._parts = parts

    def evaluate(self, context: Any) -> str:
        """The text for this person; LiquidError when it is too long."""
        pieces = [part if isinstance(part, str) else to_text(part.evaluate(context)) for part in self._parts]
        text = "".join(pieces)
        context.spend(len(text))
        fit(text)
        return text


class MarkupWord(NamedTuple):
    """One word of a tag: where it stands, and its text as written."""

    text: str
    start: int
    end: int


def split(stream: Stream) -> list[MarkupWord]:
    """The words of the current expression; braces of any kind hold a word together over spaces."""
    token, found = stream.expression(), list[MarkupWord]()
    open_braces: list[str] = []
    start = 0
    for match in _MARKS.finditer(token.value):
        mark = match.group()
        if mark.isspace():
            if not open_braces:
                found.append(_word(token, start, match.start()))
                start = match.end()
        elif mark == "${":
            stream.refuse("${ is never closed; add }", token)
        elif mark in ("{", "{{"):
            open_braces.append(mark)
        elif mark in ("}", "}}"):
            _close(open_braces, mark)
    found.append(_word(token, start, len(token.value)))
    return [word for word in found if word.text]


def _word(token: Token, start: int, end: int) -> MarkupWord:
    return MarkupWord(token.value[start:end], token.start_index + start, token.start_index + end)


def _close(open_braces: list[str], mark: str) -> None:
    """`}}` closes one `{{`, or two `{` of JSON in JSON."""
    closes = 2 if mark == "}}" and open_braces[-1:] != ["{{"] else 1
    del open_braces[max(len(open_braces) - closes, 0) :]


def parse_markup(stream: Stream, start: int, end: int) -> Markup:
    """Read the outputs in a stretch of the source. A tag there is never closed: the tag around it ends first."""
    source = stream.expression().source
    parts: list[str | Term] = []
    for piece in scan(source, stream.lines, start, end):
        if piece.kind == OUTPUT:
            parts.append(parse_filtered(stream.cursor_over(piece.body, piece.body_start)))
        else:
            parts.append(piece.body)
    return Markup(tuple(parts))
