"""Instants as the outside world writes them: ISO 8601 and its near relations; without an offset they mean UTC."""

import re
from datetime import UTC, datetime, timedelta, timezone

# Also a space for the T, milliseconds after a colon, an offset of one digit: Braze's own pages show all three.
INSTANT = re.compile(
    r"(?P<day>\d{4}-\d{2}-\d{2})"
    r"(?:[Tt ](?P<hour>\d{2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,:](?P<fraction>\d{1,9}))?)?"
    r" ?(?P<offset>[Zz]|[+-]\d{1,2}(?::?\d{2})?)?)?",
    re.ASCII,
)
OFFSET = re.compile(r"([+-])(\d{1,2}?):?(\d{2})?", re.ASCII)


def instant(text: object) -> datetime | None:
    """Return the instant, aware and in UTC; None for anything that is none. A day is its midnight in UTC."""
    found = INSTANT.fullmatch(text) if isinstance(text, str) else None
    if not found:
        return None
    hour, minute, second = (int(found[part] or 0) for part in ("hour", "minute", "second"))
    microsecond = int((found["fraction"] or "0").ljust(6, "0")[:6])
    year, month, day = map(int, found["day"].split("-"))
    try:
        zone = timezone(offset(found["offset"] or "Z"))
        return datetime(year, month, day, hour, minute, second, microsecond, zone).astimezone(UTC)
    except (ValueError, OverflowError):  # the 30th of February, 25 o'clock, before the year 1
        return None


def offset(text: str) -> timedelta:
    """Return the distance from UTC in ``Z``, ``+1``, ``+01``, ``+1:00``, ``+0100`` or ``+01:00``."""
    found = OFFSET.fullmatch(text)
    if not found:
        return timedelta()
    if int(found[3] or 0) > 59:
        raise ValueError(text)
    distance = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
    return -distance if found[1] == "-" else distance
