"""What a template may read about one person, and how a reference finds it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

Fields = Mapping[str, object]
UNSENT_DISPATCH = "dispatch_id_for_unsent_campaign"  # what Braze previews while a campaign has not been sent


@dataclass(frozen=True, slots=True)
class Data:
    """One person and the message's surroundings: plain JSON values under Braze's tag names.

    `now` is an aware datetime for `'now'`; None means the moment of rendering.
    """

    user: Fields = field(default_factory=dict)
    custom_attributes: Fields = field(default_factory=dict)
    event_properties: Fields = field(default_factory=dict)
    api_trigger_properties: Fields = field(default_factory=dict)
    canvas_entry_properties: Fields = field(default_factory=dict)
    campaign: Fields = field(default_factory=dict)
    canvas: Fields = field(default_factory=dict)
    subscribed_state: Fields = field(default_factory=dict)
    most_recently_used_device: Fields = field(default_factory=dict)
    targeted_device: Fields = field(default_factory=dict)
    app: Fields = field(default_factory=dict)
    now: datetime | None = None


# How a template spells a group of tags -> the field of Data it reads. "user" is spelled as a bare ${name}.
NAMESPACES = {
    "user": "user",
    "custom_attribute": "custom_attributes",
    "event_properties": "event_properties",
    "api_trigger_properties": "api_trigger_properties",
    "canvas_entry_properties": "canvas_entry_properties",
    "context": "canvas_entry_properties",  # its newer name
    "campaign": "campaign",
    "canvas": "canvas",
    "subscribed_state": "subscribed_state",
    "most_recently_used_device": "most_recently_used_device",
    "targeted_device": "targeted_device",
    "app": "app",
}

USER_FIELDS = frozenset(
    (
        "braze_id",
        "city",
        "country",
        "date_of_birth",
        "email_address",
        "first_name",
        "gender",
        "language",
        "last_name",
        "last_used_app_date",
        "most_recent_app_version",
        "most_recent_locale",
        "most_recent_location",
        "phone_number",
        "random_bucket_number",
        "time_zone",
        "user_id",
    )
)


class Reference(NamedTuple):
    """Something a template reads about a person, such as ("custom_attribute", "rokt:subscription_id").

    `is_shown` is False where it is only asked about (`if`, `case`, `for`), so that being empty is no fault.
    """

    namespace: str
    name: str
    line: int
    has_default: bool
    is_shown: bool

    @property
    def label(self) -> str:
        """The reference as a template spells it."""
        return spelled(self.namespace, self.name)


def spelled(namespace: str, name: str) -> str:
    """The reference as a template spells it: `${first_name}`, `custom_attribute.${zip code}`."""
    prefix = "" if namespace == "user" else f"{namespace}."
    return f"{prefix}${{{name}}}"


def find(fields: Fields, name: str) -> object:
    """The value of `${name}`: the exact key first, then a walk along the dots; None when there is none."""
    if name in fields or "." not in name:
        return fields.get(name)
    value: object = fields
    for key in name.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def narrowed(data: Data, reads: frozenset[tuple[str, str]]) -> Data:
    """The same person with nothing left but these (namespace, name) pairs."""
    kept: dict[str, dict[str, object]] = {field: {} for field in NAMESPACES.values()}
    for namespace, name in reads:
        kept[NAMESPACES[namespace]][name] = find(getattr(data, NAMESPACES[namespace]), name)
    return replace(data, **kept)  # type: ignore[arg-type]  # every one of these fields is a mapping
