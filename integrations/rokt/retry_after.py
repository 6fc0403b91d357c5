"""How long a server asks us to wait: the Retry-After header in all the forms it arrives in."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

SHORTEST: Final = 1.0  # seconds
LONGEST: Final = 3600.0  # seconds
_NUMBER: Final = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?([eE][0-9]+)?", re.ASCII)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, 1 to 3600: the first value that can be read, of two headers or of one with a comma.

    A date counts from the answer's own Date, so that a wrong clock on either side does no harm; an answer
    without one is taken to be of this moment. None when there is nothing to read.
    """
    said_at = next(filter(None, map(_date, _values(headers, "date"))), None) or datetime.now(UTC)
    for value in _values(headers, "retry-after"):
        # Splitting a date at its comma loses the name of the day, and nothing else.
        for part in value.split(","):
            seconds = _seconds(part.strip(), said_at)
            if seconds is not None:
                return min(max(seconds, SHORTEST), LONGEST)
    return None


def _values(headers: Mapping[str, str], name: str) -> Iterator[str]:
    return (value for key, value in headers.items() if key.lower() == name)


def _seconds(text: str, said_at: datetime) -> float | None:
    if _NUMBER.fullmatch(text):
        return float(text)
    until = _date(text)
    return None if until is None else (until - said_at).total_seconds()


def _date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
