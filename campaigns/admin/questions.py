"""The filters of the history; what each means is said in ``campaigns.reports``, for the spreadsheet too."""

from collections.abc import Callable, Iterator
from typing import Any

from django import forms
from django.contrib.admin import ListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter
from unfold.views import ChangeList
from unfold.widgets import UnfoldAdminTextInputWidget

from campaigns import reports
from campaigns.models import Account, Campaign, Delivery, Event, Send

PERIOD = ("since", "until")
MOST_CHOICES = 300  # of the newest; links from other pages may name older ones

Choices = list[tuple[str, Any]]


class Question(DropdownFilter):  # type: ignore[misc]  # Unfold ships no types
    """One filter with choices."""

    offered: Callable[[], Choices]

    def has_output(self) -> bool:
        """Answer, even where there is nothing to choose from yet."""
        return True

    def queryset(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> QuerySet[Delivery]:
        """Narrow the list down."""
        value = self.value()
        return reports.narrow(queryset, self.parameter_name, value) if value else queryset

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Offer the newest, and the one that is asked for."""
        choices = self.offered()
        asked = self.used_parameters.get(self.parameter_name, "")
        if asked and asked not in [value for value, _label in choices]:
            choices.append((asked, f"#{asked[:20]}"))
        return choices


def question(name: str, title: Any, offered: Callable[[], Choices]) -> type[Question]:
    """Return the filter for the parameter ``name``, with choices read anew for every page."""
    parts = {"parameter_name": name, "title": title, "offered": staticmethod(offered)}
    return type(f"By{name.title()}", (Question,), parts)


def _campaigns() -> Choices:
    found = Campaign.objects.order_by("-pk").values_list("pk", "name")[:MOST_CHOICES]
    return [(str(pk), name) for pk, name in found]


def _events() -> Choices:
    found = Event.objects.order_by("-pk").values_list("pk", "title", "event_id")[:MOST_CHOICES]
    return [(str(pk), f"{title} ({event_id})") for pk, title, event_id in found]


def _accounts() -> Choices:
    return [(str(pk), name) for pk, name in Account.objects.values_list("pk", "name")]


def _sends() -> Choices:
    found = Send.objects.order_by("-pk").values_list("pk", "event__title")[:MOST_CHOICES]
    return [(str(pk), f"#{pk} {title}") for pk, title in found]


class PeriodForm(forms.Form):
    """From when to when, in UTC."""

    def __init__(self, data: dict[str, str]) -> None:
        super().__init__(data)
        for name, label in (("since", _("Changed from (UTC)")), ("until", _("Changed up to (UTC)"))):
            widget = UnfoldAdminTextInputWidget(attrs={"type": "datetime-local"})
            self.fields[name] = forms.CharField(label=label, required=False, widget=widget)


class ByTime(ListFilter):
    """When the state last changed."""

    title = _("time")
    template = "unfold/filters/filters_field.html"
    form_class = PeriodForm

    def __init__(self, request: HttpRequest, params: dict[str, Any], model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        self.asked = {name: params.pop(name)[-1] for name in PERIOD if name in params}

    def has_output(self) -> bool:
        """Answer always."""
        return True

    def expected_parameters(self) -> list[str | None]:
        """Return the names in the address."""
        return [*PERIOD]

    def choices(self, changelist: ChangeList) -> Iterator[dict[str, Any]]:
        """Offer the two fields."""
        yield {"form": self.form_class(self.asked)}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> QuerySet[Delivery]:
        """Narrow the list down."""
        for name, value in self.asked.items():
            queryset = reports.narrow(queryset, name, value) if value else queryset
        return queryset


QUESTIONS = (
    question("campaign", _("campaign"), _campaigns),
    question("event", _("event"), _events),
    question("account", _("account"), _accounts),
    question("send", _("send"), _sends),
    question("state", _("state"), lambda: list(Delivery.State.choices)),
    question("reason", _("reason"), lambda: [choice for choice in Delivery.Reason.choices if choice[0]]),
    ByTime,
)
