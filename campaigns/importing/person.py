"""One object of an export, checked field by field: a person, or the reason why it is none."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.utils.translation import gettext as _

from campaigns.importing.document import dumps
from campaigns.importing.fingerprint import name_of, name_of_profile
from campaigns.importing.moments import latest_subscribe
from campaigns.importing.shared import Combination, home_of
from campaigns.models import Subscriber
from campaigns.models.audience import BUCKET_COUNT
from integrations.braze.profile import LIQUID_NAMES, Profile, Values, parse

COLUMNS = {"user_id", "first_name", "last_name", "email_address"}  # Liquid names with a column of their own
PROFILE = [(name, tag) for name, tag in LIQUID_NAMES.items() if tag not in COLUMNS]
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

    def __init__(self, message: str, external_id: str = "") -> None:
        super().__init__(message)
        self.external_id = external_id


class NobodyError(PersonError):
    """A row without any user id."""


@dataclass(slots=True)
class Person:
    """A person as exported; JSON as text, ``attributes`` and ``random_bucket`` None where the export has none.

    ``profile_name`` and ``attributes_name`` are short names of what it says (``fingerprint``). What the attributes say
    of subscriptions is read when it is asked for: of most people nothing has changed. ``is_full`` says that rows of a
    table told of more subscriptions or tags than are kept.
    """

    external_id: str
    first_name: str
    last_name: str
    email: str
    profile: str
    attributes: str | None
    home: Combination
    random_bucket: int | None
    subscribed_at: datetime | None
    remarks: list[str]
    profile_name: str
    attributes_name: str | None
    given: Mapping[str, object] | None = None  # the attributes themselves, where they were just read
    reading: Profile | None = None
    is_vouched: bool = False
    is_full: bool = False

    @property
    def subscriptions(self) -> list[Values]:
        """What the attributes say, in Braze's order."""
        return self.read().subscriptions

    @property
    def problems(self) -> list[str]:
        """Everything that could not be taken, in sentences."""
        return self.remarks if self.is_vouched else self.remarks + self.read().problems

    def read(self) -> Profile:
        """Return what the attributes say, read once."""
        if self.reading is None:
            self.reading = parse(orjson.loads(self.attributes or "{}") if self.given is None else self.given)
        return self.reading

    def vouch(self) -> None:
        """Say that the attributes are known to hold no problem, so that nobody needs to read them."""
        self.is_vouched = True


def person(document: Mapping[str, Any]) -> Person:
    """Return the person; a field that cannot be taken is left empty and told in ``problems``."""
    remarks: list[str] = []
    external_id = identity(document)
    attributes = document.get("custom_attributes")
    if attributes is not None and not isinstance(attributes, dict):
        raise PersonError(_("custom_attributes is not an object."), external_id)
    profile = {tag: value for name, tag in PROFILE if (value := document.get(name)) is not None}
    names = text(document, "first_name", remarks), text(document, "last_name", remarks)
    email, profile_text = address(document, remarks), dumps(profile)
    attributes_text = None if attributes is None else dumps(attributes)
    return Person(
        external_id,
        *names,
        email,
        profile_text,
        attributes_text,
        home=home_of(profile),
        random_bucket=bucket(profile.get("random_bucket_number")),
        subscribed_at=latest_subscribe(document.get("custom_events"), remarks),
        remarks=remarks,
        profile_name=name_of_profile(*names, email, profile_text),
        attributes_name=None if attributes_text is None else name_of(attributes_text),
        given=attributes,
    )


def bucket(given: object) -> int | None:
    """Return Braze's random bucket, if this is one."""
    return given if type(given) is int and 0 <= given < BUCKET_COUNT else None


def own_bucket(external_id: str) -> int:
    """Return a bucket that stays the same for the user id, for somebody of whom Braze has never told one."""
    return int.from_bytes(hashlib.blake2b(external_id.encode(), digest_size=8).digest()) % BUCKET_COUNT


def identity(document: Mapping[str, Any]) -> str:
    """Return the user id exactly as given: Braze compares it letter by letter, so nothing is trimmed."""
    value = document.get("external_id")
    if value is None or value == "":
        raise NobodyError(_("The user id is missing."))
    if not isinstance(value, str):
        raise PersonError(_("The user id is not a text."))
    if len(value) > LIMITS["external_id"]:
        raise PersonError(
            _("The user id is longer than %(limit)d characters.") % {"limit": LIMITS["external_id"]}
        )
    if (not value.isprintable() and CONTROL.search(value)) or value.isspace():
        raise PersonError(_("The user id holds control characters or nothing but spaces."))
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
