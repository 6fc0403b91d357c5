"""The calendar entry that one person gets: what it says, and when, on the clocks that matter."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from campaigns import timezones
from campaigns.forms.fields import YEARS
from campaigns.models import Event
from integrations.rokt import wire


@dataclass(frozen=True, slots=True)
class Clock:
    """Start, end and reminder as clocks in one zone show them."""

    start: datetime
    end: datetime
    alarm: datetime
    zone: str

    @property
    def is_one_day(self) -> bool:
        """Whether the end needs no date of its own."""
        return self.start.date() == self.end.date()


@dataclass(frozen=True, slots=True)
class Card:
    """The entry; ``own`` is in the person's own zone, where that is known and its clocks differ."""

    event: wire.Event
    starts_at: datetime
    ends_at: datetime
    clock: Clock
    own: Clock | None
    knows_zone: bool

    @property
    def reminder(self) -> timedelta:
        """How long before the start the reminder comes."""
        return timedelta(minutes=self.event.notify_before)

    @property
    def shown(self) -> Clock:
        """The clock that the person reads, as far as we know."""
        return self.own or self.clock


def card(event: wire.Event, stored: Event, *, time_zone: object) -> Card | None:
    """Return the entry for somebody who lives in ``time_zone`` (any name of a zone, or nothing known).

    ``stored`` says which of two equal readings of a clock is meant. None in years that calendars do not reach.
    """
    if event.start.year not in YEARS or event.end.year not in YEARS:
        return None
    start = _instant(event.start, event.timezone, (stored.start_local, stored.start_fold))
    end = _instant(event.end, event.timezone, (stored.end_local, stored.end_fold))
    here, there = timezones.get(event.timezone), _zone(time_zone)
    differs = there is not None and timezones.offset(there, start) != timezones.offset(here, start)
    reminder = timedelta(minutes=event.notify_before)
    return Card(
        event=event,
        starts_at=start,
        ends_at=end,
        clock=_clock(start, end, reminder, here),
        own=_clock(start, end, reminder, there) if there and differs else None,
        knows_zone=there is not None,
    )


def _instant(wall: datetime, zone_id: str, chosen: tuple[datetime, int]) -> datetime:
    """Return the instant; the choice between equal readings counts for the very time it was made for."""
    local, fold = chosen
    return timezones.localize(wall, zone_id, fold if local == wall else 0)


def _zone(name: object) -> timezones.Zone | None:
    try:
        return timezones.resolve(str(name or "")[:100])
    except timezones.UnknownZoneError:
        return None


def _clock(start: datetime, end: datetime, reminder: timedelta, zone: timezones.Zone) -> Clock:
    local, until, alarm = (timezones.wall(at, zone.id)[0] for at in (start, end, start - reminder))
    offset = timezones.offset_text(timezones.offset(zone, start))
    place = f"{zone.place}, {offset}" if zone.place else offset
    return Clock(start=local, end=until, alarm=alarm, zone=f"{zone.id} ({place})")
