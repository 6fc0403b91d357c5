"""How Liquid treats values: what is true, empty and equal, and what a path finds in one, as Ruby does it."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice

from campaigns.liquid.errors import FilterError, LiquidError
from campaigns.liquid.limits import ITEM_LIMIT, TOO_MANY

DEPTH_LIMIT = 100  # lists in lists; deeper data is nobody's profile
TOO_DEEP = f"This value is nested more than {DEPTH_LIMIT} levels deep."


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
        raise LiquidError(TOO_DEEP)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(
            equal(one, other, depth + 1) for one, other in zip(left, right, strict=True)
        )
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal(left[key], right[key], depth + 1) for key in left)
    return False


def step(value: object, key: object, *, is_command: bool) -> object:
    """Follow one step of a path: a hash's key, a list's index or, after a dot, its size, first or last."""
    if isinstance(value, list) and type(key) is int:
        return value[key] if -len(value) <= key < len(value) else None
    if isinstance(value, dict | Mapping) and isinstance(key, str) and key in value:
        return value[key]
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
        raise FilterError(TOO_MANY)
    return items
