"""Writing a moment as Ruby's strftime does: English names, flags and widths, whatever the machine's locale."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

from campaigns.liquid.errors import FilterError

MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]

_FORMAT_LIMIT = 1_000
_WIDTH_LIMIT = 100
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DIRECTIVE = re.compile(r"%([-0^#_:]*)([0-9]{0,4})([A-Za-z%+])")


def _sunday_first(moment: datetime) -> int:
    return moment.isoweekday() % 7


def _hour12(moment: datetime) -> int:
    return moment.hour % 12 or 12


def _week(moment: datetime, first_day: int) -> int:
    """The week of the year, counting from the first such day; 0 before it."""
    since = (_sunday_first(moment) - first_day) % 7
    return (moment.timetuple().tm_yday + 6 - since) // 7


def _zone_name(moment: datetime) -> str:
    is_offset = isinstance(moment.tzinfo, timezone) and moment.tzinfo is not UTC
    return "" if is_offset else moment.tzname() or ""


# code -> (what it is, how wide, padded with)
_NUMBERS: dict[str, tuple[Callable[[datetime], int], int, str]] = {
    "Y": (lambda at: at.year, 4, "0"),
    "C": (lambda at: at.year // 100, 2, "0"),
    "y": (lambda at: at.year % 100, 2, "0"),
    "m": (lambda at: at.month, 2, "0"),
    "d": (lambda at: at.day, 2, "0"),
    "e": (lambda at: at.day, 2, " "),
    "j": (lambda at: at.timetuple().tm_yday, 3, "0"),
    "H": (lambda at: at.hour, 2, "0"),
    "k": (lambda at: at.hour, 2, " "),
    "I": (_hour12, 2, "0"),
    "l": (_hour12, 2, " "),
    "M": (lambda at: at.minute, 2, "0"),
    "S": (lambda at: at.second, 2, "0"),
    "s": (lambda at: (at - _EPOCH) // timedelta(seconds=1), 1, "0"),
    "u": (lambda at: at.isoweekday(), 1, "0"),
    "w": (_sunday_first, 1, "0"),
    "G": (lambda at: at.isocalendar().year, 4, "0"),
    "g": (lambda at: at.isocalendar().year % 100, 2, "0"),
    "V": (lambda at: at.isocalendar().week, 2, "0"),
    "U": (lambda at: _week(at, 0), 2, "0"),
    "W": (lambda at: _week(at, 1), 2, "0"),
}
_TEXTS: dict[str, Callable[[datetime], str]] = {
    "B": lambda at: MONTHS[at.month - 1],
    "b": lambda at: MONTHS[at.month - 1][:3],
    "h": lambda at: MONTHS[at.month - 1][:3],
    "A": lambda at: DAYS[_sunday_first(at)],
    "a": lambda at: DAYS[_sunday_first(at)][:3],
    "p": lambda at: "PM" if at.hour >= 12 else "AM",
    "P": lambda at: "pm" if at.hour >= 12 else "am",
    "Z": _zone_name,
    "n": lambda _: "\n",
    "t": lambda _: "\t",
    "%": lambda _: "%",
}
_SHORTHANDS = {
    "c": "%a %b %e %H:%M:%S %Y",
    "D": "%m/%d/%y",
    "F": "%Y-%m-%d",
    "R": "%H:%M",
    "r": "%I:%M:%S %p",
    "T": "%H:%M:%S",
    "v": "%e-%^b-%Y",
    "X": "%H:%M:%S",
    "x": "%m/%d/%y",
    "+": "%a %b %e %H:%M:%S %Z %Y",
}


def strftime(moment: datetime, pattern: str) -> str:
    """Write an aware moment; a directive that Ruby does not know stays as it is. FilterError when it is too wide."""
    if len(pattern) > _FORMAT_LIMIT:
        raise FilterError(f"A date format may hold at most {_FORMAT_LIMIT:,} characters.")
    return _DIRECTIVE.sub(lambda found: _written(moment, found), pattern)


def _written(moment: datetime, found: re.Match[str]) -> str:
    flags, code = found[1], found[3]
    width = int(found[2] or 0)
    if width > _WIDTH_LIMIT:
        raise FilterError(f"A date format may be at most {_WIDTH_LIMIT} characters wide.")
    if code in _NUMBERS:
        number, usual_width, padding = _NUMBERS[code]
        return _padded(str(number(moment)), flags, width or usual_width, padding)
    if code in "LN":
        digits = width or (3 if code == "L" else 9)
        return f"{moment.microsecond:06}".ljust(digits, "0")[:digits]
    if code == "z":
        return _padded(_offset(moment, flags.count(":")), flags, width, "0")
    text = _TEXTS[code](moment) if code in _TEXTS else _shorthand(moment, found)
    return _padded(_in_case(text, flags), flags, width, " ")


def _shorthand(moment: datetime, found: re.Match[str]) -> str:
    pattern = _SHORTHANDS.get(found[3])
    return strftime(moment, pattern) if pattern else found[0]


def _in_case(text: str, flags: str) -> str:
    if "#" in flags:
        return text.lower() if text in {"AM", "PM"} else text.upper()
    return text.upper() if "^" in flags else text


def _padded(text: str, flags: str, width: int, usual: str) -> str:
    chosen = next((flag for flag in reversed(flags) if flag in "-0_"), usual)
    if chosen == "-":
        return text
    if chosen == "0":
        return text.zfill(width) if text.lstrip("+-").isdigit() else text.rjust(width, "0")
    return text.rjust(width)


def _offset(moment: datetime, colons: int) -> str:
    seconds = int((moment.utcoffset() or timedelta()).total_seconds())
    sign, seconds = ("-", -seconds) if seconds < 0 else ("+", seconds)
    parts = [f"{seconds // 3600:02}", f"{seconds // 60 % 60:02}", f"{seconds % 60:02}"]
    return sign + ("" if colons == 0 else ":").join(parts[: 3 if colons > 1 else 2])
