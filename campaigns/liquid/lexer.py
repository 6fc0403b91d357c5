"""Cuts what stands inside braces into words; Braze's `${name}` is one word, inner `{{ }}` are none."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from campaigns.liquid.errors import LiquidError
from campaigns.liquid.limits import NUMBER_LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable

    from campaigns.liquid.terms import Read

NAME, STRING, NUMBER, REFERENCE, MARK, END = "name", "string", "number", "reference", "mark", "end"

_WORDS = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<wrap>\{\{-?(?=\s) | \{\{ | -?\}\})
  | (?P<reference>(?:[A-Za-z_]\w*\s*\.\s*)?\$\{[^}]*\})
  | (?P<string>'[^']*' | "[^"]*")
  | (?P<number>-?[0-9]+(?:\.[0-9]+)?(?!\w))
  | (?P<name>\w[\w-]*\??)
  | (?P<mark>==|!=|<>|<=|>=|\.\.|[<>=|:,.()\[\]])
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
CURLY_QUOTES = "\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb"


class Word(NamedTuple):
    """One word: its kind, its text (without quotes or braces) and where it starts in the source."""

    kind: str
    text: str
    start: int


def words(body: str, start: int, line_of: Callable[[int], int]) -> list[Word]:
    """The words of what stands inside braces; LiquidError for a character that means nothing there."""
    found: list[Word] = []
    depth = 0
    for match in _WORDS.finditer(body):
        kind, text, index = match.lastgroup or "", match.group(), start + match.start()
        if kind == "wrap":
            depth += 1 if text.startswith("{") else -1
            if depth < 0:
                raise LiquidError("There is a }} too many here.", line_of(index))
        elif kind == "other":
            _refuse(text, line_of(index))
        elif kind != "space":
            found.append(Word(kind, text[1:-1] if kind == STRING else text, index))
    if depth:
        raise LiquidError("An inner {{ is never closed; add }}", line_of(start))
    return found


def _refuse(char: str, line: int) -> NoReturn:
    if char in CURLY_QUOTES:
        raise LiquidError(f"The curly quote {char} does not work in Liquid; type a straight ' or \".", line)
    if char in "'\"":
        raise LiquidError(f"A quote {char} is opened and never closed.", line)
    if char == "$":
        raise LiquidError("A $ must be followed by {name}, as in ${first_name}.", line)
    raise LiquidError(f"The character {char} cannot stand here.", line)


def namespace_and_name(reference: str) -> tuple[str, str]:
    """`custom_attribute.${zip code}` as ("custom_attribute", "zip code"); a bare `${first_name}` is the user's."""
    before, _, name = reference.partition("${")
    return before.rstrip().rstrip(".").rstrip() or "user", name[:-1].strip()


def number(text: str) -> int | float | None:
    """A number as Liquid writes it, or None when it is too large."""
    digits = text.lstrip("-").partition(".")[0]
    if len(digits) >= len(str(NUMBER_LIMIT)) or len(text) > 100:
        return None
    return float(text) if "." in text else int(text)


class Cursor:
    """Walks through the words of one tag or output."""

    def __init__(self, found: list[Word], end: int, line_of: Callable[[int], int], reads: list[Read]) -> None:
        self.reads = reads  # every reference and variable of the template, collected as it is parsed
        self._words = [*found, Word(END, "", end)]
        self._position = 0
        self._line_of = line_of

    @property
    def word(self) -> Word:
        """The current word; END at the end."""
        return self._words[self._position]

    @property
    def following(self) -> Word:
        """The word behind the current one."""
        return self._words[min(self._position + 1, len(self._words) - 1)]

    @property
    def line(self) -> int:
        """The line of the current word."""
        return self._line_of(self.word.start)

    def next(self) -> Word:
        """Return the current word and go on to the one behind it."""
        word = self.word
        self._position = min(self._position + 1, len(self._words) - 1)
        return word

    def take(self, *texts: str) -> str | None:
        """Go past the current word if it is a mark or name among these."""
        word = self.word
        return self.next().text if word.kind in (MARK, NAME) and word.text in texts else None

    def expect(self, text: str) -> None:
        """Go past this mark, or say that it is missing."""
        if not self.take(text):
            self.refuse(f"A {text} is missing here.")

    def expect_end(self) -> None:
        """Say what stands behind the last word that means something."""
        if self.word.kind != END:
            self.refuse(f"Liquid does not understand {self.word.text[:40]!r} here.")

    def refuse(self, message: str) -> NoReturn:
        """Raise LiquidError at the current word."""
        raise LiquidError(message, self.line)
