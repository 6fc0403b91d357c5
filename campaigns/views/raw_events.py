"""Events whose call a webhook makes: chosen from a saved template, edited, shown as one person gets it."""

from collections.abc import Mapping
from difflib import SequenceMatcher
from typing import Any, Final

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from campaigns.forms.fields import row_id
from campaigns.forms.raw_event import CREATE, KINDS, UPDATE, RawEventForm, with_captures
from campaigns.models import Campaign, Entry, Event, WebhookTemplate, WebhookVersion
from campaigns.pipeline import compose
from campaigns.pipeline.render import WebhookText
from campaigns.views.ics import calendar_response
from campaigns.views.page import page
from campaigns.views.raw_panel import raw_panel
from campaigns.views.tryout import kind_of

LOOKS: Final = {"preview", "show", "take"}  # buttons that show something and save nothing
EVENTS = Event.objects.filter(uses_webhook=True).select_related(
    "account", "campaign__account", "campaign__segment"
)
CAMPAIGNS = Campaign.objects.select_related("account", "segment")
Origins = Mapping[str, WebhookVersion | None]


@permission_required("campaigns.add_event", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def event_from_template(request: HttpRequest, campaign_pk: int) -> HttpResponse:
    """Choose a webhook template, then make an event with a copy of it."""
    campaign = get_object_or_404(CAMPAIGNS, pk=campaign_pk)
    event = Event(campaign=campaign, account=campaign.account, uses_webhook=True)
    if request.method == "POST":
        return _post(request, event)
    offered = WebhookTemplate.objects.filter(is_archived=False, version__gt=0)
    chosen = offered.filter(pk=row_id(request.GET.get("template", ""))).first()
    if chosen is None:
        if "template" in request.GET:
            messages.error(request, _("This template is archived, or there is none. Choose another."))
        context = {"campaign": campaign, "templates": offered.prefetch_related("tags")}
        return page(
            request, "campaigns/event_webhook_choose.html", context, title=_("Use a webhook template")
        )
    origins = _with_partner(chosen)
    hooks = {kind: WebhookText.from_row(version) for kind, version in origins.items()}
    return _page(request, RawEventForm(event=event, hooks=hooks, origins=origins), origins=origins)


def _with_partner(chosen: WebhookTemplate) -> dict[str, WebhookVersion]:
    """Return what a template says now, and the template of the other kind that is called most like it."""
    newest = WebhookVersion.objects.select_related("template").filter(template__is_archived=False)
    now = {version.template_id: version for version in newest if version.number == version.template.version}
    mine = now.pop(chosen.pk)
    found = {kind_of(WebhookText.from_row(mine)): mine}
    partners = [version for version in now.values() if kind_of(WebhookText.from_row(version)) not in found]
    likeness = {
        version: SequenceMatcher(None, version.template.name, chosen.name).ratio() for version in partners
    }
    if best := max(partners, key=likeness.__getitem__, default=None):
        found[kind_of(WebhookText.from_row(best))] = best
    return {kind: found[kind] for kind in KINDS if kind in found}


@permission_required("campaigns.view_event", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def event_webhook(request: HttpRequest, pk: int) -> HttpResponse:
    """Edit the webhooks of an event; those who may not change it read them here."""
    may_write = request.user.has_perm("campaigns.change_event")
    if request.method == "POST" and not may_write:
        raise PermissionDenied
    event = get_object_or_404(EVENTS, pk=pk)
    if request.method != "POST":
        return _page(request, _form_of_saved(event, read_only=not may_write), may_write=may_write)
    return _post(request, event)


def stored(event: Event) -> tuple[dict[str, WebhookText], dict[str, WebhookVersion | None]]:
    """Return an event's own webhooks by kind, and where they come from."""
    rows = list(event.webhooks.select_related("origin__template"))
    return {row.kind: WebhookText.from_row(row) for row in rows}, {row.kind: row.origin for row in rows}


def _post(request: HttpRequest, event: Event) -> HttpResponse:
    form = RawEventForm(_typed(request.POST), event=event, hooks={}, origins={})
    if not form.is_valid() or LOOKS & request.POST.keys():
        return _page(request, form)
    try:
        compose.save_raw_event(
            event, form.hooks, origins=form.origins, expected_version=form.expected_version
        )
    except compose.StaleEventError:
        return _conflict(request, event)
    except IntegrityError:  # somebody took the id between the check and the save
        taken = _("Another event of this account has just taken this event id. Choose another.")
        form.add_error("create_body", taken)
        return _page(request, form)
    messages.success(request, _("Saved. Nothing is sent yet."))
    for problem in form.warnings:
        messages.warning(request, problem.message)
    return redirect(
        f"{reverse('event_webhook', args=[event.pk])}?show={row_id(request.POST.get('person', ''))}"
    )


def _typed(data: QueryDict) -> QueryDict:
    """Return what was typed, after the button that takes the new event's texts over into the update."""
    if "take" not in data:
        return data
    taken = data.copy()
    taken["update_body"] = with_captures(data.get("create_body", ""), data.get("update_body", ""))
    return taken


def _conflict(request: HttpRequest, event: Event) -> HttpResponse:
    """Show what somebody else has saved meanwhile; saving once more now means to overwrite it."""
    theirs = EVENTS.get(pk=event.pk)
    typed = request.POST.copy()
    typed["version"] = str(theirs.version)
    form = RawEventForm(typed, event=event, hooks={}, origins={})
    form.is_valid()
    said, _origins = stored(theirs)
    differing = [
        form.fields[f"{kind}_{part}"].label
        for kind in KINDS
        for part in ("method", "url", "headers", "body")
        if getattr(form.hooks[kind], part) != getattr(said.get(kind, WebhookText()), part)
    ]
    return _page(request, form, status=409, is_stale=True, differing=differing)


def _page(request: HttpRequest, form: RawEventForm, *, status: int = 200, **extra: Any) -> HttpResponse:
    event = form.event
    present = Entry.objects.filter(event_id=event.pk, state=Entry.State.PRESENT, is_test=False)
    open_states = event.sends.model.OPEN_STATES
    unfinished = event.sends.filter(is_test=False, state__in=open_states) if event.pk else None
    context = {
        "may_write": True,
        **_panel(request, form),
        "present_count": present.count() if event.pk else 0,
        "unfinished": unfinished.first() if unfinished is not None else None,
        "changed": changed(event) if event.pk else [],
        **extra,
    }
    title = _("Edit event") if event.pk else _("New event from a webhook template")
    return page(request, "campaigns/event_webhook.html", context, title=title, status=status)


def changed(event: Event) -> list[Any]:
    """Return the event's webhooks whose template says something newer."""
    rows = event.webhooks.select_related("origin__template")
    return [row for row in rows if row.origin and row.origin.number < row.origin.template.version]


def _panel(request: HttpRequest, form: RawEventForm) -> dict[str, Any]:
    data = request.POST if request.method == "POST" else request.GET
    if not form.is_bound:
        form.read_saved()
    return {
        "form": form,
        "event": form.event,
        "campaign": form.event.campaign,
        "account": form.event.campaign.account,
        "kinds": (CREATE, UPDATE),
        "panel": raw_panel(form, data),
    }


@permission_required("campaigns.change_event", raise_exception=True)
@require_POST
def event_webhook_check(request: HttpRequest) -> HttpResponse:
    """Show the panel for what the form says now; nothing is saved."""
    context = {**_panel(request, _form_of(request.POST)), "may_write": True, "is_live": True}
    return render(request, "campaigns/event_webhook_panel.html", context)


@permission_required("campaigns.view_event", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def event_webhook_ics(request: HttpRequest) -> HttpResponse:
    """Hand out the entry of the person shown as a file: as typed (POST), or as saved for those who only read."""
    if request.method == "POST" and not request.user.has_perm("campaigns.change_event"):
        raise PermissionDenied
    if request.method == "POST":
        form = _form_of(request.POST)
    else:
        form = _form_of_saved(get_object_or_404(EVENTS, pk=row_id(request.GET.get("event", ""))))
    return calendar_response(request, _panel(request, form))


def _form_of(data: QueryDict) -> RawEventForm:
    """Return the checked form of what was typed about a stored event, or a new one of its campaign."""
    if known := data.get("event"):
        event = get_object_or_404(EVENTS, pk=row_id(known))
    else:
        campaign = get_object_or_404(CAMPAIGNS, pk=row_id(data.get("campaign", "")))
        event = Event(campaign=campaign, account=campaign.account, uses_webhook=True)
    form = RawEventForm(data, event=event, hooks={}, origins={})
    form.is_valid()
    return form


def _form_of_saved(event: Event, *, read_only: bool = True) -> RawEventForm:
    """Return the form of an event as it is saved."""
    hooks, origins = stored(event)
    return RawEventForm(event=event, hooks=hooks, origins=origins, read_only=read_only)
