"""Strict JSON from strangers: one object in, or one sentence that says why not.

orjson refuses NaN, Infinity, lone surrogates, invalid UTF-8 and trailing text. What it lets through is
looked for here: deep nesting, NUL characters, keys given twice, and numbers beyond 64 bits.
"""

import json
from typing import Any

import orjson

DEPTH_LIMIT = 50
NUMBERS = range(-(2**63), 2**63)
EXACT_BELOW = 1e16  # from here on databases and JSON writers disagree about how to write a float


class DocumentError(ValueError):
    """A body that is not one plain JSON object; the text says why, in one sentence without its full stop."""


class RepeatedKeyError(DocumentError):
    """An object in which a key is given twice."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The key {name[:80]!r} is there twice")
        self.name = name


def loads(body: bytes) -> dict[str, Any]:
    """Return the object in this body, or raise DocumentError and nothing else."""
    try:
        first = orjson.loads(body)
    except orjson.JSONDecodeError as fault:
        raise DocumentError(f"Not valid JSON: {fault}") from None
    if not isinstance(first, dict):
        raise DocumentError("Not a JSON object")
    survey(first, may_hold_nul=b"\\u0000" in body)
    return dict(json.loads(body, object_pairs_hook=once, parse_int=whole, parse_float=exact))


def survey(document: dict[str, Any], *, may_hold_nul: bool) -> None:
    """Refuse deep nesting, and NUL characters in texts and names: databases cannot hold them."""
    level: list[Any] = [document]
    for _depth in range(DEPTH_LIMIT):
        if may_hold_nul and any("\0" in text for container in level for text in texts(container)):
            raise DocumentError("Holds a NUL character, which cannot be stored")
        rows = [item.values() if type(item) is dict else item for item in level]
        level = [item for row in rows for item in row if type(item) is dict or type(item) is list]
        if not level:
            return
    raise DocumentError(f"Nested more than {DEPTH_LIMIT} levels deep")


def texts(container: Any) -> list[str]:
    """Return the texts right inside of a list or an object, names included."""
    items = [*container, *container.values()] if type(container) is dict else container
    return [item for item in items if type(item) is str]


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object; a key given twice could mean either value, so neither is taken."""
    kept: dict[str, Any] = {}
    for name, value in pairs:
        if name in kept:
            raise RepeatedKeyError(name)
        kept[name] = value
    return kept


def whole(text: str) -> int:
    """Return a whole number of at most 64 bits."""
    number = int(text) if len(text) <= 20 else NUMBERS.stop
    if number not in NUMBERS:
        raise DocumentError("Holds a whole number beyond 64 bits")
    return number


def exact(text: str) -> float | int:
    """Return a number that every database writes back the same: no -0.0, and large ones as whole numbers."""
    number = float(text)
    if abs(number) < EXACT_BELOW:
        return number + 0.0
    if abs(number) >= NUMBERS.stop:
        raise DocumentError("Holds a number beyond 64 bits")
    return int(number)
