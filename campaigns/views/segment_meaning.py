"""Whom a rule means while it is being built: a sentence, exact numbers, how they spread, some of them, warnings."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from campaigns.forms import rows
from campaigns.forms import rule as builder
from campaigns.forms.fields import row_id
from campaigns.models import Account, Segment
from campaigns.segments import compile as segments
from campaigns.segments import rules
from campaigns.segments.picture import Picture, Slice
from campaigns.segments.warnings import warnings
from campaigns.views.segment_faults import in_rows


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of a breakdown to draw; ``percent`` is its share of all subscriptions."""

    slice: Slice
    label: str
    percent: float
    is_set_up: bool = True


@dataclass(frozen=True, slots=True)
class Part:
    """One breakdown to draw."""

    title: str
    bars: list[Bar]


@permission_required("campaigns.change_segment", raise_exception=True)
@require_POST
def segment_count(request: HttpRequest) -> HttpResponse:
    """Say whom the posted rule means (``?segment=`` of which it is a draft); nothing is saved."""
    segment = Segment.objects.filter(pk=row_id(request.GET.get("segment", ""))).first()
    return render(request, "campaigns/segment_count.html", meaning(builder.read(request.POST), segment))


def meaning(draft: builder.Draft, segment: Segment | None = None) -> dict[str, Any]:
    """Return the rule in words, whom it means in numbers and by example, or what is missing to say so."""
    rule, errors = builder.check(draft, segment.pk if segment else None)
    if rule is None:
        return {"unfinished": list(in_rows(rows.Drawing(errors).draw(draft)))}
    picture = segments.picture(rule)
    is_saved = segment is not None and bool(segment.pk) and rules.to_json(rule) == segment.rule
    return {
        "sentence": rules.sentence(rule),
        "warnings": warnings(rule),
        "count": picture.count,
        "sample": picture.sample,
        "accounts": _accounts(picture),
        "parts": [part for part in _parts(picture) if part.bars],
        "explained": segment if is_saved else None,
    }


def sentence(rule: object) -> str:
    """Return a stored rule in words, or why it cannot be read."""
    try:
        return rules.sentence(rules.parse(rule))
    except rules.RuleError as error:
        return str(error)


def _accounts(picture: Picture) -> list[Bar]:
    """Return the accounts under the names that they have here."""
    names = dict(Account.objects.values_list("code", "name"))
    return [
        replace(bar, label=names.get(bar.slice.code, bar.label), is_set_up=bar.slice.code in names)
        for bar in _bars(picture.by_account, picture)
    ]


def _parts(picture: Picture) -> list[Part]:
    return [
        Part(_("By calendar"), _bars(picture.by_calendar, picture)),
        Part(_("By country"), _bars(picture.by_country, picture)),
        Part(_("By way of subscribing"), _bars(picture.by_method, picture)),
    ]


def _bars(slices: Iterable[Slice], picture: Picture) -> list[Bar]:
    return [
        Bar(each, str(each.label), 100 * each.subscriptions / max(picture.subscriptions, 1))
        for each in slices
    ]
