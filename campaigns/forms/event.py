"""The compose form: the eight fields of an event, its questions about the clock, and every problem with its fix."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Fieldset, Layout, Row
from django import forms
from django.utils.functional import lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from campaigns import timezones
from campaigns.forms.clocks import FoldField, Question, question, zone_choices
from campaigns.forms.fields import LineField, MinutesField, ParagraphsField, WallTimeField, ZoneField
from campaigns.models import Campaign, Event
from campaigns.models.clock import now
from campaigns.pipeline import compose, event_ids, validate
from campaigns.pipeline.render import Content

TEXTS = ("event_id", "title", "description", "location")
TIMES = ("start_local", "end_local", "timezone")


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that somebody else has saved differently while this form was open."""

    label: str
    theirs: str
    mine: str


def new_event(campaign: Campaign) -> Event:
    """Return an event, not saved, with the likeliest values: tomorrow, the next full hour, the account's zone."""
    try:
        zone = timezones.resolve(campaign.account.timezone).id
    except timezones.UnknownZoneError:
        zone = "UTC"
    local, _fold = timezones.wall(now(), zone)
    start = local.replace(minute=0, second=0, microsecond=0) + timedelta(days=1, hours=1)
    return Event(
        campaign=campaign,
        account=campaign.account,
        event_id=compose.free_event_id(campaign),
        start_local=start,
        end_local=start + timedelta(hours=1),
        timezone=zone,
    )


class EventForm(forms.ModelForm[Event]):
    """Checks an event as the pipeline will; ``warnings`` are problems that keep nobody from saving."""

    event_id = LineField(
        label=gettext_lazy("Event id"),
        max_length=100,
        help_text=gettext_lazy(
            "Unique in the account. Each person's entry is called by it and their user id: Event_0001_user-42."
        ),
    )
    title = LineField(label=gettext_lazy("Title"), max_length=1_000)
    description = ParagraphsField(
        label=gettext_lazy("Description"),
        max_length=10_000,
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 5}),
    )
    location = LineField(
        label=gettext_lazy("Location"),
        max_length=1_000,
        required=False,
        help_text=gettext_lazy(
            "Calendars show it beside the title: a good place for a second call to action."
        ),
    )
    start_local = WallTimeField(label=gettext_lazy("Start"))
    end_local = WallTimeField(label=gettext_lazy("End"))
    start_fold = FoldField(required=False)
    end_fold = FoldField(required=False)
    timezone = ZoneField(label=gettext_lazy("Time zone"))
    notify_before_minutes = MinutesField(
        label=gettext_lazy("Reminder"),
        help_text=gettext_lazy("Minutes before the start. 60 is an hour, 1440 a day, 10080 a week."),
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "numeric", "list": "reminders"}),
    )
    version = forms.CharField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Event
        fields = [*TEXTS, *TIMES, "notify_before_minutes"]

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, instance: Event, read_only: bool = False
    ) -> None:
        super().__init__(_with_times_taken(data), instance=instance)
        self.warnings: list[validate.Problem] = []
        self.questions: dict[str, Question] = {}
        self.initial["version"] = instance.version
        self.fields["timezone"].widget.choices = zone_choices(instance.timezone)
        if instance.pk and event_ids.stays(instance):
            self.fields["event_id"].widget.attrs["readonly"] = True
            self.fields["event_id"].help_text = lazy(event_ids.why_it_stays, str)(instance)  # counts entries
        for field in self.fields.values():
            field.disabled = read_only
        if data is None:
            self._ask(instance.timezone, {name: getattr(instance, name) for name in TIMES[:2]})
        if data is None and instance.pk:
            self.warnings = self._problems()
        self.helper = layout()

    @property
    def expected_version(self) -> int:
        """The version that this form was opened with; 0 where that cannot be told."""
        text = self.cleaned_data.get("version", "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0

    @property
    def has_times(self) -> bool:
        """Whether start, end and zone are good enough to show the event."""
        return not any(name in self.errors for name in TIMES)

    def clean(self) -> dict[str, Any]:
        """Ask about times that the clock skips or shows twice."""
        data = super().clean() or self.cleaned_data
        if data.get("timezone"):
            self._ask(data["timezone"], {name: data[name] for name in TIMES[:2] if data.get(name)})
        for asked in self.questions.values():
            if not asked.chosen:
                self.add_error(asked.name, asked.message)
        return data

    def differences(self, stored: Event) -> list[Difference]:
        """Return where the saved event is not what this form says."""
        pairs = (
            (self[name], self.fields[name].prepare_value(getattr(stored, name))) for name in self.Meta.fields
        )
        return [
            Difference(str(bound.label), str(theirs), str(bound.value()))
            for bound, theirs in pairs
            if str(theirs).split() != str(bound.value()).split()
        ]

    def _ask(self, zone: str, walls: Mapping[str, datetime]) -> None:
        for name, wall in walls.items():
            fold_name = name.replace("_local", "_fold")
            fold = self.cleaned_data.get(fold_name) if self.is_bound else getattr(self.instance, fold_name)
            if asked := question(name, wall, zone, fold=fold):
                self.questions[name] = asked
            setattr(self.instance, fold_name, int(asked.chosen or 0) if asked else 0)

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # Django's own hook, missing from its stubs
        for name in TEXTS:
            if name in self.errors:
                setattr(self.instance, name, "")  # a preview must not show what was saved before
        for problem in self._problems():
            if not problem.blocks:
                self.warnings.append(problem)
            elif problem.field not in self.errors:
                self.add_error(problem.field, problem.message)

    def _problems(self) -> list[validate.Problem]:
        event, content = self.instance, Content.of(self.instance)
        problems = validate.content_problems(content, account=event.campaign.account, event_pk=event.pk)
        if not self.has_times:
            return [problem for problem in problems if problem.field not in TIMES]
        if event._state.adding and validate.instants(content)[0] <= now():
            past = _("This time is over. An event begins in the future.")
            problems.append(validate.Problem("start_local", "past", past))
        return problems


def _with_times_taken(data: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Put the time of a "take this one" button where the skipped time was."""
    taken = {name: data[f"take_{name}"] for name in TIMES[:2] if f"take_{name}" in data} if data else {}
    return {**{name: data[name] for name in data}, **taken} if data and taken else data


def layout() -> FormHelper:
    """Return how crispy lays the form out; the page brings the form tag, the token and the buttons."""
    helper = FormHelper()
    helper.form_tag = False
    helper.disable_csrf = True
    insert = "{%% include 'campaigns/_insert.html' with target='%s' %%}"
    ask = "{%% include 'campaigns/_question.html' with name='%s' question=form.questions.%s %%}"
    helper.layout = Layout(
        Fieldset(
            _("What people see"),
            "title",
            HTML(insert % "title"),
            "location",
            HTML(insert % "location"),
            "description",
            HTML(insert % "description"),
        ),
        Fieldset(
            _("When"),
            Row("start_local", "end_local"),
            HTML(ask % ("start_local", "start_local")),
            HTML(ask % ("end_local", "end_local")),
            "timezone",
            HTML("{% include 'campaigns/_zone_finder.html' %}"),
            "notify_before_minutes",
        ),
        Fieldset(_("How Rokt knows it"), "event_id"),
        "version",
    )
    return helper
