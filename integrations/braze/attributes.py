"""One attributes object of Braze's ``/users/track``: profile fields, and checked changes to custom attributes.

An object is taken whole or not at all. What a change does to what a person has is in ``change``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from integrations.braze.identity import RESERVED, Json, ObjectError, check_name, flag, identified
from integrations.web.instants import instant

# Braze's names for what is no custom attribute. Only lower case is a profile field, as with Braze.
TEXT_FIELDS = frozenset(
    [
        "first_name",
        "last_name",
        "email",
        "country",
        "language",
        "time_zone",
        "home_city",
        "dob",
        "gender",
        "phone",
    ]
)
OTHER_FIELDS = frozenset(
    {"alias_label", "alias_name", "bio", "current_location", "date_of_first_session", "date_of_last_session"}
    | {"email_click_tracking_disabled", "email_open_tracking_disabled", "email_subscribe", "facebook"}
    | {"image_url", "marked_email_as_spam_at", "push_subscribe", "push_tokens", "subscription_group_id"}
    | {"subscription_groups", "twitter"}
)
LIST_CHANGES = frozenset(["add", "remove", "update"])
OBJECT_CHANGES = frozenset(["$add", "$remove", "$update"])
GENDERS = frozenset("MFONP")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
FIELD_LIMITS = {"email": 320}


@dataclass(frozen=True, slots=True)
class Attributes:
    """What one object asks for. ``profile`` holds Braze's fields (None removes), ``custom`` the changes.

    A value in ``custom`` is plain (None removes) or one of Braze's operators, each checked. Times are
    texts in UTC already. ``other`` are profile fields that mean nothing to calendars.
    """

    index: int
    external_id: str
    profile: Mapping[str, str | None] = field(default_factory=dict)
    custom: Mapping[str, Any] = field(default_factory=dict)
    other: Mapping[str, Any] = field(default_factory=dict)
    is_merging: bool = False
    is_update_only: bool = False


def attributes_from(raw: object, index: int) -> Attributes:
    """Return what this object asks for, or raise ObjectError."""
    external_id, document = identified(raw)
    profile: dict[str, str | None] = {}
    custom: Json = {}
    other: Json = {}
    for name, value in document.items():
        if name in TEXT_FIELDS:
            profile[name] = profile_value(name, value)
        elif name in OTHER_FIELDS:
            other[name] = value
        elif name not in RESERVED:
            check_name(name, "The attribute name")
            custom[name] = change_in(name, value)
    return Attributes(
        index=index,
        external_id=external_id,
        profile=profile,
        custom=custom,
        other=other,
        is_merging=flag(document, "_merge_objects"),
        is_update_only=flag(document, "_update_existing_only"),
    )


def profile_value(name: str, value: object) -> str | None:
    """Return a profile field, checked; None removes it."""
    if value is None:
        return None
    limit = FIELD_LIMITS.get(name, 255)
    if not isinstance(value, str) or len(value) > limit:
        raise ObjectError(f"'{name}' must be a text of at most {limit} characters")
    if name == "email" and value and not EMAIL.fullmatch(value):
        raise ObjectError("The value provided for the 'email' field is not a valid email.")
    if name == "gender" and value and value not in GENDERS:
        raise ObjectError("'gender' must be one of M, F, O, N, P or null")
    if name == "dob" and value and not is_day(value):
        raise ObjectError("'dob' must be a day as YYYY-MM-DD")
    return value


def is_day(value: str) -> bool:
    """Return whether this is a day as YYYY-MM-DD."""
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def change_in(name: str, value: Any) -> Any:
    """Return a value or an operator, checked all the way down, its times as texts."""
    if isinstance(value, list):
        return listed(name, value)
    if not isinstance(value, dict) or "$time" in value:
        return plain(name, value)
    names = value.keys()
    if names == {"inc"}:
        if isinstance(value["inc"], bool) or not isinstance(value["inc"], int):
            raise ObjectError(f"'inc' of '{name}' must be a whole number")
        return value
    if names and names <= LIST_CHANGES:
        return {verb: listed(name, items) for verb, items in value.items()}
    if any(key.startswith("$") for key in names):
        return {verb: objects(name, verb, items) for verb, items in value.items()}
    return plain(name, value)


def listed(name: str, items: Any) -> list[Any]:
    """Return the elements of a list: all plain values, or all objects; a list in a list is refused."""
    if not isinstance(items, list):
        raise ObjectError(f"'{name}' must be given a list")
    if any(item is None or isinstance(item, list) for item in items):
        raise ObjectError(f"The list '{name}' must hold neither null nor a list")
    kinds = {isinstance(item, dict) and "$time" not in item for item in items}
    if len(kinds) > 1:
        raise ObjectError(f"The list '{name}' must hold either values or objects, not both")
    return [plain(name, item) for item in items]


def objects(name: str, verb: str, items: Any) -> list[Any]:
    """Return what one operator on a list of objects is given."""
    if verb not in OBJECT_CHANGES:
        raise ObjectError(f"'{name}' holds {verb[:40]!r}, where $add, $remove or $update may be")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise ObjectError(f"'{verb}' of '{name}' must be a list of objects")
    if verb == "$add":
        return listed(name, items)
    needed = {"$identifier_key", "$identifier_value"} | ({"$new_object"} if verb == "$update" else set())
    return [selection(name, verb, item, needed) for item in items]


def selection(name: str, verb: str, item: Json, needed: set[str]) -> Json:
    """Return which objects are meant and, for an update, what they become."""
    if item.keys() != needed or not isinstance(item["$identifier_key"], str):
        raise ObjectError(f"'{verb}' of '{name}' needs {', '.join(sorted(needed))} and nothing else")
    if not isinstance(item.get("$new_object", {}), dict):
        raise ObjectError(f"'$new_object' of '{name}' must be an object")
    return {key: plain(name, value) for key, value in item.items()}


def plain(name: str, value: Any, *, is_inside: bool = False) -> Any:
    """Return a value with its times as texts; inside of one Braze takes neither null nor an operator."""
    if isinstance(value, list):
        return [plain(name, item, is_inside=True) for item in value]
    if isinstance(value, dict):
        if "$time" in value:
            return moment(name, value)
        for key in value:
            check_name(key, f"Inside of '{name}' the name")
        return {key: plain(name, item, is_inside=True) for key, item in value.items()}
    if value is None and is_inside:
        raise ObjectError(f"'{name}' must hold no null inside")
    return value


def moment(name: str, value: Json) -> str:
    """Return ``{"$time": …}`` as Braze's exports write it: UTC, milliseconds, Z."""
    at = instant(value["$time"])
    if at is None or len(value) > 1:
        raise ObjectError(f"'$time' in '{name}' must be a time as in ISO 8601, and alone")
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
