"""What a segment said from one save to the next, in words, who was in it, which sends used it, and the way back."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.db.models import Min
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from campaigns import tasks
from campaigns.forms.fields import row_id
from campaigns.forms.segment import Outcome, save
from campaigns.models import Segment, SegmentVersion, Send
from campaigns.segments import rules
from campaigns.views.actions import StaffRequest
from campaigns.views.page import page
from campaigns.views.segment_meaning import sentence

PAGE_COUNT: Final = 25


@dataclass(frozen=True, slots=True)
class Change:
    """One line that a version added or took out."""

    is_new: bool
    text: str


@dataclass(frozen=True, slots=True)
class Past:
    """One version to show."""

    version: SegmentVersion
    sentence: str
    changes: list[Change]
    is_first: bool
    people_count: int | None
    sends: list[Send]


@permission_required("campaigns.view_segment", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def segment_versions(request: StaffRequest, pk: int) -> HttpResponse:
    """Show the versions of a segment, newest first (``?before=``: older ones); a POST takes one back."""
    segment = get_object_or_404(Segment, pk=pk)
    if request.method == "POST":
        return _take_back(request, segment)
    found = segment.versions.select_related("made_by").order_by("-number")
    if before := row_id(request.GET.get("before", "")):
        found = found.filter(number__lt=before)
    versions = list(found[: PAGE_COUNT + 1])
    context = {
        "segment": segment,
        "versions": _pasts(segment, versions)[:PAGE_COUNT],
        "older": versions[PAGE_COUNT - 1].number if len(versions) > PAGE_COUNT else 0,
        "may_write": request.user.has_perm("campaigns.change_segment"),
    }
    title = _("Versions of “%(name)s”") % {"name": segment.name}
    return page(request, "campaigns/segment_versions.html", context, title=title)


def _pasts(segment: Segment, versions: list[SegmentVersion]) -> list[Past]:
    counts = _people(segment)
    sends: dict[int | None, list[Send]] = {}
    numbers = [version.number for version in versions]
    used = Send.objects.filter(segment=segment, segment_version__in=numbers, is_test=False)
    for send in used.select_related("event").order_by("pk"):
        sends.setdefault(send.segment_version, []).append(send)
    return [
        Past(
            version=version,
            sentence=sentence(version.rule),
            changes=changes(before, version) if before else [],
            is_first=before is None,
            people_count=counts.get(version.number),
            sends=sends.get(version.number, []),
        )
        for version, before in zip(versions, [*versions[1:], None], strict=False)  # none at all: none
    ]


def _people(segment: Segment) -> dict[int, int]:
    """Return how many people were in each version when that was first looked at, where somebody looked."""
    kept = segment.snapshots.filter(account_code="")
    first = kept.order_by().values("version").annotate(first=Min("pk")).values("first")
    return dict(kept.filter(pk__in=first).values_list("version", "people_count"))


def changes(before: SegmentVersion, after: SegmentVersion) -> list[Change]:
    """Return what a version took out and added, line by line."""
    old, new = (
        [_("the name “%(name)s”") % {"name": version.name}, *lines(version.rule)]
        for version in (before, after)
    )
    compared = (line for line in difflib.ndiff(old, new) if line[:1] in "+-")
    return [Change(is_new=line[0] == "+", text=line[2:].strip()) for line in compared]


def lines(rule: object) -> list[str]:
    """Return a stored rule as lines, those in a group further in."""
    try:
        return list(_lines(rules.parse(rule), ""))
    except rules.RuleError as error:
        return [str(error)]


def _lines(rule: rules.Rule, indent: str) -> Iterator[str]:
    if isinstance(rule, rules.Person):
        yield indent + _("any subscription of the same person:")
        yield from _lines(rule.group, f"{indent} ")
    elif isinstance(rule, rules.Group):
        yield indent + _("%(which)s apply:") % {"which": rule.match.label}
        for inner in rule.rules:
            yield from _lines(inner, f"{indent} ")
    else:
        yield indent + rules.sentence(rule)


def _take_back(request: StaffRequest, segment: Segment) -> HttpResponse:
    if not request.user.has_perm("campaigns.change_segment"):
        raise PermissionDenied
    old = get_object_or_404(segment.versions, number=row_id(request.POST.get("version", "")))
    segment.rule = old.rule
    try:
        outcome = save(segment, by=request.user, expected_version=request.POST.get("newest", ""))
    except rules.RuleError as error:
        messages.error(request, _("This version cannot be taken back: %(error)s") % {"error": error})
        return redirect("segment_versions", pk=segment.pk)
    if outcome is Outcome.STALE:
        messages.error(request, _("Somebody has saved another version meanwhile. Look at it first."))
        return redirect("segment_versions", pk=segment.pk)
    if outcome is Outcome.SAME:
        messages.info(request, _("The segment says exactly this already."))
        return redirect("segment_versions", pk=segment.pk)
    tasks.remember(segment.pk)
    text = _("Who was in version %(old)d is asked for again, as version %(new)d.")
    messages.success(request, text % {"old": old.number, "new": segment.version})
    return redirect("segment_edit", pk=segment.pk)
