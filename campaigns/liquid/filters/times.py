"""Reading a moment from what people write, as Ruby's Time.parse does."""

import re
from datetime import UTC, datetime, time, timedelta, timezone, tzinfo

from campaigns.liquid.filters.strftime import MONTHS

_TEXT_LIMIT = 100  # a date that is longer is none
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_ZONES = {"utc": 0, "gmt": 0, "z": 0, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6}
_ZONES |= {"pst": -8, "pdt": -7, "bst": 1, "cet": 1, "cest": 2, "jst": 9}

_TIME = re.compile(
    r"\b(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]{1,9}))?)?"
    r"\s*(?P<half>[ap]m\b)?",
)
_OFFSET = re.compile(r"(?P<sign>[+-])(?P<hours>[0-9]{2}):?(?P<minutes>[0-9]{2})\b")
_DIGITS = re.compile(r"[0-9]{1,100}")
_WORD = re.compile(r"[a-z]+")
_ISO_DATE = re.compile(r"\b([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})(?![0-9])")
_DAY_FIRST = re.compile(r"\b([0-9]{1,2})[./-]([0-9]{1,2})[./-]([0-9]{4})(?![0-9])")  # as Ruby reads 6/3/2021
_DAY = re.compile(r"\b([0-9]{1,2})(?:st|nd|rd|th)?\b(?![:.0-9])")
_YEAR = re.compile(r"\b([0-9]{4})\b")


def read_moment(value: object, now: datetime) -> datetime | None:
    """The moment a value stands for, or None when it stands for none.

    Whole numbers and texts of digits are Unix seconds; a text without a zone is UTC; what a text does not say
    (the year, the day) is as it is `now`.
    """
    if isinstance(value, datetime):
        return _in_utc(value)
    try:
        if type(value) is int or (isinstance(value, str) and _DIGITS.fullmatch(value)):
            return _EPOCH + timedelta(seconds=int(value))
        return _read_text(value.strip(), now) if isinstance(value, str) else None
    except (ValueError, OverflowError):
        return None


def _in_utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _read_text(text: str, now: datetime) -> datetime | None:
    if text.lower() in {"now", "today"}:
        return now
    if not text or len(text) > _TEXT_LIMIT:
        return None
    try:
        return _in_utc(datetime.fromisoformat(text))
    except ValueError:
        return _read_loosely(text.lower(), now)


def _read_loosely(text: str, now: datetime) -> datetime | None:
    text = re.sub(r"(?<=[0-9])t(?=[0-9])", " ", text)
    clock = _TIME.search(text)
    rest = f"{text[: clock.start()]} {text[clock.end() :]}" if clock else text
    day = _read_day(text[: clock.start()] if clock and clock.start() else rest, rest, now)
    if day is None and clock is None:
        return None
    zone = _read_zone(text[clock.end() :] if clock else rest)
    return datetime.combine((day or now).date(), _read_clock(clock), zone)


def _read_clock(clock: re.Match[str] | None) -> time:
    if clock is None:
        return time()
    hour = int(clock["hour"])
    if clock["half"]:
        hour = hour % 12 + (12 if clock["half"] == "pm" else 0)
    fraction = int((clock["fraction"] or "0").ljust(6, "0")[:6])
    return time(hour, int(clock["minute"]), int(clock["second"] or 0), fraction)


def _read_zone(text: str) -> tzinfo:
    if offset := _OFFSET.search(text):
        minutes = int(offset["hours"]) * 60 + int(offset["minutes"])
        return timezone(timedelta(minutes=-minutes if offset["sign"] == "-" else minutes))
    hours = next((_ZONES[word] for word in _WORD.findall(text) if word in _ZONES), 0)
    return timezone(timedelta(hours=hours)) if hours else UTC


def _read_day(before: str, rest: str, now: datetime) -> datetime | None:
    if found := _ISO_DATE.search(before):
        return datetime(int(found[1]), int(found[2]), int(found[3]), tzinfo=UTC)
    if found := _DAY_FIRST.search(before):
        return datetime(int(found[3]), int(found[2]), int(found[1]), tzinfo=UTC)
    return _read_named_day(rest, now)


def _read_named_day(text: str, now: datetime) -> datetime | None:
    names = {name.lower()[:3]: number for number, name in enumerate(MONTHS, start=1)}
    known = {name.lower() for name in MONTHS} | set(names) | {"sept"}
    word = next((word for word in _WORD.findall(text) if word in known), None)
    if word is None:
        return None
    year, day = _YEAR.search(text), _DAY.search(text)
    return datetime(
        int(year[1]) if year else now.year, names[word[:3]], int(day[1]) if day else 1, tzinfo=UTC
    )
