"""What stands beside a question: texts, days, dates, numbers, names; what is refused, and why."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Final

from django.utils.translation import gettext as _

from campaigns.models.audience import BUCKET_COUNT
from campaigns.segments.faults import Path, RuleError
from campaigns.segments.ops import Takes
from campaigns.segments.patterns import PatternError, compiled

MAX_VALUES: Final = 1_000
MAX_VALUE_LENGTH: Final = 255
MAX_PATTERN_LENGTH: Final = 1_000
MAX_DAYS: Final = 9_999
YEARS: Final = range(1970, 3000)

_ID: Final = re.compile(r"[1-9][0-9]{0,17}")
_NUMBER: Final = re.compile(r"[0-9]{1,4}")
_PERCENT: Final = re.compile(r"[0-9]{1,3}(\.[0-9]{1,2})?")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def read(takes: Takes, data: object, path: Path) -> tuple[str, ...]:
    """Return the values beside a question.

    Raises:
        RuleError: they are not what the question takes.
    """
    if not isinstance(data, list) or not data:
        raise RuleError(path, _MISSING.get(takes, lambda: _("Give at least one value."))())
    if len(data) > MAX_VALUES:
        raise RuleError(path, _("At most %(most)d values.") % {"most": MAX_VALUES})
    most = MAX_PATTERN_LENGTH if takes is Takes.PATTERN else MAX_VALUE_LENGTH
    for place, value in enumerate(data):
        _check_text(value, (*path, place), most=most)
    values = tuple(data)
    if takes in _CHECKS:
        _CHECKS[takes](values, path)
    return values


def _check_text(value: object, path: Path, *, most: int) -> None:
    if not isinstance(value, str):
        raise RuleError(path, _("A value is a text."))
    if not 1 <= len(value) <= most:
        raise RuleError(path, _("A value has 1 to %(most)d characters.") % {"most": most})
    if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise RuleError(path, _("A value holds a character that no text can hold."))


def _pattern(values: tuple[str, ...], path: Path) -> None:
    if len(values) != 1:
        raise RuleError(path, _("Give one regular expression; “|” stands for “or”."))
    try:
        compiled(values[0])
    except PatternError as error:
        raise RuleError((*path, 0), str(error)) from error


def _days(values: tuple[str, ...], path: Path) -> None:
    if len(values) != 1 or not _NUMBER.fullmatch(values[0]) or not int(values[0]):
        raise RuleError(path, _days_wanted())


def _date(values: tuple[str, ...], path: Path) -> None:
    try:
        fits = (
            len(values) == 1
            and bool(_DATE.fullmatch(values[0]))
            and date.fromisoformat(values[0]).year in YEARS
        )
    except ValueError:
        fits = False
    if not fits:
        raise RuleError(path, _date_wanted())


def _range(values: tuple[str, ...], path: Path) -> None:
    if len(values) != 2 or not all(_NUMBER.fullmatch(value) for value in values):
        raise RuleError(path, _range_wanted())
    if int(values[0]) > int(values[1]):
        raise RuleError(path, _("The first number is the lower one."))


def _sample(values: tuple[str, ...], path: Path) -> None:
    if len(values) != 2 or not _PERCENT.fullmatch(values[0]) or not 0 < Decimal(values[0]) <= 100:
        raise RuleError(path, _sample_wanted())


def _ids(values: tuple[str, ...], path: Path) -> None:
    for place, value in enumerate(values):
        if not _ID.fullmatch(value):
            raise RuleError((*path, place), _("Choose from the list; this is no number of one."))


def _days_wanted() -> str:
    return _("Give a whole number of days, 1 to %(most)d.") % {"most": MAX_DAYS}


def _date_wanted() -> str:
    return _("Give one day as year-month-day, such as 2026-03-31.")


def _range_wanted() -> str:
    return _("Give two whole numbers, the lowest and the highest, 0 to %(most)d.") % {
        "most": BUCKET_COUNT - 1
    }


def _sample_wanted() -> str:
    return _("Give a percentage above 0 and up to 100, such as 10 or 12.5, and a name for the sample.")


_CHECKS: Final[Mapping[Takes, Callable[[tuple[str, ...], Path], None]]] = {
    Takes.PATTERN: _pattern,
    Takes.DAYS: _days,
    Takes.DATE: _date,
    Takes.RANGE: _range,
    Takes.SAMPLE: _sample,
    Takes.CAMPAIGNS: _ids,
    Takes.LISTS: _ids,
}

_MISSING: Final[Mapping[Takes, Callable[[], str]]] = {
    Takes.DAYS: _days_wanted,
    Takes.DATE: _date_wanted,
    Takes.RANGE: _range_wanted,
    Takes.SAMPLE: _sample_wanted,
}
