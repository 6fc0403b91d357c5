"""How Liquid treats values: what is true, empty, equal, and how each one is written out, as Ruby does it."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice

from campaigns.liquid.errors import FilterError, LiquidError
from campaigns.liquid.limits import ITEM_LIMIT, TEXT_LIMIT

DEPTH_LIMIT = 100  # lists in lists; deeper data is nobody's profile


class Special:
    """The literal `blank` or `empty`: it only means something in a comparison, and prints as nothing."""

    def __init__(self, name: str) -> None:
        self.name = name


BLANK = Special("blank")
EMPTY = Special("empty")


def is_true(value: object) -> bool:
    """Everything is true but nil and false."""
    return value is not None and value is not False


def is_empty(value: object) -> bool:
    """An empty text, list or hash."""
    return isinstance(value, str | list | dict) and not value


def is_blank(value: object) -> bool:
    """What Rails calls blank: nil, false, nothing but spaces, an empty list or hash."""
    if isinstance(value, str):
        return not value or value.isspace()
    return value is None or value is False or is_empty(value)


def equal(left: object, right: object, depth: int = 0) -> bool:
    """Ruby's `==`, with `blank` and `empty` standing for every value that is so; 1 == 1.0, but never true."""
    if isinstance(left, Special):
        left, right = right, left
    if isinstance(right, Special):
        return left is right or (is_blank(left) if right is BLANK else is_empty(left))
    if isinstance(left, list | dict) or isinstance(right, list | dict):
        return _equal_collections(left, right, depth)
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, str | int | float | range | datetime):
        return left == right
    return left is right


def _equal_collections(left: object, right: object, depth: int) -> bool:
    if depth > DEPTH_LIMIT:
        raise LiquidError(f"This value is nested more than {DEPTH_LIMIT} levels deep.")
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(
            equal(one, other, depth + 1) for one, other in zip(left, right, strict=True)
        )
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal(left[key], right[key], depth + 1) for key in left)
    return False


def step(value: object, key: object, *, is_command: bool) -> object:
    """Follow one step of a path: a hash's key, a list's index or, after a dot, its size, first or last."""
    if isinstance(value, Mapping):
        if isinstance(key, str) and key in value:
            return value[key]
    elif isinstance(value, list) and type(key) is int:
        return value[key] if -len(value) <= key < len(value) else None
    return _command(value, key) if is_command else None


def _command(value: object, key: object) -> object:
    if key == "size" and isinstance(value, str | list | range | Mapping):
        return len(value)
    if key == "first":
        return first(value)
    if key == "last":
        return last(value)
    return None


def first(value: object) -> object:
    """The first item of a list, the first [key, value] of a hash; None for anything else."""
    if isinstance(value, dict):
        return next(([key, item] for key, item in value.items()), None)
    return value[0] if isinstance(value, list | range) and value else None


def last(value: object) -> object:
    """The last item of a list; None for anything else."""
    return value[-1] if isinstance(value, list | range) and value else None


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
        zone = "UTC" if value.tzname() == "UTC" else value.strftime("%z")
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
            raise LiquidError(f"A text may hold at most {TEXT_LIMIT:,} characters.")
        yield piece


def inspect(value: object) -> str:
    """A value as Ruby's `inspect` writes it: `{"k"=>1}`, `["a", nil]`."""
    return "".join(_within_limit(_inspected(value, 0)))


def _inspected(value: object, depth: int) -> Iterator[str]:
    if depth > DEPTH_LIMIT:
        raise LiquidError(f"This value is nested more than {DEPTH_LIMIT} levels deep.")
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


def flatten(items: list[object]) -> Iterator[object]:
    """The items of a list and of every list in it, in order."""
    waiting = [iter(items)]
    while waiting:
        for item in waiting[-1]:
            if isinstance(item, list):
                waiting.append(iter(item))
                break
            yield item
        else:
            waiting.pop()


def to_items(value: object) -> list[object]:
    """What an array filter works on: a flat list; nil is no item, anything else is one."""
    if isinstance(value, list):
        is_nested = any(isinstance(item, list) for item in value)
        items = list(islice(flatten(value), ITEM_LIMIT + 1)) if is_nested else value
    elif isinstance(value, range):
        items = list(value[: ITEM_LIMIT + 1])
    else:
        items = [] if value is None else [value]
    if len(items) > ITEM_LIMIT:
        raise FilterError(f"A list may hold at most {ITEM_LIMIT:,} items.")
    return items
