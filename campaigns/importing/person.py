"""One object of an export, checked field by field: a person, or the reason why it is none."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from campaigns.importing.document import dumps
from campaigns.models import Subscriber
from integrations.braze.profile import Values, liquid_profile, parse

COLUMNS = {"user_id", "first_name", "last_name", "email_address"}  # Liquid names with a column of their own
LIMITS = {
    "external_id": Subscriber._meta.get_field("external_id").max_length or 0,
    "first_name": Subscriber._meta.get_field("first_name").max_length or 0,
    "last_name": Subscriber._meta.get_field("last_name").max_length or 0,
    "email": Subscriber._meta.get_field("email").max_length or 0,
}
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


class PersonError(ValueError):
    """A row without a usable user id or with unusable attributes; the text says which."""


@dataclass(frozen=True, slots=True)
class Person:
    """A person as exported; JSON as text, and ``attributes`` None where the export says nothing about them."""

    external_id: str
    first_name: str
    last_name: str
    email: str
    profile: str
    attributes: str | None
    subscriptions: list[Values]
    problems: list[str]


def person(document: Mapping[str, Any]) -> Person:
    """Return the person; a field that cannot be taken is left empty and told in ``problems``."""
    problems: list[str] = []
    attributes = document.get("custom_attributes")
    if attributes is not None and not isinstance(attributes, dict):
        raise PersonError(_("custom_attributes is not an object."))
    read = parse(attributes or {})
    return Person(
        external_id=identity(document),
        first_name=text(document, "first_name", problems),
        last_name=text(document, "last_name", problems),
        email=address(document, problems),
        profile=dumps({tag: value for tag, value in liquid_profile(document).items() if tag not in COLUMNS}),
        attributes=None if attributes is None else dumps(attributes),
        subscriptions=read.subscriptions,
        problems=problems + read.problems,
    )


def identity(document: Mapping[str, Any]) -> str:
    """Return the user id exactly as given: Braze compares it letter by letter, so nothing is trimmed."""
    value = document.get("external_id")
    if value is None or value == "":
        raise PersonError(_("external_id is missing: Braze knows this person by no user id."))
    if not isinstance(value, str):
        raise PersonError(_("external_id is not a text."))
    if len(value) > LIMITS["external_id"]:
        raise PersonError(
            _("external_id is longer than %(limit)d characters.") % {"limit": LIMITS["external_id"]}
        )
    if CONTROL.search(value) or value.isspace():
        raise PersonError(_("external_id holds control characters or nothing but spaces."))
    return value


def text(document: Mapping[str, Any], name: str, problems: list[str]) -> str:
    """Return a text field, or an empty text and a problem."""
    value = document.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        problems.append(_("%(name)s is left out: it is not a text.") % {"name": name})
        return ""
    if len(value) > LIMITS[name]:
        problems.append(_("%(name)s is left out: it is too long.") % {"name": name})
        return ""
    return value


def address(document: Mapping[str, Any], problems: list[str]) -> str:
    """Return the e-mail address, or an empty text and a problem."""
    value = text(document, "email", problems)
    if value and not EMAIL.fullmatch(value):
        problems.append(_("email is left out: it is not an address."))
        return ""
    return value
