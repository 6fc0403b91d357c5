"""A subscription as an iCalendar feed that a real calendar program can open."""

from datetime import date, timedelta

from icalendar import Alarm, Calendar
from icalendar import Event as Entry

from integrations.sandbox.events import Details
from integrations.sandbox.readback import instant
from integrations.sandbox.replies import STAND_IN
from integrations.sandbox.store import Event, Subscription

# RFC 5545 allows no control characters in text; a tab and a line break are allowed.
CONTROLS = {code: None for code in (*range(32), 127) if chr(code) not in "\t\n"}


def feed(subscription_id: str, subscription: Subscription) -> bytes:
    """The published calendar, times in UTC."""
    calendar = Calendar()
    calendar.add("PRODID", "-//Calendar Admin//Stand-in for Rokt Calendar//EN")
    calendar.add("VERSION", "2.0")
    calendar.add("METHOD", "PUBLISH")
    for name in ("NAME", "X-WR-CALNAME"):  # the standard's name for it, and everybody's
        calendar.add(name, f"Calendar {subscription_id[:8]} ({STAND_IN})")
    for event in subscription.visible():
        calendar.add_component(_entry(event))
    return bytes(calendar.to_ical())


def _entry(event: Event) -> Entry:
    details = event.details
    entry = Entry()
    entry.add("UID", _clean(f"{event.event_id}@{event.account}.stand-in.invalid"))
    entry.add("DTSTAMP", event.updated_at)
    entry.add("LAST-MODIFIED", event.updated_at)
    entry.add("SEQUENCE", event.sequence)
    entry.add("SUMMARY", _clean(details.title))
    for name, text in (("DESCRIPTION", details.description), ("LOCATION", details.location)):
        if text:
            entry.add(name, _clean(text))
    _add_times(entry, details)
    if details.notify_before_minutes is not None:
        entry.add_component(_alarm(details))
    return entry


def _add_times(entry: Entry, details: Details) -> None:
    if details.all_day:
        first, after = _days(details)
        entry.add("DTSTART", first)
        entry.add("DTEND", after)
    else:
        start, end = (instant(local, details.iana) for local in (details.start_local, details.end_local))
        entry.add("DTSTART", start)
        if end > start:  # RFC 5545 wants it later; without one the entry takes no time
            entry.add("DTEND", end)


def _days(details: Details) -> tuple[date, date]:
    """The first day and the day after the last; an end at midnight does not open another day."""
    first, last = details.start_local.date(), (details.end_local - timedelta(microseconds=1)).date()
    return first, max(first, last) + timedelta(days=1)


def _alarm(details: Details) -> Alarm:
    alarm = Alarm()
    alarm.add("ACTION", "DISPLAY")
    alarm.add("DESCRIPTION", _clean(details.title))
    alarm.add("TRIGGER", -timedelta(minutes=details.notify_before_minutes or 0))
    return alarm


def _clean(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(CONTROLS)
