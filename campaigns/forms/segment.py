"""The segment form: a name, a description, and values to pick from; the rule itself is in ``campaigns.forms.rule``."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from crispy_forms.helper import FormHelper
from django import forms
from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextareaWidget

from campaigns.forms.fields import LineField, ParagraphsField
from campaigns.models import Account, Calendar, Segment, Subscriber, Subscription, SubscriptionTag
from campaigns.models.clock import now
from campaigns.segments.fields import FIELDS, Field, Kind

MOST_KNOWN: Final = 200
ROWS_LOOKED_AT: Final = 20_000  # the newest
PRIVATE: Final = {"subscription_id", "subscriber_email", "user_id", "email", "first_name", "last_name"}


class SegmentForm(forms.ModelForm[Segment]):
    """Names a segment."""

    name = LineField(
        label=gettext_lazy("Name"),
        max_length=200,
        help_text=gettext_lazy("Campaigns offer the segment under this name."),
        error_messages={"unique": gettext_lazy("Another segment has this name. Choose a different one.")},
    )
    description = ParagraphsField(
        label=gettext_lazy("Description"),
        max_length=2_000,
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
    )
    version = forms.CharField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Segment
        fields = ["name", "description"]

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, instance: Segment, read_only: bool = False
    ) -> None:
        super().__init__(data, instance=instance)
        self.initial["version"] = instance.version
        for field in self.fields.values():
            field.disabled = read_only
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True


def overwrite(segment: Segment, *, version: str) -> bool:
    """Save over the version that the form was opened with; False when there is a newer one."""
    current = Segment.objects.filter(pk=segment.pk, version=int(version) if _is_small(version) else 0)
    return bool(
        current.update(
            name=segment.name,
            description=segment.description,
            rule=segment.rule,
            version=F("version") + 1,
            changed_at=now(),
        )
    )


def _is_small(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def known_values(names: Iterable[str]) -> dict[str, list[str]]:
    """Return values that the named fields have, for those where picking one helps."""
    fields = (FIELDS[name] for name in dict.fromkeys(names) if name in FIELDS and name not in PRIVATE)
    return {field.name: _known(field) for field in fields if field.kind is not Kind.YES_NO}


def _known(field: Field) -> list[str]:
    newest = _rows_with(field).order_by("-pk")[:ROWS_LOOKED_AT]
    found: set[object] = {*_set_up(field), *newest}
    return sorted(value for value in found if isinstance(value, str) and value)[:MOST_KNOWN]


def _rows_with(field: Field) -> QuerySet[Any, Any]:
    if field.kind is Kind.TAGS:
        return SubscriptionTag.objects.values_list("name", flat=True)
    if field.key:
        return Subscriber.objects.values_list(f"profile__{field.key}", flat=True)
    return Subscription.objects.values_list(field.path, flat=True)


def _set_up(field: Field) -> Iterable[str]:
    """Return what the setup pages know of accounts and calendars, whether anybody subscribes or not."""
    if field.name == "account_code":
        return Account.objects.values_list("code", flat=True)
    if field.name in ("calendar_code", "calendar_title"):
        return Calendar.objects.values_list(field.name.removeprefix("calendar_"), flat=True)
    return ()
