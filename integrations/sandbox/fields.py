"""One field of an event at a time: read as its documented type, or refused by name."""

import re
from datetime import datetime
from typing import Any, NamedTuple

from integrations.sandbox.replies import RefusedError
from integrations.sandbox.zones import WINDOWS, is_iana

LOCAL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,7})?)?")
DIGITS = re.compile(r"[0-9]{1,10}")
MOST_MINUTES = 2**31 - 1


class Fields(NamedTuple):
    """An object out of the body; `prefix` is how a refusal names what is in it ("event." or "")."""

    values: dict[str, Any]
    prefix: str

    def refuse(self, name: str, why: str) -> RefusedError:
        """The error that names the field."""
        return RefusedError(f"{self.prefix}{name} {why}")

    def text(self, name: str, *, required: bool = False) -> str:
        """A string; absent or null is "" unless it is required."""
        value = self.values.get(name)
        if value is not None and not isinstance(value, str):
            raise self.refuse(name, "must be a string")
        if required and not (value and value.strip()):
            raise self.refuse(name, "is required")
        return value or ""

    def flag(self, name: str) -> bool:
        """A boolean; absent or null is False."""
        value = self.values.get(name)
        if value is not None and not isinstance(value, bool):
            raise self.refuse(name, "must be true or false")
        return bool(value)

    def minutes(self, name: str) -> int | None:
        """A whole number of minutes: a number (Rokt's page), a numeric string (Braze's) or null."""
        value = self.values.get(name)
        if isinstance(value, str) and DIGITS.fullmatch(value):
            value = int(value)
        if value is None or (type(value) is int and 0 <= value <= MOST_MINUTES):
            return value
        raise self.refuse(name, "must be a whole number of minutes, as number or numeric string, or null")

    def moment(self, name: str, text: str) -> datetime:
        """A wall time without an offset; the years at the very ends fit no calendar."""
        if not LOCAL.fullmatch(text):
            raise self.refuse(name, f"must be local ISO 8601 without an offset, not {text[:40]!r}")
        try:
            moment = datetime.fromisoformat(text)
        except ValueError as error:
            raise self.refuse(name, f"is not a date and time: {error}") from None
        if not 1 < moment.year < 9999:
            raise self.refuse(name, "is outside the years 2 to 9998")
        return moment

    def zone(self) -> tuple[str, str]:
        """(Windows id, IANA id). Which of the two wins is unknown at Rokt; here the Windows id does."""
        windows, iana = self.text("timezone"), self.text("timezoneIanaId")
        if iana and not is_iana(iana):
            raise self.refuse("timezoneIanaId", f"is not a known IANA zone: {iana[:60]!r}")
        if windows:
            iana = WINDOWS.get(windows, "")
            if not iana:
                raise self.refuse("timezone", f"is not a known Windows time zone id: {windows[:60]!r}")
        elif not iana:
            raise self.refuse("timezone", "is required")
        return windows, iana
