"""Fields for what staff type: texts that can be sent, wall times, zones, minutes."""

import re
import unicodedata
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import DATETIME_CLASSES, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from campaigns import timezones
from campaigns.models.campaign import LONGEST_REMINDER_MINUTES

UNSENDABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
STEERING = re.compile("[\u202a-\u202e\u2066-\u2069]")  # turn the writing direction of what follows
SCRIPT = re.compile(r"\b(?:(?:javascript|vbscript):\S|data:[a-z]+/)", re.IGNORECASE)
LINE_ENDS = re.compile(r"[\t\r\n]+")
INVISIBLE_LETTERS = "\u115f\u1160\u3164\uffa0\u2800"  # letters and symbols that show nothing
WALL_TIME = re.compile(
    r"(\d{4,6})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:\.0+)?)?([Zz]|[+-]\d\d:?\d\d)?", re.ASCII
)
YEARS = range(2000, 2101)


def row_id(text: str) -> int:
    """Return the id in a text; 0, which nothing has, where there is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def is_blank(text: str) -> bool:
    """Tell whether nothing of a text can be seen: blanks, marks of no width, letters without a shape."""
    return all(unicodedata.category(letter)[0] in "ZCM" or letter in INVISIBLE_LETTERS for letter in text)


def check_sendable(text: str, *, steering: bool = False) -> None:
    """Refuse what a calendar cannot show or must not run; ``steering`` lets marks of writing direction pass."""
    if found := UNSENDABLE.search(text) or (not steering and STEERING.search(text)):
        raise ValidationError(
            _("Character %(place)d (U+%(code)s) cannot be seen and is not sent. Delete it."),
            code="unsendable",
            params={"place": found.start() + 1, "code": f"{ord(found[0]):04X}"},
        )
    if SCRIPT.search(text):
        raise ValidationError(
            _("Links begin with https://. Calendars do not open “javascript:” or “data:” links."),
            code="script",
        )


class LineField(forms.CharField):
    """One line of text; a text of which nothing can be seen counts as empty."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("widget", UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}))
        super().__init__(**options)
        self.error_messages["max_length"] = gettext_lazy(
            "At most %(limit_value)d characters fit here, and these are %(show_value)d. Shorten the text."
        )
        self.error_messages["required"] = format_lazy(
            gettext_lazy("Fill in “{label}”: it is required."), label=self.label
        )

    def to_python(self, value: Any) -> str:
        """Return the text on one line."""
        text = LINE_ENDS.sub(" ", super().to_python(value) or "")
        check_sendable(text)
        return "" if is_blank(text) else text


class ParagraphsField(LineField):
    """Text of several lines."""

    def to_python(self, value: Any) -> str:
        """Return the text with plain line ends."""
        text = (forms.CharField.to_python(self, value) or "").replace("\r\n", "\n").replace("\r", "\n")
        check_sendable(text, steering=True)
        return "" if is_blank(text) else text


class WallTimeField(forms.Field):
    """A date and time without any zone, as a naive datetime."""

    default_error_messages = {
        "required": gettext_lazy("Give a date and a time."),
        "offset": gettext_lazy(
            "Leave out “%(offset)s”: this is the time on the clock in the event's own time zone."
        ),
        "shape": gettext_lazy("Write the date and time like this: 2027-02-21 15:00."),
        "unreal": gettext_lazy("There is no such date or time. Check the day and the hour."),
        "year": gettext_lazy("The year must lie between %(first)d and %(last)d."),
    }

    def __init__(self, **options: Any) -> None:
        attrs = {"type": "datetime-local", "class": " ".join(DATETIME_CLASSES), "max": "2100-12-31T23:59"}
        super().__init__(widget=forms.TextInput(attrs), **options)

    def prepare_value(self, value: Any) -> Any:
        """Write a datetime as the browser's date and time field wants it."""
        if isinstance(value, datetime):
            return value.isoformat(timespec="seconds" if value.second else "minutes")
        return value

    def to_python(self, value: Any) -> datetime | None:
        """Read what a browser or a person writes."""
        text = str(value or "").strip()
        if not text:
            return None
        found = WALL_TIME.fullmatch(text)
        if found is None:
            raise self._error("shape")
        *numbers, offset = found.groups()
        if offset:
            raise self._error("offset", offset=offset)
        if int(numbers[0]) not in YEARS:
            raise self._error("year", first=YEARS[0], last=YEARS[-1])
        try:
            year, month, day, hour, minute, second = (int(number or 0) for number in numbers)
            return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - a wall time has no zone
        except ValueError:
            raise self._error("unreal") from None

    def _error(self, code: str, **params: Any) -> ValidationError:
        return ValidationError(self.error_messages[code], code=code, params=params)


class ZoneField(forms.CharField):
    """A Windows time zone id; IANA names and other capitals are understood too."""

    def __init__(self, **options: Any) -> None:
        super().__init__(widget=UnfoldAdminSelectWidget(), **options)
        self.error_messages["required"] = gettext_lazy("Choose a time zone.")

    def to_python(self, value: Any) -> str:
        """Return the id of the zone that was named."""
        text = (super().to_python(value) or "")[:100]
        if not text:
            return ""
        try:
            return timezones.resolve(text).id
        except timezones.UnknownZoneError as error:
            raise ValidationError(self._unknown(text, error), code="unknown") from error

    def _unknown(self, text: str, error: timezones.UnknownZoneError) -> str:
        names = ", ".join(zone.id for zone in error.suggestions)
        if not names:
            return _("“%(text)s” is not a time zone. Choose one from the list.") % {"text": text}
        return _("“%(text)s” is not a time zone. Did you mean %(names)s?") % {"text": text, "names": names}


class MinutesField(forms.CharField):
    """Whole minutes before the start, as an int."""

    default_error_messages = {
        "required": gettext_lazy(
            "Say how many minutes before the start the reminder comes; 0 is at the start."
        ),
        "number": gettext_lazy("Write whole minutes between 0 and %(most)s (four weeks)."),
    }

    def clean(self, value: Any) -> Any:
        """Return the number; only plain digits count as one."""
        text = super().clean(value)
        if not re.fullmatch("[0-9]{1,6}", text) or int(text) > LONGEST_REMINDER_MINUTES:
            most = f"{LONGEST_REMINDER_MINUTES:,}"
            raise ValidationError(self.error_messages["number"], code="number", params={"most": most})
        return int(text)
