"""The page of one person: who they are, what they have subscribed to, what was sent to them, and what happened."""

import json
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import permission_required
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from campaigns import timezones
from campaigns.importing import suppressed
from campaigns.models import Entry, Segment, Subscriber, Suppression
from campaigns.reports import person as reports
from campaigns.views.card import Card, card
from campaigns.views.page import page
from campaigns.views.subscribers_table import accounts_of, problems_of, table
from integrations.rokt import wire

MOST_ENTRIES = 30

readable = permission_required("campaigns.view_subscriber", raise_exception=True)


@dataclass(frozen=True, slots=True)
class OnCalendar:
    """One entry, and the card that the person sees; None where what was sent cannot be drawn."""

    entry: Entry
    card: Card | None


def found(pk: int) -> Subscriber:
    """Return the person with the workspace, or say that there is none."""
    return get_object_or_404(Subscriber.objects.select_related("workspace"), pk=pk)


@readable
@require_safe
@never_cache
def subscriber_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show everything that is known of one person."""
    person = found(pk)
    subscriptions = list(
        person.subscriptions.select_related("traits").prefetch_related("traits__tags").order_by("position")
    )
    entries = Entry.objects.filter(subscriber=person)
    counts = entries.aggregate(all=Count("pk"), present=Count("pk", filter=Q(state=Entry.State.PRESENT)))
    context = {
        "person": person,
        "suppression": suppression_of(person),
        "subscriptions": subscriptions,
        "table": table(subscriptions),
        "problems": problems_of(person),
        "attributes": _as_json(person.attributes),
        "profile": _as_json(person.profile),
        "entries": [_on_calendar(entry, person) for entry in _newest(person)],
        "entry_count": counts["all"],
        "present_count": counts["present"],
        "timeline": reports.timeline(person),
        "segments": Segment.objects.filter(is_archived=False).only("name"),
        "accounts": accounts_of(subscriptions),
        "may_suppress": request.user.has_perm("campaigns.change_subscriber"),
        "may_erase": request.user.has_perm("campaigns.delete_subscriber"),
    }
    return page(request, "campaigns/subscriber_detail.html", context, title=str(person))


@readable
@require_safe
@never_cache
def subscriber_timeline(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the next page of what happened to one person; only its rows, where the page asks for more of them."""
    person = found(pk)
    try:
        shown = reports.timeline(person, after=request.GET.get("after", ""))
    except (ValueError, OverflowError):
        raise Http404 from None
    context = {"person": person, "timeline": shown, "is_later": bool(request.GET.get("after"))}
    if request.headers.get("HX-Request"):
        return render(request, "campaigns/_subscriber_timeline.html", context)
    title = _("What happened to %(person)s") % {"person": person}
    return page(request, "campaigns/subscriber_timeline.html", context, title=title)


def suppression_of(person: Subscriber) -> Suppression | None:
    """Return why nothing is sent to a person: who said so, when, and the reason."""
    keys = suppressed.keys(person.workspace_id, person.external_id)
    known = Suppression.objects.filter(workspace=person.workspace_id, key__in=keys)
    return known.select_related("made_by").first() if person.is_suppressed else None


def _newest(person: Subscriber) -> list[Entry]:
    entries = Entry.objects.filter(subscriber=person).select_related("event")
    return list(entries.order_by("-accepted_at", "-pk")[:MOST_ENTRIES])


def _on_calendar(entry: Entry, person: Subscriber) -> OnCalendar:
    try:
        told = wire.event_from(json.loads(entry.body))
        drawn = card(told, entry.event, time_zone=person.profile.get("time_zone"))
    except (ValueError, OverflowError, timezones.UnknownZoneError):
        drawn = None
    return OnCalendar(entry, drawn)


def _as_json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
