"""One event object of Braze's ``/users/track``: something a person did, and a key to know its repetition by."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson

from integrations.braze.identity import Json, ObjectError, check_name, flag, identified
from integrations.web.instants import instant

PROPERTIES_BYTES = 100 * 1024
RESERVED_PROPERTIES = ("time", "event_name")


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened; ``stated_at`` is Braze's word for it, in UTC."""

    index: int
    external_id: str
    name: str
    stated_at: datetime
    properties: Mapping[str, Any] = field(default_factory=dict)
    is_update_only: bool = False

    def happened_at(self, now: datetime) -> datetime:
        """Return when it happened: nothing happens later than now."""
        return min(self.stated_at, now)

    @property
    def key(self) -> str:
        """The same for the same event, however often and in whichever spelling of the time it is sent."""
        parts = [self.external_id, self.name, self.stated_at.isoformat(), self.properties]
        return sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).hexdigest()


def event_from(raw: object, index: int) -> Event:
    """Return the event in this object, or raise ObjectError."""
    external_id, document = identified(raw)
    name = document.get("name")
    if not isinstance(name, str):
        raise ObjectError("'name' is required and must be a text")
    check_name(name, "'name'")
    if document.get("time") is None:
        raise ObjectError("'time' is required")
    stated_at = instant(document["time"])
    if stated_at is None:
        raise ObjectError("'time' must be a time as in ISO 8601")
    return Event(
        index=index,
        external_id=external_id,
        name=name,
        stated_at=stated_at,
        properties=properties_in(document),
        is_update_only=flag(document, "_update_existing_only"),
    )


def properties_in(document: Json) -> Json:
    """Return the properties, within Braze's limits."""
    properties = document.get("properties")
    if properties is None:
        return {}
    if not isinstance(properties, dict):
        raise ObjectError("'properties' must be an object")
    for name in properties:
        check_name(name, "The property name")
        if name in RESERVED_PROPERTIES:
            raise ObjectError(f"'{name}' is reserved and cannot be the name of a property")
    if len(orjson.dumps(properties)) > PROPERTIES_BYTES:
        raise ObjectError(f"'properties' must be at most {PROPERTIES_BYTES // 1024} KB")
    return properties
