"""What Rokt checks before it says 202: an event and its subscriptions, read or refused by name."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import orjson

from integrations.sandbox.fields import Fields
from integrations.sandbox.replies import JSON, RefusedError

GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
DEFAULT_LENGTH = timedelta(minutes=60)  # Rokt's own default is unknown; an hour is our assumption


class Details(NamedTuple):
    """What one event says. `timezone` is the Windows id ("" if only an IANA zone was sent)."""

    title: str
    description: str
    location: str
    start_local: datetime
    end_local: datetime
    timezone: str
    iana: str
    notify_before_minutes: int | None
    all_day: bool
    visible_from_at: datetime | None


def read_object(body: bytes, content_type: str) -> dict[str, Any]:
    """The JSON object in `body`."""
    if content_type.partition(";")[0].strip().lower() != JSON:
        raise RefusedError(f"Content-Type must be {JSON}")
    try:
        root = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise RefusedError(f"body is not JSON: {error}") from None
    if not isinstance(root, dict):
        raise RefusedError("body must be a JSON object")
    return root


def wrapped_event(root: dict[str, Any]) -> Fields:
    """The fields under `event`."""
    event = root.get("event")
    if event is None:
        raise RefusedError("event is required")
    if not isinstance(event, dict):
        raise RefusedError("event must be an object")
    return Fields(event, "event.")


def read_event(fields: Fields) -> tuple[str, Details]:
    """(event id, details), or a refusal that names the first field that is wrong."""
    event_id, title = fields.text("eventId", required=True), fields.text("title", required=True)
    start = fields.moment("start", fields.text("start", required=True))
    end_text = fields.text("end")
    end = fields.moment("end", end_text) if end_text else start + DEFAULT_LENGTH
    if end < start:
        raise fields.refuse("end", "is before start")
    windows, iana = fields.zone()
    fields.text("actionType")
    return event_id, Details(
        title=title,
        description=fields.text("description"),
        location=fields.text("location"),
        start_local=start,
        end_local=end,
        timezone=windows,
        iana=iana,
        notify_before_minutes=fields.minutes("notifyBefore"),
        all_day=fields.flag("allDayEvent"),
        visible_from_at=_visible_from(fields),
    )


def read_subscription_ids(root: dict[str, Any]) -> list[str]:
    """The GUIDs to attach to, in lower case; at least one."""
    ids = root.get("subscriptionIds")
    if ids is None:
        raise RefusedError("subscriptionIds is required")
    if not isinstance(ids, list) or not ids:
        raise RefusedError("subscriptionIds must be a list with at least one GUID")
    return [read_guid(f"subscriptionIds[{number}]", value) for number, value in enumerate(ids)]


def read_guid(name: str, value: Any) -> str:
    """One GUID in lower case."""
    if not isinstance(value, str) or not GUID.fullmatch(value):
        raise RefusedError(f"{name} is not a GUID: {str(value)[:60]!r}")
    return value.lower()


def posted_event_id(body: bytes) -> str | None:
    """The event id in a create, however wrong the rest of it is; None if there is none to read."""
    try:
        event_id = orjson.loads(body)["event"]["eventId"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None
    return event_id if isinstance(event_id, str) else None


def _visible_from(fields: Fields) -> datetime | None:
    text = fields.text("visibleFromDateTimeUtc")
    if not text:
        return None
    return fields.moment("visibleFromDateTimeUtc", text.removesuffix("Z")).replace(tzinfo=UTC)
