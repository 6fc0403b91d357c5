"""Values in a template: literals, variables and references to a person's data, with a path behind them."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from liquid.expression import Expression

from campaigns.liquid import lexer
from campaigns.liquid.data import NAMESPACES, UNSENT_DISPATCH, Reference, find, spelled
from campaigns.liquid.errors import FilterError, LiquidError
from campaigns.liquid.filters.numbers import to_number
from campaigns.liquid.limits import ITEM_LIMIT
from campaigns.liquid.values import BLANK, EMPTY, is_blank, is_empty, step

if TYPE_CHECKING:
    from campaigns.liquid.lexer import Cursor

_BRACKETS_LIMIT = 10  # brackets in brackets
_KEYWORDS = {"true": True, "false": False, "nil": None, "null": None, "blank": BLANK, "empty": EMPTY}


class Term(Expression):
    """Something that has a value while rendering. `context` is always our Context; python-liquid only says its own."""

    __slots__ = ()

    def children(self) -> list[Expression]:
        """Nothing: python-liquid's static analysis is not used, `references` is."""
        return []

    def evaluate(self, context: Any) -> object:
        """The value for this person."""
        raise NotImplementedError


class Literal(Term):
    """A value that is written in the template."""

    __slots__ = ("value",)

    def __init__(self, value: object) -> None:
        self.value = value

    def evaluate(self, context: Any) -> object:
        """The value as it is written."""
        return self.value


class Range(Term):
    """`(1..n)`."""

    __slots__ = ("line", "start", "stop")

    def __init__(self, start: Term, stop: Term, line: int) -> None:
        self.start, self.stop, self.line = start, stop, line

    def evaluate(self, context: Any) -> range:
        """The whole numbers from start to stop, both included; LiquidError when there are too many."""
        try:
            start, stop = (int(to_number(end.evaluate(context))) for end in (self.start, self.stop))
        except FilterError as fault:
            raise LiquidError(str(fault), self.line) from None
        if stop - start >= ITEM_LIMIT:
            raise LiquidError(f"A range may hold at most {ITEM_LIMIT:,} numbers.", self.line)
        return range(start, max(start, stop + 1))


Path = tuple[tuple[object, bool], ...]  # (key or Term, whether it stood behind a dot)


def _follow(value: object, path: Path, context: Any) -> object:
    for key, is_command in path:
        value = step(value, key.evaluate(context) if isinstance(key, Term) else key, is_command=is_command)
    return value


class Variable(Term):
    """A name that the template itself has set, and a path behind it."""

    __slots__ = ("name", "path")

    def __init__(self, name: str, path: Path) -> None:
        self.name, self.path = name, path

    def evaluate(self, context: Any) -> object:
        """The variable's value, or None."""
        value = context.lookup(self.name)
        return _follow(value, self.path, context) if self.path else value


class Lookup(Term):
    """`custom_attribute.${rokt:account_code}[0]`: one reference to a person's data."""

    __slots__ = (
        "_field",
        "_label",
        "_path",
        "_unset",
        "has_default",
        "is_shown",
        "line",
        "name",
        "namespace",
    )

    def __init__(self, namespace: str, name: str, path: Path, *, line: int, is_shown: bool) -> None:
        self.namespace, self.name, self.line = namespace, name, line
        self.is_shown, self.has_default = is_shown, False
        self._field, self._path, self._label = NAMESPACES[namespace], path, spelled(namespace, name)
        self._unset = UNSENT_DISPATCH if (namespace, name) == ("campaign", "dispatch_id") else None

    @property
    def reference(self) -> Reference:
        """What is read here, for whoever asks without rendering."""
        return Reference(self.namespace, self.name, self.line, self.has_default, self.is_shown)

    def evaluate(self, context: Any) -> object:
        """The person's value or None; notes when something to be shown is empty."""
        value = find(getattr(context.data, self._field), self.name)
        if self._path:
            value = _follow(value, self._path, context)
        if value is None:
            value = self._unset
        if self.is_shown and (is_blank(value) if value is not False else self.has_default):
            self._note(value, context)
        return value

    def _note(self, value: object, context: Any) -> None:
        is_replaced = (
            value is None or value is False or is_empty(value)
        )  # `default` leaves a text of spaces alone
        (context.fallbacks if self.has_default and is_replaced else context.missing)[self._label] = None


def parse_value(cursor: Cursor, *, is_shown: bool, depth: int = 0) -> Term:
    """Read one value and the path behind it; LiquidError when there is none."""
    word = cursor.word
    if word.kind == lexer.STRING:
        return Literal(cursor.next().text)
    if word.kind == lexer.NUMBER:
        return _parse_number(cursor)
    if word.kind == lexer.REFERENCE:
        return _parse_reference(cursor, is_shown=is_shown, depth=depth)
    if word.kind == lexer.NAME:
        return _parse_name(cursor, depth)
    if word.text == "(" and depth < _BRACKETS_LIMIT:
        return _parse_range(cursor, is_shown=is_shown, depth=depth)
    return cursor.refuse(
        "A value is missing here." if word.kind == lexer.END else f"A value cannot begin with {word.text}"
    )


def _parse_number(cursor: Cursor) -> Literal:
    value = lexer.number(cursor.word.text)
    if value is None:
        cursor.refuse("This number is too large.")
    cursor.next()
    return Literal(value)


def _parse_name(cursor: Cursor, depth: int) -> Term:
    name = cursor.next().text
    path = _parse_path(cursor, depth)
    return Literal(_KEYWORDS[name]) if name in _KEYWORDS and not path else Variable(name, path)


def _parse_range(cursor: Cursor, *, is_shown: bool, depth: int) -> Range:
    line = cursor.line
    cursor.expect("(")
    start = parse_value(cursor, is_shown=is_shown, depth=depth + 1)
    if cursor.word.text != "..":
        cursor.refuse("Parentheses do not work in Liquid, other than in a range such as (1..5).")
    cursor.expect("..")
    stop = parse_value(cursor, is_shown=is_shown, depth=depth + 1)
    cursor.expect(")")
    return Range(start, stop, line)


def _parse_path(cursor: Cursor, depth: int) -> Path:
    path: list[tuple[object, bool]] = []
    while mark := cursor.take(".", "["):
        if mark == ".":
            if cursor.word.kind != lexer.NAME:
                cursor.refuse("A name is missing behind the dot.")
            path.append((cursor.next().text, True))
            continue
        if depth >= _BRACKETS_LIMIT:
            cursor.refuse("There are too many brackets inside brackets.")
        key = parse_value(cursor, is_shown=False, depth=depth + 1)
        cursor.expect("]")
        path.append((key.value if isinstance(key, Literal) else key, False))
    return tuple(path)


def _parse_reference(cursor: Cursor, *, is_shown: bool, depth: int) -> Lookup:
    line = cursor.line
    namespace, name = lexer.namespace_and_name(cursor.word.text)
    if namespace not in NAMESPACES:
        cursor.refuse(_no_group(namespace))
    if not name:
        cursor.refuse("A name is missing in ${}.")
    cursor.next()
    lookup = Lookup(namespace, name, _parse_path(cursor, depth), line=line, is_shown=is_shown)
    cursor.lookups.append(lookup)
    return lookup


def _no_group(namespace: str) -> str:
    if namespace == "content_blocks":
        return "Content blocks are kept in Braze; paste the block's own text here instead."
    close = difflib.get_close_matches(namespace[:40], NAMESPACES, n=1)
    hint = f" Did you mean {close[0]}?" if close else ""
    return f"Nothing is called {namespace[:40]}.${{…}} here.{hint}"
