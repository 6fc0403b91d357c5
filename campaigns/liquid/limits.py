"""How much one template may take: the caps that keep a hostile template or person cheap."""

from typing import Any

from campaigns.liquid.errors import LiquidError

SOURCE_LIMIT = 65_536  # characters of template
TEXT_LIMIT = 262_144  # characters of one text: a filter's result, a capture, the whole output
ITEM_LIMIT = 10_000  # items of one list, steps of one loop
WORK_LIMIT = 10_000_000  # what a whole render may spend; one unit is about one character touched
NESTING_LIMIT = 30  # blocks inside blocks
NUMBER_LIMIT = 10**36  # magnitude of a number
ANSWER_LIMIT = 1_048_576  # bytes of a connected_content answer
EXTRAS_LIMIT = 1_024  # bytes of all message_extras together

TOO_LONG = f"A text may hold at most {TEXT_LIMIT:,} characters."
TOO_MANY = f"A list may hold at most {ITEM_LIMIT:,} items."

ITEM_WORK = 100  # a list item weighs as much as this many characters
STEP_WORK = 500  # one step of a loop, before its body
CALL_WORK = 200_000  # one call of connected_content, so that a render makes at most fifty
BODY_WORK = 20  # one character of a loop's body, per step


def weight(value: object) -> int:
    """How much work it is to touch a value and all that is in it, in characters."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, range):
        return ITEM_WORK * min(len(value), ITEM_LIMIT)
    return _weight_of_all(value) if isinstance(value, list | dict) else 1


def _weight_of_all(value: object) -> int:
    total, waiting = 1, [value]
    while waiting and total <= WORK_LIMIT:
        holder: Any = waiting.pop()
        total += ITEM_WORK * (1 + len(holder))
        for item in holder.values() if isinstance(holder, dict) else holder:
            if isinstance(item, str):
                total += len(item)
            elif isinstance(item, list | dict):
                waiting.append(item)
    return total


def fit(value: object) -> object:
    """Return the value, or raise LiquidError when a text or a list has grown too large."""
    if isinstance(value, str):
        if len(value) > TEXT_LIMIT:
            raise LiquidError(TOO_LONG)
    elif isinstance(value, list) and len(value) > ITEM_LIMIT:
        raise LiquidError(TOO_MANY)
    return value
