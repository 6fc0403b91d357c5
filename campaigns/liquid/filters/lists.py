"""The filters that work on lists; whatever comes in is flattened to one, as Ruby's Liquid does."""

from collections.abc import Callable
from typing import Any

from campaigns.liquid import values
from campaigns.liquid.errors import FilterError
from campaigns.liquid.filters.numbers import to_integer
from campaigns.liquid.filters.texts import slice_text
from campaigns.liquid.limits import TEXT_LIMIT, TOO_LONG
from campaigns.liquid.printing import inspect, to_text
from campaigns.liquid.values import equal, is_true, to_items

Items = list[object]


def join(value: object, glue: object = " ") -> str:
    """One text, with the glue between the items."""
    parts = [to_text(item) for item in to_items(value)]
    between = to_text(glue)
    if sum(map(len, parts)) + len(between) * (len(parts) - 1) > TEXT_LIMIT:
        raise FilterError(TOO_LONG)
    return between.join(parts)


def first(value: object) -> object:
    """The first item: in Braze, the one that was added first."""
    return values.first(value)


def last(value: object) -> object:
    """The last item: in Braze, the one that was added last."""
    return values.last(value)


def size(value: object) -> int:
    """How many characters or items; nil has none, a whole number has eight (its bytes, says Ruby)."""
    if isinstance(value, str | list | dict | range):
        return len(value)
    return 8 if type(value) is int else 0


def slice_(value: object, start: object, length: object = 1) -> object:
    """So many items or characters from a place on, which counts from the end when negative."""
    if not isinstance(value, list):
        return slice_text(to_text(value), start, length)
    begin, count = to_integer(start), to_integer(length)
    begin = begin + len(value) if begin < 0 else begin
    return value[begin : begin + count] if begin >= 0 and count >= 0 else []


def concat(value: object, other: object) -> Items:
    """One list behind another."""
    if not isinstance(other, list):
        raise FilterError("concat needs a list to add.")
    return [*to_items(value), *to_items(other)]


def reverse(value: object) -> Items:
    """Last item first."""
    return to_items(value)[::-1]


def compact(value: object, key: object = None) -> Items:
    """Without the items that are nil, or whose property is."""
    return [item for item in to_items(value) if _property(item, key) is not None]


def map_(value: object, key: object) -> Items:
    """One property of every item."""
    return [_property(item, to_text(key)) for item in to_items(value)]


def where(value: object, key: object, wanted: object = None) -> Items:
    """The items whose property equals a value, or is true when no value is given."""
    name = to_text(key)
    found = ((item, _property(item, name)) for item in to_items(value))
    if wanted is None:
        return [item for item, current in found if is_true(current)]
    return [item for item, current in found if equal(current, wanted)]


def _property(item: object, key: object) -> object:
    if key is None:
        return item
    return item.get(key) if isinstance(item, dict) else None


def uniq(value: object, key: object = None) -> Items:
    """Each item once, or each value of a property once; 1 and 1.0 differ, as in Ruby."""
    seen: dict[str, object] = {}
    for item in to_items(value):
        seen.setdefault(inspect(_property(item, key)), item)
    return list(seen.values())


def sort(value: object, key: object = None) -> Items:
    """In order: numbers with numbers, texts with texts, nil at the end."""
    return _sorted(value, key, lambda found: found)


def sort_natural(value: object, key: object = None) -> Items:
    """In alphabetical order whatever the case, nil at the end."""
    return _sorted(value, key, lambda found: to_text(found).lower())


def _sorted(value: object, key: object, place: Callable[[object], object]) -> Items:
    name = None if key is None else to_text(key)
    found = [(_property(item, name), item) for item in to_items(value)]
    known = [(place(current), item) for current, item in found if current is not None]
    if not (all(isinstance(at, str) for at, _ in known) or all(_is_number(at) for at, _ in known)):
        raise FilterError("This list mixes values that have no order among each other.")
    known.sort(key=_first_of_pair)
    return [item for _, item in known] + [item for current, item in found if current is None]


def _first_of_pair(pair: tuple[Any, object]) -> Any:
    return pair[0]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def property_accessor(value: object, key: object) -> object:
    """One property of a hash, by a name that may be a variable."""
    return values.step(value, key, is_command=False)


LISTS: dict[str, Callable[..., object]] = {
    "compact": compact,
    "concat": concat,
    "first": first,
    "join": join,
    "last": last,
    "map": map_,
    "property_accessor": property_accessor,
    "reverse": reverse,
    "size": size,
    "slice": slice_,
    "sort": sort,
    "sort_natural": sort_natural,
    "uniq": uniq,
    "where": where,
}
