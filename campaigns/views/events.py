"""Composing an event: the form, the live panel beside it, and the small searches that it offers."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from campaigns import timezones
from campaigns.forms import personal
from campaigns.forms.event import EventForm, new_event
from campaigns.forms.fields import row_id
from campaigns.models import Campaign, Entry, Event
from campaigns.models.clock import now
from campaigns.pipeline import compose
from campaigns.views.ics import calendar_response
from campaigns.views.page import page
from campaigns.views.panel import find_people, panel, somebody

MOST_FOUND = 8
LOOKS = {
    "preview",
    "show",
    "take_start_local",
    "take_end_local",
}  # buttons that show something and save nothing
EVENTS = Event.objects.select_related("account", "campaign__account", "campaign__segment")
CAMPAIGNS = Campaign.objects.select_related("account", "segment")


@permission_required(["campaigns.view_event", "campaigns.add_event"], raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def event_new(request: HttpRequest, campaign_pk: int) -> HttpResponse:
    """Compose a new event of a campaign."""
    return _compose(request, new_event(get_object_or_404(CAMPAIGNS, pk=campaign_pk)))


@permission_required("campaigns.view_event", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def event_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Edit an event; those who may not change it read it here."""
    event = get_object_or_404(EVENTS, pk=pk)
    return redirect("event_webhook", pk=pk) if event.uses_webhook else _compose(request, event)


def _compose(request: HttpRequest, event: Event) -> HttpResponse:
    may_write = event._state.adding or request.user.has_perm("campaigns.change_event")
    if request.method != "POST":
        return _page(request, EventForm(instance=event, read_only=not may_write))
    if not may_write:
        raise PermissionDenied
    form = EventForm(request.POST, instance=event)
    if not form.is_valid() or LOOKS & request.POST.keys():
        return _page(request, form)
    try:
        compose.save_event(event, expected_version=form.expected_version)
    except compose.StaleEventError:
        return _conflict(request, event)
    except IntegrityError:  # somebody took the id between the check and the save
        form.add_error("event_id", _("Another event of this account has just taken this id. Choose another."))
        return _page(request, form)
    messages.success(request, _("Saved. Nothing is sent yet."))
    for problem in form.warnings:
        messages.warning(request, problem.message)
    return redirect(f"{reverse('event_edit', args=[event.pk])}?show={row_id(request.POST.get('person', ''))}")


def _conflict(request: HttpRequest, event: Event) -> HttpResponse:
    """Show what somebody else has saved meanwhile; saving once more now means to overwrite it."""
    stored = EVENTS.get(pk=event.pk)
    typed = request.POST.copy()
    typed["version"] = str(stored.version)
    form = EventForm(typed, instance=event)
    form.is_valid()
    return _page(request, form, differences=form.differences(stored), status=409)


def _page(request: HttpRequest, form: EventForm, *, status: int = 200, **extra: Any) -> HttpResponse:
    event = form.instance
    present = Entry.objects.filter(event_id=event.pk, state=Entry.State.PRESENT, is_test=False)
    context = {
        **_panel(request, form),
        "may_write": not form.fields["title"].disabled,
        "present_count": present.count() if event.pk else 0,
        "unfinished": event.sends.filter(is_test=False, state__in=event.sends.model.OPEN_STATES).first()
        if event.pk
        else None,
        "insert_menu": personal.menu(),
        **extra,
    }
    title = _("Edit event") if event.pk else _("New event")
    return page(request, "campaigns/event_edit.html", context, title=title, status=status)


def _panel(request: HttpRequest, form: EventForm) -> dict[str, Any]:
    data = request.POST if request.method == "POST" else request.GET
    shown = panel(form, asked=_asked(data, form.instance.campaign), posted=data)
    return {"form": form, "event": form.instance, "campaign": form.instance.campaign, "panel": shown}


def _asked(data: QueryDict, campaign: Campaign) -> int:
    """Return whom to show the event for: who was clicked, else who was searched for, else who was shown before."""
    if "preview" in data and data.get("find_person") and "show" not in data:
        found = find_people(campaign, data.get("find_person", "")).first()
        return found.pk if found else 0
    if data.get("show") == "random":
        return somebody(campaign, but=row_id(data.get("person", "")))
    return row_id(data.get("show") or data.get("person", ""))


@permission_required("campaigns.change_event", raise_exception=True)
@require_POST
def event_preview(request: HttpRequest) -> HttpResponse:
    """Show the panel for what the form says now; nothing is saved."""
    form = EventForm(request.POST, instance=_event_of(request.POST))
    form.is_valid()
    return render(
        request, "campaigns/event_preview.html", {**_panel(request, form), "may_write": True, "is_live": True}
    )


def _event_of(data: QueryDict) -> Event:
    """Return the event that a form is about: a stored one, or a new one of its campaign."""
    if known := data.get("event"):
        return get_object_or_404(EVENTS, pk=row_id(known), uses_webhook=False)
    return new_event(get_object_or_404(CAMPAIGNS, pk=row_id(data.get("campaign", ""))))


@permission_required("campaigns.view_event", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def event_ics(request: HttpRequest) -> HttpResponse:
    """Hand out the entry of the person shown as a file: as typed (POST), or as saved for those who only read."""
    if request.method == "POST" and not request.user.has_perm("campaigns.change_event"):
        raise PermissionDenied
    if request.method == "POST":
        form = EventForm(request.POST, instance=_event_of(request.POST))
        form.is_valid()
    else:
        form = EventForm(instance=_event_of(request.GET), read_only=True)
    return calendar_response(request, _panel(request, form))


@permission_required("campaigns.add_event", raise_exception=True)
@require_POST
def event_duplicate(request: HttpRequest, pk: int) -> HttpResponse:
    """Copy an event within its campaign and open the copy."""
    try:
        copy = compose.duplicate_event(get_object_or_404(EVENTS, pk=pk))
    except compose.NotPossibleError as error:
        messages.error(request, str(error))
        return redirect("event_edit", pk=pk)
    messages.success(request, _("This is the copy, under the id “%(id)s”.") % {"id": copy.event_id})
    return redirect("event_edit", pk=copy.pk)


@permission_required("campaigns.view_event", raise_exception=True)
@require_GET
def event_zones(request: HttpRequest) -> HttpResponse:
    """List the time zones for what somebody types: a place, an offset or an id."""
    text, at = request.GET.get("find_zone", "")[:100], now()
    found = timezones.find(text, at)[:MOST_FOUND] if text.strip() else []
    zones = [(zone, timezones.label(zone, at)) for zone in found]
    return render(request, "campaigns/event_zones.html", {"text": text, "zones": zones})


@permission_required("campaigns.view_event", raise_exception=True)
@require_GET
def event_people(request: HttpRequest) -> HttpResponse:
    """List the people of the account for what somebody types: a name, an e-mail address or a user id."""
    campaign = get_object_or_404(CAMPAIGNS, pk=row_id(request.GET.get("campaign", "")))
    text = request.GET.get("find_person", "")[:100]
    people = find_people(campaign, text)[:MOST_FOUND] if text.strip() else []
    return render(request, "campaigns/event_people.html", {"text": text, "people": people})
