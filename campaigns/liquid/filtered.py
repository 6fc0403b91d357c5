"""A value with filters behind it: `${first_name} | strip | default: 'you'`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from campaigns.liquid import lexer
from campaigns.liquid.errors import FilterError, LiquidError
from campaigns.liquid.expressions import parse_value
from campaigns.liquid.filters import DEFAULT, FILTERS, Filter, refusal
from campaigns.liquid.limits import fit, weight
from campaigns.liquid.terms import Literal, Read, Term
from campaigns.liquid.values import is_empty

if TYPE_CHECKING:
    from campaigns.liquid.lexer import Cursor


class Step(Protocol):
    """One filter with its arguments."""

    def apply(self, value: object, context: Any) -> object:
        """What the filter makes of a value."""


class FilterCall:
    """A filter and its arguments."""

    __slots__ = ("_arguments", "_filter", "_line")

    def __init__(self, used: Filter, arguments: tuple[Term, ...], line: int) -> None:
        self._filter, self._arguments, self._line = used, arguments, line

    def apply(self, value: object, context: Any) -> object:
        """The filter's result, paid for and not too large; LiquidError with the line when it cannot work."""
        try:
            context.spend(len(value) if type(value) is str else weight(value))
            arguments = [argument.evaluate(context) for argument in self._arguments]
            if self._filter.takes_now:
                result = self._filter.function(value, *arguments, now=context.now)
            else:
                result = self._filter.function(value, *arguments)
            context.spend(len(result) if type(result) is str else weight(result))
            return fit(result)
        except FilterError as fault:
            raise LiquidError(f"{self._filter.name}: {fault}", self._line) from None
        except LiquidError as fault:
            raise LiquidError(fault.message, fault.line or self._line) from None


class Default:
    """`default: x`, which reads x only when it is needed."""

    __slots__ = ("_keeps_false", "_otherwise")

    def __init__(self, otherwise: Term, keeps_false: Term | None) -> None:
        self._otherwise, self._keeps_false = otherwise, keeps_false

    def apply(self, value: object, context: Any) -> object:
        """The value, or the other one for nil, false and what is empty; a text of spaces is not empty."""
        if value is False:
            keeps = self._keeps_false is not None and self._keeps_false.evaluate(context) is True
            return value if keeps else self._otherwise.evaluate(context)
        return self._otherwise.evaluate(context) if value is None or is_empty(value) else value


class Filtered(Term):
    """A value and the filters it goes through."""

    __slots__ = ("left", "steps")

    def __init__(self, left: Term, steps: tuple[Step, ...]) -> None:
        self.left, self.steps = left, steps

    def evaluate(self, context: Any) -> object:
        """The value after its last filter."""
        value = self.left.evaluate(context)
        for step in self.steps:
            value = step.apply(value, context)
        return value


def parse_filtered(cursor: Cursor) -> Term:
    """Read a value and its filters up to the end; nothing at all is nil."""
    if cursor.word.kind == lexer.END:
        return Literal(None)
    first = len(cursor.reads)
    left = parse_value(cursor, is_shown=True)
    steps: list[Step] = []
    while cursor.take("|"):
        before = len(cursor.reads)
        steps.append(_parse_step(cursor))
        if isinstance(steps[-1], Default):
            _have_default(cursor.reads[first:before])
    cursor.expect_end()
    return Filtered(left, tuple(steps)) if steps else left


def _have_default(reads: list[Read]) -> None:
    for read in reads:
        read.has_default = True


def _parse_step(cursor: Cursor) -> Step:
    if cursor.word.kind != lexer.NAME:
        cursor.refuse("The name of a filter is missing behind the |.")
    line, name = cursor.line, cursor.word.text
    if name == DEFAULT:
        cursor.next()
        return _parse_default(cursor)
    if name not in FILTERS:
        cursor.refuse(refusal(name))
    cursor.next()
    arguments = _parse_arguments(cursor)
    _check_count(FILTERS[name], len(arguments), line)
    return FilterCall(FILTERS[name], tuple(arguments), line)


def _parse_arguments(cursor: Cursor) -> list[Term]:
    if not cursor.take(":"):
        if cursor.word.kind not in (lexer.END, lexer.MARK):
            cursor.refuse("A : is missing between the filter and what it is given.")
        return []
    arguments = [parse_value(cursor, is_shown=True)]
    while cursor.take(","):
        arguments.append(parse_value(cursor, is_shown=True))
    return arguments


def _parse_default(cursor: Cursor) -> Default:
    otherwise: Term = Literal("")
    keeps_false: Term | None = None
    if not cursor.take(":"):
        return Default(otherwise, keeps_false)
    while True:
        if cursor.word.text == "allow_false" and cursor.following.text == ":":
            cursor.next()
            cursor.next()
            keeps_false = parse_value(cursor, is_shown=False)
        else:
            otherwise = parse_value(cursor, is_shown=True)
        if not cursor.take(","):
            return Default(otherwise, keeps_false)


def _check_count(used: Filter, count: int, line: int) -> None:
    if used.least <= count <= used.most:
        return
    needed = f"{used.least}" if used.least == used.most else f"{used.least} to {used.most}"
    raise LiquidError(f"The filter '{used.name}' is given {count} values and needs {needed}.", line)
