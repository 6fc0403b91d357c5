"""What we ask of Rokt, as plain values: an event, and the requests that put it into calendars."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from urllib.parse import quote

import orjson

from integrations.web.exchange import Call

ROKT_HOSTS: Final = frozenset({"api.roktcalendar.com"})
CONTENT_TYPE: Final = "application/json"
# Answers are small; a compressed one is only one more thing that can arrive broken.
HEADERS: Final[Mapping[str, str]] = {
    "Content-Type": CONTENT_TYPE,
    "Accept": CONTENT_TYPE,
    "Accept-Encoding": "identity",
    "User-Agent": "calendar-admin",
}


@dataclass(frozen=True, slots=True)
class Target:
    """Whose API is called. `base_url` is as `address.check` returns it; `flat_update` leaves out "event"."""

    base_url: str
    account_code: str
    flat_update: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """One calendar entry as Rokt takes it: naive local wall times in `timezone`, a Windows zone id."""

    event_id: str
    title: str
    description: str
    location: str
    start: datetime
    end: datetime
    timezone: str
    notify_before: int  # minutes


def authorized(token: str) -> dict[str, str]:
    """The header that carries an access token.

    Raises:
        ValueError: the token cannot stand in a header.
    """
    if not fits_a_header(token):
        raise ValueError("The access token is empty or holds characters that no header may hold.")
    return {"Authorization": f"Bearer {token}"}


def fits_a_header(text: str) -> bool:
    """Whether a token can be sent: something, and only visible ASCII, so that it cannot add a header."""
    return bool(text) and text.isascii() and text.isprintable() and " " not in text


def create(target: Target, event: Event, subscription_ids: Sequence[str]) -> Call:
    """POST one new event for the subscriptions of one person.

    Raises:
        ValueError: an aware time, an empty path segment or id, no subscription, or half a surrogate pair.
    """
    if not subscription_ids or not all(subscription_ids):
        raise ValueError("An event is created for at least one subscription, and each needs an id.")
    body = {"event": _event(event), "subscriptionIds": list(subscription_ids)}
    return Call("POST", _url(target, "v1", "subscriptionevent", target.account_code), _json(body))


def update(target: Target, event: Event) -> Call:
    """POST the new words of an event for everybody who has it; raises ValueError as `create` does."""
    body = _event(event) if target.flat_update else {"event": _event(event)}
    return Call("POST", _url(target, "v1", "subscriptionevent", target.account_code, "update"), _json(body))


def delete(target: Target, event_id: str) -> Call:
    """DELETE an event from every calendar that has it (the path is inferred: see docs/wire.md)."""
    return Call("DELETE", _url(target, "v1", "subscriptionevent", target.account_code, event_id), b"")


def read_subscription(target: Target, subscription_id: str) -> Call:
    """GET one subscription with the events its subscriber sees: `subscription.visible` reads the answer."""
    return Call("GET", _url(target, "v1", "subscription", subscription_id), b"")


def event_in(body: bytes) -> Event:
    """The event that a body of `create` or `update` carries, wrapped or flat; ValueError for any other body.

    Texts that Rokt does not ask for may be missing.
    """
    try:
        told = orjson.loads(body)
        return event_from(told.get("event", told))
    except AttributeError as error:
        raise ValueError("This is not a body of ours.") from error


def event_from(told: Mapping[str, Any]) -> Event:
    """The event that an object of such a body is; ValueError where it is none."""
    try:
        return Event(
            event_id=told["eventId"],
            title=told["title"],
            description=told.get("description") or "",
            location=told.get("location") or "",
            start=datetime.fromisoformat(told["start"]),
            end=datetime.fromisoformat(told["end"]),
            timezone=told["timezone"],
            notify_before=int(told["notifyBefore"]),
        )
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError("This is not a body of ours.") from error


def _event(event: Event) -> dict[str, str]:
    return {
        "eventId": _named(event.event_id),
        "title": event.title,
        "description": event.description,
        "location": event.location,
        "start": _wall_time(event.start),
        "end": _wall_time(event.end),
        "timezone": event.timezone,
        "notifyBefore": str(event.notify_before),
    }


def _named(event_id: str) -> str:
    if not event_id:
        raise ValueError("An event needs an id.")
    return event_id


def _wall_time(moment: datetime) -> str:
    if moment.tzinfo is not None:
        raise ValueError("Rokt takes local wall times: a time with an offset cannot be sent.")
    return moment.isoformat(timespec="seconds")


def _json(body: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(body)
    except orjson.JSONEncodeError as error:
        raise ValueError("The event holds half a character, which cannot be sent as text.") from error


@lru_cache(maxsize=64)
def _url(target: Target, *segments: str) -> str:
    for segment in segments:
        if segment in {"", ".", ".."}:
            raise ValueError(f"{segment!r} cannot be part of an address.")
    return "/".join([target.base_url, *(quote(segment, safe="") for segment in segments)])
