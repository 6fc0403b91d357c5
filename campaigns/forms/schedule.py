"""When a send goes out: now, or at a time on the clocks of some zone, which is told apart where clocks change."""

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextInputWidget

from campaigns import timezones
from campaigns.forms.fields import WallTimeField, ZoneField
from campaigns.models.clock import now

NOW, AT = "now", "at"
TYPED_OVER_COUNT = 10_000
LONGEST_REASON = 300
FIRST_COUNT, FIRST_PERCENT = 50, 5  # enough to notice what is wrong for all, few enough to put right by hand
MOST_FIRST = 1_000_000


class ScheduleForm(forms.Form):
    """Now, or a wall time in a zone; ``readings`` are the choices where that time exists twice or never."""

    when = forms.ChoiceField(choices=[(NOW, gettext_lazy("Now")), (AT, gettext_lazy("At a date and time"))])
    at_local = WallTimeField(label=gettext_lazy("Date and time"), required=False)
    zone = ZoneField(label=gettext_lazy("Time zone"), required=False)
    reading = forms.CharField(required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.readings: dict[str, timezones.Moment] = {}
        self.is_past = False
        at = timezone.now()
        self.fields["zone"].widget.choices = [
            (zone.id, timezones.label(zone, at)) for zone in timezones.zones(all=True)
        ]

    def clean(self) -> dict[str, Any]:
        """Add ``scheduled_at``: the instant that is meant."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("when") == NOW:
            cleaned |= {"scheduled_at": now(), "zone": ""}
        elif not self.errors:
            cleaned["scheduled_at"] = self._instant(cleaned)
        return cleaned

    def _instant(self, cleaned: dict[str, Any]) -> datetime | None:
        local, zone = cleaned["at_local"], cleaned["zone"]
        if local is None:
            self.add_error("at_local", self.fields["at_local"].error_messages["required"])
        if not zone:
            self.add_error("zone", self.fields["zone"].error_messages["required"])
        if local is None or not zone:
            return None
        moment = self._moment(local, zone, cleaned["reading"])
        if moment is not None and moment.at <= now():
            self.is_past = True
            self.add_error("at_local", _("%(time)s is over.") % {"time": moment})
        return moment.at if moment is not None else None

    def _moment(self, local: datetime, zone: str, reading: str) -> timezones.Moment | None:
        """Return the one moment that clocks in the zone show so; where there are two or none, ask."""
        match timezones.check(local, zone):
            case timezones.Exists(moment):
                return moment
            case timezones.Gap(before, after):
                self.readings = {"before": before, "after": after}
                message = _("Clocks in %(zone)s skip %(time)s: they are set forward then. Which one instead?")
            case timezones.Ambiguous(first, second):
                self.readings = {"first": first, "second": second}
                message = _("Clocks in %(zone)s show %(time)s twice: they are set back then. Which one?")
        if reading in self.readings:
            return self.readings[reading]
        self.add_error("reading", message % {"zone": zone, "time": f"{local:%Y-%m-%d %H:%M}"})
        return None


class SendForm(ScheduleForm):
    """Everything that is said when a send is queued: when, that this is what was seen, and for how many.

    ``leave_out`` is why it goes out without those who cannot be sent to. ``canary``: whether ``canary_count`` people
    go first, and the send stops if more than ``canary_percent`` of 100 fail.
    """

    canary = forms.BooleanField(required=False)
    canary_count = forms.IntegerField(
        label=gettext_lazy("people first"),
        required=False,
        min_value=1,
        max_value=MOST_FIRST,
        initial=FIRST_COUNT,
        error_messages={
            "invalid": gettext_lazy("How many people go first is a whole number."),
            "min_value": gettext_lazy("Start with at least one person, or take the tick away."),
            "max_value": gettext_lazy("Start with at most %(limit_value)s people, or take the tick away."),
        },
    )
    canary_percent = forms.IntegerField(
        label=gettext_lazy("per cent may fail"),
        required=False,
        min_value=0,
        max_value=100,
        initial=FIRST_PERCENT,
        error_messages={
            "invalid": gettext_lazy("How many per cent may fail is a whole number from 0 to 100."),
            "min_value": gettext_lazy("How many per cent may fail is a number from 0 to 100."),
            "max_value": gettext_lazy("How many per cent may fail is a number from 0 to 100."),
        },
    )

    leave_out = forms.CharField(
        required=False,
        max_length=LONGEST_REASON,
        error_messages={"max_length": gettext_lazy("Say it in up to %(limit_value)d characters.")},
    )
    checked = forms.IntegerField(required=False, min_value=0, max_value=2**62)
    submit_token = forms.UUIDField()
    seen = forms.CharField(required=False, max_length=100)
    typed_count = forms.CharField(
        label=gettext_lazy("Number of people"),
        required=False,
        max_length=20,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, seen: str, people_count: int, **options: Any) -> None:
        super().__init__(*args, **options)
        self.seen_now, self.people_count = seen, people_count

    @property
    def asks_for_count(self) -> bool:
        """Whether so many people would be reached that their number is typed."""
        return self.people_count > TYPED_OVER_COUNT

    def clean(self) -> dict[str, Any]:
        """Ask for the numbers of a careful start where one is wanted, and for nothing where none is."""
        cleaned = super().clean()
        for name in ("canary_count", "canary_percent"):
            if not cleaned.get("canary"):
                self.errors.pop(name, None)
            elif cleaned.get(name) is None and name not in self.errors:
                self.add_error(name, self.fields[name].error_messages["invalid"])
        return cleaned

    def clean_seen(self) -> str:
        """Refuse to send what nobody has looked at."""
        seen: str = self.cleaned_data["seen"]
        if seen != self.seen_now:
            raise ValidationError(
                _("The event or its audience has changed since you opened this page. Look again, then send.")
            )
        return seen

    def clean_typed_count(self) -> str:
        """Compare the typed number with the people of this moment; separators do not matter."""
        typed = "".join(letter for letter in self.cleaned_data["typed_count"] if letter.isdecimal())
        if self.asks_for_count and typed != str(self.people_count):
            raise ValidationError(
                _("You chose %(count)s people. Type that number to go on.")
                % {"count": f"{self.people_count:,}"}
            )
        return typed
