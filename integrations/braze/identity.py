"""Whom an object of Braze's ``/users/track`` is about, and how an object is refused."""

import re
from typing import Any

ID_LIMIT = 255
NAME_LIMIT = 255
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
OTHERS = ("user_alias", "braze_id", "email", "phone")
RESERVED = {"external_id", "user_alias", "braze_id", "app_id", "push_token_import"} | {
    "_update_existing_only",
    "_merge_objects",
}
Json = dict[str, Any]


class ObjectError(ValueError):
    """One object that is not taken, not even in part; the text is what Braze calls its type."""


def identified(raw: object) -> tuple[str, Json]:
    """Return the user id, exactly as given, and the object.

    An e-mail address or a telephone number may belong to several people, and aliases and Braze's own ids
    are not known here: who is named by one of these only is refused, never guessed.
    """
    if not isinstance(raw, dict):
        raise ObjectError("must be an object")
    if "external_id" not in raw:
        given = [name for name in OTHERS if raw.get(name) is not None]
        if given:
            raise ObjectError(f"'external_id' is required: {given[0]!r} does not identify a person here")
        raise ObjectError("'external_id', 'braze_id', 'user_alias', 'email' or 'phone' is required")
    if any(raw.get(name) is not None for name in ("user_alias", "braze_id")):
        raise ObjectError("only one of 'external_id', 'braze_id' and 'user_alias' may be given")
    external_id = raw["external_id"]
    if not isinstance(external_id, str) or not external_id.strip():
        raise ObjectError("'external_id' must be a text that is not empty")
    if len(external_id) > ID_LIMIT or CONTROL.search(external_id):
        raise ObjectError(f"'external_id' must have at most {ID_LIMIT} characters, none of them a control")
    return external_id, raw


def flag(raw: Json, name: str) -> bool:
    """Return a yes or no that is no where it is not given."""
    value = raw.get(name, False)
    if not isinstance(value, bool):
        raise ObjectError(f"'{name}' must be true or false")
    return value


def check_name(name: str, what: str) -> None:
    """Refuse a name that Braze would not take."""
    if not name or len(name) > NAME_LIMIT or name.startswith("$"):
        raise ObjectError(
            f"{what} {name[:40]!r} must have 1 to {NAME_LIMIT} characters and not begin with a dollar sign"
        )
