"""What has to be asked about clocks: which zone, and which time where a clock skips one or shows it twice."""

from dataclasses import dataclass
from datetime import datetime

from django import forms
from django.utils.translation import gettext as _

from campaigns import timezones
from campaigns.models.clock import now


@dataclass(frozen=True, slots=True)
class Question:
    """A wall time that the clock skips or shows twice; ``choices`` are (value, words), ``chosen`` is a value or ""."""

    name: str
    message: str
    choices: tuple[tuple[str, str], ...]
    is_skipped: bool = False
    chosen: str = ""

    @property
    def fold_name(self) -> str:
        """The field that keeps the answer."""
        return self.name.replace("_local", "_fold")


def question(name: str, wall: datetime, zone: str, *, fold: int | None) -> Question | None:
    """Return what to ask about a wall time, or nothing where the clock shows it once."""
    found = timezones.check(wall, zone)
    words = {"time": f"{wall:%Y-%m-%d %H:%M}", "zone": zone}
    if isinstance(found, timezones.Gap):
        return Question(
            name,
            _("Clocks in %(zone)s skip %(time)s: they are set forward that night. Choose another time.")
            % words,
            tuple(
                (moment.local.isoformat(timespec="minutes"), str(moment))
                for moment in (found.before, found.after)
            ),
            is_skipped=True,
        )
    if isinstance(found, timezones.Ambiguous):
        return Question(
            name,
            _("Clocks in %(zone)s show %(time)s twice: they are set back that night. Say which one is meant.")
            % words,
            (("0", _("the first, %s") % found.first), ("1", _("the second, %s") % found.second)),
            chosen="" if fold is None else str(fold),
        )
    return None


class FoldField(forms.Field):
    """Which of two equal readings of the clock is meant; None while nobody has said."""

    def clean(self, value: object) -> int | None:
        """Return 0 or 1; whatever else was posted is no answer."""
        return int(str(value)) if value in ("0", "1") else None


def zone_choices(current: str) -> list[tuple[str, str]]:
    """Return the zones to offer with their offsets now; ``current`` is among them even if Rokt's list lacks it."""
    at = now()
    return [
        (zone.id, timezones.label(zone, at))
        for zone in timezones.zones(all=True)
        if zone.is_default or zone.id == current
    ]
