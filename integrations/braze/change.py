"""What a change makes of the custom attributes that a person has, by Braze's rules.

Lists hold each value once, in the order of arrival; what is added again moves to the end. Braze keeps 25
values and forgets the oldest without a word. A list of subscriptions must not shrink like that: here 1,000
are kept, and what has to go is told. A change that does not fit what is there is left out, and told.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from integrations.braze.attributes import LIST_CHANGES, OBJECT_CHANGES, Attributes

ELEMENT_LIMIT = 1_000
OBJECTS_BYTES = 100 * 1024  # of a list of objects, with Braze
NUMBERS = range(-(2**63), 2**63)


@dataclass(frozen=True, slots=True)
class Applied:
    """The custom attributes after a change, and what of it could not be done, in sentences."""

    attributes: dict[str, Any]
    problems: tuple[str, ...] = ()


class UnfitError(ValueError):
    """A change that cannot be done to what is there."""


def apply(attributes: Mapping[str, Any], change: Attributes) -> Applied:
    """Return the custom attributes after this change; what is given stays as it is."""
    after = dict(attributes)
    problems: list[str] = []
    for name, asked in change.custom.items():
        if asked is None:
            after.pop(name, None)
            continue
        try:
            after[name] = changed(
                name, after.get(name), asked, is_merging=change.is_merging, problems=problems
            )
        except UnfitError as fault:
            problems.append(f"{name[:80]} is left as it was: {fault}.")
    return Applied(after, tuple(problems))


def changed(name: str, before: Any, asked: Any, *, is_merging: bool, problems: list[str]) -> Any:
    """Return the new value of one attribute."""
    if isinstance(asked, list):
        after: Any = asked if of_objects(asked) else unique([], asked)
    elif not isinstance(asked, dict):
        return asked
    elif asked.keys() == {"inc"}:
        return increased(before, asked["inc"])
    elif asked and asked.keys() <= LIST_CHANGES:
        after = with_values(before, asked)
    elif asked and asked.keys() <= OBJECT_CHANGES:
        after = with_objects(before, asked, is_merging=is_merging)
    else:
        return merged(before, asked) if is_merging and isinstance(before, dict) else asked
    return kept(name, after, problems)


def kept(name: str, items: list[Any], problems: list[str]) -> list[Any]:
    """Return a list within the limits: the newest values, told; objects all or none."""
    if of_objects(items):
        if len(written(items)) > OBJECTS_BYTES:
            raise UnfitError(f"the list would be larger than {OBJECTS_BYTES // 1024} KB")
        return items
    if len(items) > ELEMENT_LIMIT:
        gone = len(items) - ELEMENT_LIMIT
        problems.append(f"{name[:80]} has more than {ELEMENT_LIMIT} values: the {gone} oldest are left out.")
    return items[-ELEMENT_LIMIT:]


def increased(before: Any, step: int) -> int:
    """Return the whole number after a step; nothing counts as 0."""
    if before is None:
        return step
    if isinstance(before, bool) or not isinstance(before, int):
        raise UnfitError("it is not a whole number, so it cannot be increased")
    if before + step not in NUMBERS:
        raise UnfitError("it would have more than 64 bits")
    return before + step


def with_values(before: Any, asked: Mapping[str, list[Any]]) -> list[Any]:
    """Return a list of values after ``update`` (the whole list anew), then ``add``, then ``remove``."""
    present = asked.get("update", [] if before is None else before)
    if not isinstance(present, list) or of_objects(present) or any(map(of_objects, asked.values())):
        raise UnfitError("values can be added to and removed from lists of values only")
    removed = {identity(item) for item in asked.get("remove", [])}
    return [item for item in unique(present, asked.get("add", [])) if identity(item) not in removed]


def with_objects(before: Any, asked: Mapping[str, list[Any]], *, is_merging: bool) -> list[Any]:
    """Return a list of objects after ``$add``, ``$remove`` and ``$update``: in this order, as Braze does."""
    present = [] if before is None else before
    if not isinstance(present, list) or (present and not of_objects(present)):
        raise UnfitError("objects can be added to, removed from and updated in lists of objects only")
    items = [*present, *asked.get("$add", [])]
    for choice in asked.get("$remove", []):
        items = [item for item in items if not is_meant(item, choice)]
    for choice in asked.get("$update", []):
        new = choice["$new_object"]
        items = [
            (merged(item, new) if is_merging else new) if is_meant(item, choice) else item for item in items
        ]
    return items


def is_meant(item: Mapping[str, Any], choice: Mapping[str, Any]) -> bool:
    """Return whether this object has the value that identifies it."""
    key = choice["$identifier_key"]
    return key in item and identity(item[key]) == identity(choice["$identifier_value"])


def merged(before: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return both objects in one, at every depth; where both have a value, the asked one."""
    after = dict(before)
    for key, value in asked.items():
        there = after.get(key)
        both = isinstance(there, dict) and isinstance(value, dict)
        after[key] = merged(there, value) if both and there is not None else value
    return after


def of_objects(items: Iterable[Any]) -> bool:
    """Return whether there is an object among these."""
    return any(isinstance(item, dict) for item in items)


def unique(present: Iterable[Any], added: Iterable[Any]) -> list[Any]:
    """Return each value once, where it was last added."""
    found: dict[object, Any] = {}
    for item in [*present, *added]:
        found.pop(identity(item), None)
        found[identity(item)] = item
    return list(found.values())


def identity(item: Any) -> object:
    """Return what makes two values the same: 1 is 1.0 as in JSON, but true is not 1."""
    if isinstance(item, dict | list):
        return written(item)
    return isinstance(item, bool), item


def written(value: Any) -> bytes:
    """Return JSON that is the same for the same value; what is there already may hold numbers of any length."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
