"""Reads one value in a template: a literal, a range, a variable or a reference, and the path behind it."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from campaigns.liquid import lexer
from campaigns.liquid.data import NAMESPACES
from campaigns.liquid.terms import Literal, Lookup, Path, Range, Term, Variable
from campaigns.liquid.values import BLANK, EMPTY

if TYPE_CHECKING:
    from campaigns.liquid.lexer import Cursor

_BRACKETS_LIMIT = 10  # brackets in brackets
_KEYWORDS = {"true": True, "false": False, "nil": None, "null": None, "blank": BLANK, "empty": EMPTY}


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
        return _parse_name(cursor, is_shown=is_shown, depth=depth)
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


def _parse_name(cursor: Cursor, *, is_shown: bool, depth: int) -> Term:
    name = cursor.next().text
    path = _parse_path(cursor, depth)
    if name in _KEYWORDS and not path:
        return Literal(_KEYWORDS[name])
    variable = Variable(name, path, is_shown=is_shown)
    cursor.reads.append(variable)
    return variable


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
    cursor.reads.append(lookup)
    return lookup


def _no_group(namespace: str) -> str:
    if namespace == "content_blocks":
        return "Content blocks are kept in Braze; paste the block's own text here instead."
    close = difflib.get_close_matches(namespace[:40], NAMESPACES, n=1)
    hint = f" Did you mean {close[0]}?" if close else ""
    return f"Nothing is called {namespace[:40]}.${{…}} here.{hint}"
