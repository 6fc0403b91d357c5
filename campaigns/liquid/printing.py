"""How a value is written out: as Ruby prints it, and as Ruby inspects it."""

import re
from collections.abc import Iterator
from datetime import datetime

from campaigns.liquid.errors import LiquidError
from campaigns.liquid.limits import TEXT_LIMIT, TOO_LONG
from campaigns.liquid.values import DEPTH_LIMIT, TOO_DEEP, Special, flatten


def to_text(value: object) -> str:
    """A value as it is printed. A list is its items with nothing between, a hash is what Ruby would inspect."""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, Special):
        return ""
    if isinstance(value, list):
        return "".join(_within_limit(to_text(item) for item in flatten(value)))
    if isinstance(value, range):
        return f"{value.start}..{value.stop - 1}"
    return _scalar(value)


def _scalar(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, dict):
        return "".join(_within_limit(_inspected(value, 0)))
    if isinstance(value, datetime):
        zone = "UTC" if value.tzname() in {"UTC", None} else value.strftime("%z")
        return f"{value:%Y-%m-%d %H:%M:%S} {zone}"
    return str(value)


def _float(value: float) -> str:
    mantissa, sign, exponent = repr(value).partition("e")
    return f"{mantissa}.0e{exponent}" if sign and "." not in mantissa else repr(value)


def _within_limit(pieces: Iterator[str]) -> Iterator[str]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > TEXT_LIMIT:
            raise LiquidError(TOO_LONG)
        yield piece


def inspect(value: object) -> str:
    """A value as Ruby's `inspect` writes it: `{"k"=>1}`, `["a", nil]`."""
    return "".join(_within_limit(_inspected(value, 0)))


def _inspected(value: object, depth: int) -> Iterator[str]:
    if depth > DEPTH_LIMIT:
        raise LiquidError(TOO_DEEP)
    if isinstance(value, str):
        yield _quoted(value)
    elif isinstance(value, list):
        yield from _inspected_list(value, depth)
    elif isinstance(value, dict):
        yield from _inspected_hash(value, depth)
    else:
        yield "nil" if value is None else to_text(value)


def _inspected_list(items: list[object], depth: int) -> Iterator[str]:
    yield "["
    for place, item in enumerate(items):
        yield ", " if place else ""
        yield from _inspected(item, depth + 1)
    yield "]"


def _inspected_hash(pairs: dict[object, object], depth: int) -> Iterator[str]:
    yield "{"
    for place, (key, item) in enumerate(pairs.items()):
        yield ", " if place else ""
        yield from _inspected(key, depth + 1)
        yield "=>"
        yield from _inspected(item, depth + 1)
    yield "}"


_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\x1b": "\\e", "\x7f": "\\x7F"}
_ESCAPES |= {"\a": "\\a", "\b": "\\b", "\v": "\\v", "\f": "\\f"}
_TO_ESCAPE = re.compile(r'["\\\x00-\x1f\x7f]|#(?=[{$@])')


def _quoted(text: str) -> str:
    def escaped(match: re.Match[str]) -> str:
        char = match.group()
        return _ESCAPES.get(char) or (f"\\{char}" if char == "#" else f"\\u{ord(char):04X}")

    return f'"{_TO_ESCAPE.sub(escaped, text)}"'
