"""The segment form: a name, a description, and values to pick from; the rule itself is in ``campaigns.forms.rule``."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import Enum
from typing import Any, Final

from crispy_forms.helper import FormHelper
from django import forms
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Model, QuerySet
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextareaWidget

from campaigns.forms.fields import LineField, ParagraphsField
from campaigns.models import Account, Calendar, Home, Segment, SegmentVersion, Subscription, Traits, TraitsTag
from campaigns.segments import nesting
from campaigns.segments.fields import FIELDS, Field, Kind

MOST_KNOWN: Final = 200
ROWS_LOOKED_AT: Final = 20_000  # the newest
TAG_STEP: Final = "/"  # between a tag and what lies below it
PRIVATE: Final = {
    "subscription_id", "suffix", "subscriber_email", "user_id", "email", "first_name", "last_name",
}  # fmt: skip


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


class Outcome(Enum):
    """What came of saving."""

    SAVED = "saved"
    SAME = "same"  # nothing was new
    STALE = "stale"  # somebody else has saved meanwhile


@transaction.atomic
def save(segment: Segment, *, by: User, expected_version: str = "") -> Outcome:
    """Save a segment and the version that this makes, unless it is no longer the version that somebody looked at.

    Segments are saved one after the other: each may lie inside any other.

    Raises:
        RuleError: with its rule, this segment or one around it could not be read any more.
    """
    locked = Segment.objects.select_for_update(no_key=True).order_by("pk")
    stored = {each.pk: each for each in locked}.get(segment.pk)
    if segment._state.adding:
        nesting.check(None, segment.rule)
        segment.created_by = by
        segment.save()
        _keep_version(segment, by=by)
        return Outcome.SAVED
    if stored is None or str(stored.version) != expected_version:
        return Outcome.STALE
    if _content(stored) == _content(segment):
        return Outcome.SAME
    nesting.check(segment.pk, segment.rule)
    nesting.check_around(segment)
    if not stored.versions.filter(number=stored.version).exists():  # made by something other than this form
        _keep_version(stored, by=stored.created_by, made_at=stored.changed_at)
    segment.version = stored.version + 1
    segment.save(update_fields=["name", "description", "rule", "version", "changed_at"])
    _keep_version(segment, by=by)
    return Outcome.SAVED


def _content(segment: Segment) -> tuple[str, str, Any]:
    return segment.name, segment.description, segment.rule


def _keep_version(segment: Segment, *, by: Any, made_at: datetime | None = None) -> None:
    kept = SegmentVersion.objects.create(
        segment=segment, number=segment.version, name=segment.name, rule=segment.rule, made_by=by
    )
    if made_at:
        SegmentVersion.objects.filter(pk=kept.pk).update(made_at=made_at)


def known_values(names: Iterable[str]) -> dict[str, list[str]]:
    """Return values that the named fields have, for those where picking one helps."""
    fields = (FIELDS[name] for name in dict.fromkeys(names) if name in FIELDS and name not in PRIVATE)
    return {field.name: _known(field) for field in fields if field.kind in (Kind.TEXT, Kind.TAGS)}


def _known(field: Field) -> list[str]:
    newest = _rows_with(field).order_by("-pk")[:ROWS_LOOKED_AT]
    found: set[object] = {*_set_up(field), *newest}
    texts = {value for value in found if isinstance(value, str) and value}
    if field.kind is Kind.TAGS:
        texts |= {above for text in texts for above in _above(text)}
    return sorted(texts)[:MOST_KNOWN]


def _above(tag: str) -> Iterable[str]:
    """Return the tags that a tag lies under, though nobody may have them alone: "Sport" of "Sport: Tennis"."""
    steps = tag.split(TAG_STEP)
    return (TAG_STEP.join(steps[:count]) for count in range(1, len(steps)))


def _rows_with(field: Field) -> QuerySet[Any, Any]:
    if field.kind is Kind.TAGS:
        return TraitsTag.objects.values_list("name", flat=True)
    table, _, column = field.path.rpartition("__")
    model: type[Model] = {"traits": Traits, "home": Home, "": Subscription}[table]
    return model._default_manager.values_list(column, flat=True)


def _set_up(field: Field) -> Iterable[str]:
    """Return what the setup pages know of accounts and calendars, whether anybody subscribes or not."""
    if field.name == "account_code":
        return Account.objects.values_list("code", flat=True)
    if field.name in ("calendar_code", "calendar_title"):
        return Calendar.objects.values_list(field.name.removeprefix("calendar_"), flat=True)
    return ()
