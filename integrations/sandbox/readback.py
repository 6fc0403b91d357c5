"""A subscription as Rokt shows it: the only documented way to see afterwards that an event arrived."""

import uuid
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from integrations.sandbox.replies import STAND_IN
from integrations.sandbox.store import Event, Subscription

NO_RECURRENCE = {
    "recurrenceFrequency": None,
    "recurrenceUntilDateTime": None,
    "recurrenceUntilCount": None,
    "recurrenceInterval": None,
    "recurrenceWeeklyDays": None,
    "recurrenceMonthlyDayOfWeek": None,
}


def subscription_details(subscription_id: str, subscription: Subscription) -> dict[str, Any]:
    """The documented shape; what the sandbox cannot know is null."""
    unknown = ("timezoneId", "subscriberId", "emailAddress", "providerName", "channelFinderLineUpId")
    return {
        "subscriptionId": subscription_id,
        "calendar": {"id": _guid("calendar"), "code": "stand-in", "name": STAND_IN, "image": None},
        "tags": [],
        "subscriptionType": "WebCal",
        **dict.fromkeys((*unknown, "channelFinderZipCode", "deactivatedDate", "eventReminderMinutes")),
        "marketingAllowed": True,
        "createdAt": _utc(subscription.created_at),
        "isActive": True,
        "events": [],
        "eventsVisibleToSubscription": [_visible(event) for event in subscription.visible()],
        "allowPromotionalContent": True,
        "additionalOptIn": True,
        "isEventReminderDisabled": False,
    }


def instant(local: datetime, iana: str) -> datetime:
    """The UTC instant of a wall time; one that a clock change skips counts from before the change."""
    return local.replace(tzinfo=ZoneInfo(iana)).astimezone(UTC)


def _visible(event: Event) -> dict[str, Any]:
    details = event.details
    return {
        "title": details.title,
        "location": details.location,
        "description": details.description,
        "subscriptionEventId": event.event_id,
        "calendarEventId": None,
        "timezone": details.timezone or None,
        "timezoneIanaId": details.iana,
        "startDateTime": details.start_local.isoformat(timespec="seconds"),
        "startDateTimeUtc": _utc(instant(details.start_local, details.iana)),
        "endDateTime": details.end_local.isoformat(timespec="seconds"),
        "allDayEvent": details.all_day,
        "reminderMinutes": details.notify_before_minutes,
        "merchantId": _guid(event.account),
        "accountId": _guid(event.account),
        "eventOccurrenceType": 0,
        "isSubscriptionEvent": True,
        **NO_RECURRENCE,
    }


def _utc(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def _guid(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"stand-in:{name}"))
