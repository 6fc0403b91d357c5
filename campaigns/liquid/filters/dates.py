"""The filters that tell the time: date and Braze's own time_zone."""

import re
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from campaigns.liquid.errors import FilterError
from campaigns.liquid.filters.strftime import strftime
from campaigns.liquid.filters.times import read_moment
from campaigns.liquid.printing import to_text
from campaigns.liquid.values import is_blank

_ZONE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+){0,2}")


def date(value: object, pattern: object, *, now: datetime) -> object:
    """A moment written in a pattern; what is no moment stays as it is."""
    text = to_text(pattern)
    moment = read_moment(value, now) if text else None
    return value if moment is None else strftime(moment, text)


def time_zone(value: object, zone: object, *, now: datetime) -> object:
    """A moment in an IANA zone, daylight saving included; without a zone, or when it is no moment, unchanged."""
    moment = read_moment(value, now)
    if moment is None or is_blank(zone):
        return value
    try:
        return moment.astimezone(_zone(to_text(zone)))
    except OverflowError:
        raise FilterError("This moment lies outside the calendar in that time zone.") from None


def _zone(name: str) -> ZoneInfo:
    if len(name) <= 64 and _ZONE_NAME.fullmatch(name):
        try:
            return ZoneInfo(name)
        except (KeyError, ValueError, OSError):  # unknown, malformed, or a folder of zones
            pass
    raise FilterError(f"There is no time zone called {name[:64]!r}; write one like 'America/Chicago'.")


DATES: dict[str, Callable[..., object]] = {"date": date, "time_zone": time_zone}
