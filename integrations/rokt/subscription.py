"""What a subscriber has on the calendar, read from Rokt's answer: the only proof that a send arrived.

Read are `subscriptionId` (without it the answer is not a subscription) and, for every member of
`eventsVisibleToSubscription`, `subscriptionEventId`, `title`, `description`, `location`,
`startDateTime`, `endDateTime`, `timezone` and `reminderMinutes`. Each of them may be missing.
That `subscriptionEventId` holds the event id we chose is inferred from its name: see docs/wire.md.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from integrations.rokt.call import Event
from integrations.rokt.errors import AnswerUnreadableError


@dataclass(frozen=True, slots=True)
class Visible:
    """An event as Rokt shows it in a subscription; None where it does not say. Times are naive wall times."""

    event_id: str
    title: str | None
    description: str | None
    location: str | None
    start: datetime | None
    end: datetime | None
    timezone: str | None
    notify_before: int | None  # minutes

    def differences(self, sent: Event) -> tuple[str, ...]:
        """The fields shown otherwise than they were sent; what is not shown proves nothing and is left out.

        Line ends and blanks around a text do not count: calendars keep their own.
        """
        return tuple(
            name
            for name in ("title", "description", "location", "start", "end", "timezone", "notify_before")
            if (shown := getattr(self, name)) is not None and _plain(shown) != _plain(getattr(sent, name))
        )


def event_is_there(answer: bytes, event_id: str) -> bool:
    """Whether the subscription in `answer` (the whole body of a read) shows the event.

    Raises:
        AnswerUnreadableError: the answer is cut short or no subscription, and so no evidence either way.
    """
    return visible(answer, event_id) is not None


def visible(answer: bytes, event_id: str) -> Visible | None:
    """The event as the subscription in `answer` shows it, or None if it is not on that calendar.

    Raises:
        AnswerUnreadableError: as for `event_is_there`.
    """
    for shown in _shown(answer):
        if isinstance(shown, dict) and shown.get("subscriptionEventId") == event_id:
            return _visible(event_id, shown)
    return None


def _shown(answer: bytes) -> list[Any]:
    try:
        told = orjson.loads(answer)
    except orjson.JSONDecodeError as error:
        raise AnswerUnreadableError("Rokt's answer about the subscription is not JSON.") from error
    if not isinstance(told, dict) or not told.get("subscriptionId"):
        raise AnswerUnreadableError("Rokt's answer is not about a subscription.")
    shown = told.get("eventsVisibleToSubscription") or []  # left out or null when there are none
    if not isinstance(shown, list):
        raise AnswerUnreadableError("Rokt's answer does not list the events of the subscription.")
    return shown


def _visible(event_id: str, shown: dict[str, Any]) -> Visible:
    return Visible(
        event_id=event_id,
        title=_text(shown.get("title")),
        description=_text(shown.get("description")),
        location=_text(shown.get("location")),
        start=_wall_time(shown.get("startDateTime")),
        end=_wall_time(shown.get("endDateTime")),
        timezone=_text(shown.get("timezone")),
        notify_before=_minutes(shown.get("reminderMinutes")),
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _wall_time(value: object) -> datetime | None:
    """The time on the clock; a `Z` behind it, as in Rokt's samples, says nothing about a local time."""
    if not isinstance(value, str):
        return None
    try:
        return datetime.fromisoformat(value).replace(tzinfo=None, microsecond=0)
    except ValueError:
        return None


def _minutes(value: object) -> int | None:
    try:
        return int(value) if isinstance(value, int | str) else None
    except ValueError:
        return None


def _plain(value: object) -> object:
    return "\n".join(value.split("\r\n")).strip() if isinstance(value, str) else value
