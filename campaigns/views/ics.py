"""One entry as an iCalendar file that any calendar program opens, handed out by the panels that show it."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from icalendar import Alarm, Calendar, Event, Timezone, TimezoneDaylight, TimezoneStandard

from campaigns import timezones
from campaigns.models.clock import now
from campaigns.views.card import Card
from campaigns.views.page import page

# RFC 5545 allows no control characters in text; a tab and a line break are allowed.
CONTROLS: Final = {code: None for code in (*range(32), 127) if chr(code) not in "\t\n"}
DAY: Final = timedelta(days=1)
MARGIN: Final = 400 * DAY  # the rules around the event that the file carries
LONGEST: Final = 4000 * DAY  # of an event; who needs the rules for more?


def calendar_response(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """Hand out the entry of ``context["panel"]`` as a file; without one, a page says why (status 422)."""
    card: Card | None = context["panel"].card
    if card is None:
        return page(request, "campaigns/event_ics.html", context, title=_("No calendar file"), status=422)
    name = re.sub(r"[^\w.-]+", "_", card.event.event_id)[:100]
    file = HttpResponse(calendar_file(card, at=now()), content_type="text/calendar; charset=utf-8")
    file["Content-Disposition"] = content_disposition_header(True, f"{name}.ics")
    return file


def calendar_file(card: Card, *, at: datetime) -> bytes:
    """Return the entry with its reminder and the rules of its time zone; ``at`` is the moment of writing."""
    zone = timezones.get(card.event.timezone)
    calendar = Calendar()
    calendar.add("PRODID", "-//Calendar Admin//Preview//EN")
    calendar.add("VERSION", "2.0")
    calendar.add("METHOD", "PUBLISH")
    last = min(card.ends_at, card.starts_at + LONGEST) + MARGIN
    calendar.add_component(_timezone(zone, card.starts_at - MARGIN, last))
    calendar.add_component(_entry(card, zone, at))
    return bytes(calendar.to_ical())


def _entry(card: Card, zone: timezones.Zone, at: datetime) -> Event:
    entry = Event()
    entry.add("UID", _clean(card.event.event_id))
    entry.add("DTSTAMP", at)
    _add_time(entry, "DTSTART", card.starts_at, zone)
    if card.ends_at > card.starts_at:  # RFC 5545 wants it later; without one the entry takes no time
        _add_time(entry, "DTEND", card.ends_at, zone)
    entry.add("SUMMARY", _clean(card.event.title))
    for name, text in (("LOCATION", card.event.location), ("DESCRIPTION", card.event.description)):
        if text:
            entry.add(name, _clean(text))
    entry.add_component(_alarm(card))
    return entry


def _add_time(entry: Event, name: str, instant: datetime, zone: timezones.Zone) -> None:
    local, fold = timezones.wall(instant, zone.id)
    if fold:  # in a file, a time that clocks show twice always means the first; UTC says which
        entry.add(name, instant)
    else:
        entry.add(name, local, parameters={"TZID": zone.iana})


def _alarm(card: Card) -> Alarm:
    alarm = Alarm()
    alarm.add("ACTION", "DISPLAY")
    alarm.add("DESCRIPTION", _clean(card.event.title))
    alarm.add("TRIGGER", -card.reminder)
    return alarm


def _timezone(zone: timezones.Zone, first: datetime, last: datetime) -> Timezone:
    """Return the zone's rules between two instants, each change of its clocks on its own."""
    changes = [(first, timezones.offset(zone, first)), *_changes(zone, first, last)]
    lowest = min(offset for _instant, offset in changes)
    component, before = Timezone(), changes[0][1]
    component.add("TZID", zone.iana)
    for instant, offset in changes:
        part = TimezoneDaylight() if offset > lowest else TimezoneStandard()
        part.add("DTSTART", (instant + before).replace(tzinfo=None, microsecond=0))
        part.add("TZOFFSETFROM", before)
        part.add("TZOFFSETTO", offset)
        component.add_component(part)
        before = offset
    return component


def _changes(zone: timezones.Zone, first: datetime, last: datetime) -> Iterator[tuple[datetime, timedelta]]:
    """Yield when the zone's clocks are set (to the second), and their new distance from UTC."""
    early, before = first, timezones.offset(zone, first)
    while early < last:
        late = early + DAY
        after = timezones.offset(zone, late)
        if after != before:
            yield _moment_of_change(zone, early, late), after
        early, before = late, after


def _moment_of_change(zone: timezones.Zone, early: datetime, late: datetime) -> datetime:
    before = timezones.offset(zone, early)
    while late - early > timedelta(seconds=1):
        middle = early + timedelta(seconds=(late - early) // timedelta(seconds=1) // 2)
        if timezones.offset(zone, middle) == before:
            early = middle
        else:
            late = middle
    return late


def _clean(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(CONTROLS)
