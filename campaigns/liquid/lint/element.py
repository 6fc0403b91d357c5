"""One output or tag as the checks see it: its words, its filters, and the conditions around it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from campaigns.liquid.data import spelled
from campaigns.liquid.dialect import OUTPUT, Piece
from campaigns.liquid.lexer import MARK, NAME, NUMBER, REFERENCE, STRING, Word, namespace_and_name

if TYPE_CHECKING:
    from collections.abc import Sequence

CONDITIONS = {"if", "elsif", "unless", "case", "when"}


@dataclass(frozen=True)
class Step:
    """One filter and the words of what it is given."""

    name: str
    arguments: tuple[Word, ...]


@dataclass(frozen=True)
class Element:
    """One output or tag. `guards` are the words that the conditions around it ask about, from the outside in."""

    piece: Piece
    line: int
    words: tuple[Word, ...]
    guards: tuple[frozenset[str], ...]
    capture: str | None  # the variable that is being captured here
    at: int  # where it stands in the view's outline

    @property
    def is_output(self) -> bool:
        """Whether it is `{{ … }}`."""
        return self.piece.kind == OUTPUT

    @property
    def is_shown(self) -> bool:
        """Whether it puts a value into the text, now or through a variable."""
        return self.is_output or self.piece.name in {"echo", "assign"}

    @property
    def target(self) -> str | None:
        """The variable that an assign or a capture sets."""
        return self.words[0].text if self.piece.name in {"assign", "capture"} and self.words else None

    @cached_property
    def value(self) -> tuple[Word, ...]:
        """The words of the value, before its filters."""
        return self._parts[0]

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The filters behind the value."""
        return tuple(Step(part[0].text, part[2:]) for part in self._parts[1:] if part)

    @property
    def has_default(self) -> bool:
        """Whether a default stands in for an empty value."""
        return any(step.name == "default" for step in self.steps)

    @property
    def source(self) -> str:
        """What stands inside the braces, on one line and not too long."""
        return " ".join(self.piece.body.split())[:80]

    def is_guarded(self, name: str) -> bool:
        """Whether a condition around it asks about a reference or variable."""
        return any(name in asked for asked in self.guards)

    @cached_property
    def _parts(self) -> list[tuple[Word, ...]]:
        return split(self.words[2 if self.piece.name == "assign" else 0 :], "|")


def split(found: Sequence[Word], mark: str) -> list[tuple[Word, ...]]:
    """The words between the marks; always at least one part."""
    parts: list[list[Word]] = [[]]
    for word in found:
        if word.kind == MARK and word.text == mark:
            parts.append([])
        else:
            parts[-1].append(word)
    return [tuple(part) for part in parts]


def labels(found: Sequence[Word]) -> list[str]:
    """The references among words, as a template spells them."""
    return [spelled(*namespace_and_name(word.text)) for word in found if word.kind == REFERENCE]


def variables(found: Sequence[Word]) -> list[str]:
    """The variables among words: names that stand behind no dot and no |."""
    before = (None, *found)
    return [word.text for word, last in zip(found, before, strict=False) if _is_variable(word, last)]


def _is_variable(word: Word, before: Word | None) -> bool:
    return word.kind == NAME and not (before and before.kind == MARK and before.text in {".", "|"})


def literal(found: Sequence[Word]) -> str | None:
    """The text or number that words stand for when they are one literal."""
    return found[0].text if len(found) == 1 and found[0].kind in {STRING, NUMBER} else None
