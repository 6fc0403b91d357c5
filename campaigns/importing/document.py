"""Strict JSON: one line in, one object out, or a sentence that says why not; and out again as text.

orjson is strict about most things (NaN, Infinity, lone surrogates, invalid UTF-8, trailing text,
numbers without end). What it lets through is looked for here: keys given twice, whole numbers beyond
64 bits (it rounds them), NUL characters and deep nesting. Written out again, a line that held none of
the first two is the same to the letter, if it was written tightly; that tells most lines at a glance.
Other lines are searched, and where one may hold such a thing it is read a second time, slowly.
"""

import json
import math
import re
from decimal import Decimal
from itertools import chain
from typing import Any

import orjson
from django.utils.translation import gettext as _

from integrations.web.document import RepeatedKeyError, once

DEPTH_LIMIT = 50  # Braze nests three deep; SQLite and Python give up at 1,000
TEXT_ONLY = frozenset({str})
EXACT_BELOW = 1e16  # from here on databases and JSON writers disagree about how to write a float
NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


class DocumentError(ValueError):
    """A line that is not one plain JSON object."""


def loads(line: bytes) -> dict[str, Any]:
    """Return the object in this line; DocumentError says in words what is wrong."""
    try:
        document = orjson.loads(line)
    except orjson.JSONDecodeError as fault:
        raise DocumentError(_("Not valid JSON: %(fault)s.") % {"fault": fault}) from None
    if not isinstance(document, dict):
        raise DocumentError(_("Not a JSON object: a line must hold one person in braces."))
    if b"\\u0000" in line and NUL.search(line):
        raise DocumentError(_("Holds a NUL character, which cannot be stored."))
    if is_plain(document) and orjson.dumps(document) == line.rstrip():
        return document
    key_count, has_odd_number = survey(document)
    if has_odd_number or not has_keys(line, key_count):
        return reread(line)
    return document


def is_plain(document: dict[str, Any]) -> bool:
    """Return whether nothing lies deeper than lists of texts in an object in it, and no number is odd."""
    objects = [value for value in document.values() if type(value) is dict]
    object_count, items = 0, []
    for value in chain(document.values(), *map(dict.values, objects)):
        kind = type(value)
        if kind is list:
            items += value
        elif kind is dict:
            object_count += 1
        elif kind is float and is_odd(value):
            return False
    return object_count == len(objects) and TEXT_ONLY.issuperset(map(type, items))


def has_keys(line: bytes, key_count: int) -> bool:
    """Return whether the line certainly has this many keys, none of them given twice.

    Every key is followed by a quote and a colon; so may be other text, which makes the line suspect only.
    """
    if b" :" in line or b"\t" in line or b"\r" in line[:-2]:
        return False
    return line.count(b'":') == key_count


def dumps(value: dict[str, Any]) -> str:
    """Return JSON with sorted keys, the same for the same value: unlike ``==`` it tells true from 1."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    except TypeError:  # a whole number beyond 64 bits
        return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def survey(document: dict[str, Any]) -> tuple[int, bool]:
    """Return how many keys there are, and whether a number may have been rounded; refuse deep nesting."""
    key_count, has_odd_number = 0, False
    level: list[Any] = [document]
    for _depth in range(DEPTH_LIMIT):
        below: list[Any] = []
        for container in level:
            items = container
            if type(container) is dict:
                key_count += len(container)
                items = container.values()
            for item in items:
                kind = type(item)
                if kind is dict or kind is list:
                    below.append(item)
                elif kind is float and is_odd(item):
                    has_odd_number = True
        if not below:
            return key_count, has_odd_number
        level = below
    raise DocumentError(_("Nested more than %(limit)s levels deep.") % {"limit": DEPTH_LIMIT})


def is_odd(number: float) -> bool:
    """Return whether a database may write this number back in another way."""
    return abs(number) >= EXACT_BELOW or (number == 0 and math.copysign(1, number) < 0)


def reread(line: bytes) -> dict[str, Any]:
    """Return the object with exact numbers, and every object in it with each key once."""
    try:
        document: dict[str, Any] = json.loads(line, object_pairs_hook=once, parse_float=exact)
    except RepeatedKeyError:  # which one is not told: it may name somebody erased
        raise DocumentError(_("A key is there twice.")) from None
    return document


def exact(text: str) -> float | int:
    """Return a number that every database writes back the same: no -0.0, and large ones as whole numbers."""
    number = float(text)
    return int(Decimal(text)) if abs(number) >= EXACT_BELOW else number + 0.0
