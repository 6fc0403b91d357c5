"""Conditions of if, elsif and unless: comparisons joined by and, or, read from the right as Liquid does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from campaigns.liquid import lexer
from campaigns.liquid.errors import LiquidError
from campaigns.liquid.expressions import parse_value
from campaigns.liquid.limits import weight
from campaigns.liquid.printing import to_text
from campaigns.liquid.terms import Term
from campaigns.liquid.values import equal, is_true

if TYPE_CHECKING:
    from campaigns.liquid.lexer import Cursor

_OPERATORS = {"==", "!=", "<>", "<", ">", "<=", ">=", "contains"}
_FREE_LENGTH = 200  # comparing texts shorter than this costs nothing worth counting


class Comparison(Term):
    """`left operator right`."""

    __slots__ = ("_left", "_line", "_operator", "_right")

    def __init__(self, left: Term, operator: str, right: Term, line: int) -> None:
        self._left, self._operator, self._right, self._line = left, operator, right, line

    def evaluate(self, context: Any) -> bool:
        """Whether it holds for this person; LiquidError when a text is ordered against a number."""
        left, right = self._left.evaluate(context), self._right.evaluate(context)
        if isinstance(left, list | dict) or (isinstance(left, str) and len(left) > _FREE_LENGTH):
            context.spend(weight(left))
        if self._operator == "==":
            return equal(left, right)
        if self._operator in {"!=", "<>"}:
            return not equal(left, right)
        if self._operator == "contains":
            return _contains(left, right)
        return _in_order(left, self._operator, right, self._line)


def _contains(left: object, right: object) -> bool:
    if not is_true(right):
        return False
    if isinstance(left, str):
        return to_text(right) in left
    if isinstance(left, dict):
        return isinstance(right, str) and right in left
    return isinstance(left, list | range) and any(equal(item, right) for item in left)


def _in_order(left: object, operator: str, right: object, line: int) -> bool:
    """Nil, true and collections have no order: false, as in Ruby."""
    if any(value is None or not isinstance(value, str | int | float) for value in (left, right)):
        return False
    if isinstance(left, bool) or isinstance(right, bool):
        return False
    if isinstance(left, str) != isinstance(right, str):
        raise LiquidError(
            "A text and a number are compared here; assign the text '| plus: 0' to a variable first.", line
        )
    return _holds(left, operator, right)


def _holds(left: Any, operator: str, right: Any) -> bool:
    if operator == "<":
        return bool(left < right)
    if operator == ">":
        return bool(left > right)
    return bool(left <= right) if operator == "<=" else bool(left >= right)


class Condition(Term):
    """Comparisons joined by `and` and `or`; `a and b or c` is `a and (b or c)`."""

    __slots__ = ("_parts",)

    def __init__(self, parts: tuple[tuple[Term, str | None], ...]) -> None:
        self._parts = parts

    def evaluate(self, context: Any) -> bool:
        """Whether the whole condition holds for this person."""
        holds = False
        for part, joined_by in self._parts:
            holds = is_true(part.evaluate(context))
            if joined_by == ("or" if holds else "and"):
                break
        return holds


def parse_condition(cursor: Cursor) -> Condition:
    """Read a whole condition up to the end; LiquidError for filters and parentheses, which do not work here."""
    parts: list[tuple[Term, str | None]] = []
    joined_by: str | None = "and"
    while joined_by:
        part = _parse_comparison(cursor)
        joined_by = cursor.take("and", "or")
        parts.append((part, joined_by))
    if cursor.word.text == "|" and cursor.word.kind == lexer.MARK:
        cursor.refuse("Filters do not work in a condition; assign the filtered value to a variable first.")
    if cursor.word.text in {"=", "&"}:
        cursor.refuse("A comparison is written with two equal signs: ==")
    cursor.expect_end()
    return Condition(tuple(parts))


def _parse_comparison(cursor: Cursor) -> Term:
    line = cursor.line
    left = parse_value(cursor, is_shown=False)
    operator = cursor.take(*_OPERATORS)
    if operator is None:
        return left
    return Comparison(left, operator, parse_value(cursor, is_shown=False), line)
