"""Who joined or left a segment since a moment, why, and a button that remembers who is in it now."""

from dataclasses import dataclass
from typing import Any, Final

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from pyroaring import BitMap64

from campaigns.forms.fields import row_id
from campaigns.models import Segment, Snapshot, Subscriber
from campaigns.segments import rules, snapshots
from campaigns.views import segment_moments
from campaigns.views.actions import StaffRequest
from campaigns.views.page import page
from campaigns.views.segment_moments import Moment

SHOWN_COUNT: Final = 25  # people on one page; each is explained by itself


@dataclass(frozen=True, slots=True)
class Tab:
    """One part of the people: those who joined, left or stayed."""

    key: str
    label: str
    people: BitMap64

    @property
    def people_count(self) -> int:
        """How many they are."""
        return len(self.people)


@dataclass(frozen=True, slots=True)
class Row:
    """One person and the reason; the person may not be here any more."""

    person: Subscriber | None
    reason: str


@permission_required(["campaigns.view_segment", "campaigns.view_subscriber"], raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def segment_drift(request: StaffRequest, pk: int) -> HttpResponse:
    """Compare with a moment (``?since=``), and show a page of people (``?show=``, ``?after=``)."""
    segment = get_object_or_404(Segment, pk=pk)
    if request.method == "POST":
        return _remember(request, segment)
    found = segment_moments.moments(segment)
    asked = request.GET.get("since", "")
    chosen = segment_moments.moment(segment, asked or (found[0].key if found else ""))
    if asked and chosen is None:
        raise Http404
    context = {
        "segment": segment,
        "moments": found,
        "chosen": chosen,
        "may_write": request.user.has_perm("campaigns.change_segment"),
        **(_compared(request, segment, chosen) if chosen else {}),
    }
    title = _("Who joined or left “%(name)s”") % {"name": segment.name}
    return page(request, "campaigns/segment_drift.html", context, title=title)


def _remember(request: StaffRequest, segment: Segment) -> HttpResponse:
    if not request.user.has_perm("campaigns.change_segment"):
        raise PermissionDenied
    try:
        kept = snapshots.take(segment, cause=Snapshot.Cause.ASKED, by=request.user)
    except rules.RuleError as error:
        messages.error(request, _("The rule cannot be read: %(error)s") % {"error": error})
    else:
        text = _("Remembered: %(count)s people are in it now.")
        messages.success(request, text % {"count": f"{kept.people_count:,}"})
        return redirect(f"{reverse('segment_drift', args=[segment.pk])}?since=snapshot-{kept.pk}")
    return redirect("segment_drift", pk=segment.pk)


def _compared(request: StaffRequest, segment: Segment, since: Moment) -> dict[str, Any]:
    try:
        rule = rules.parse(segment.rule)
        drift = snapshots.drift(segment, since.source)
    except rules.RuleError as error:
        return {"fault": str(error)}
    before, current = drift.before, drift.after
    tabs = [
        Tab("joined", _("joined"), current - before),
        Tab("left", _("left"), before - current),
        Tab("stayed", _("stayed"), current & before),
    ]
    shown = next((tab for tab in tabs if tab.key == request.GET.get("show")), tabs[0])
    after = row_id(request.GET.get("after", ""))
    pks = segment_moments.page_of(shown.people, after=after, size=SHOWN_COUNT + 1)
    return {
        "drift": drift,
        "tabs": tabs,
        "shown": shown,
        "after": after,
        "next": pks[SHOWN_COUNT - 1] if len(pks) > SHOWN_COUNT else 0,
        "people": _rows(rule, since, shown.key, pks[:SHOWN_COUNT]),
        "is_other_rule": since.version and not drift.is_same_rule,
    }


def _rows(rule: rules.Group, since: Moment, key: str, pks: list[int]) -> list[Row]:
    people = Subscriber.objects.in_bulk(pks)
    rows = []
    for person in map(people.get, pks):
        told = person is not None and key != "stayed"
        said = segment_moments.reason(rule, person, since, joined=key == "joined") if person and told else ""
        rows.append(Row(person, said))
    return rows
