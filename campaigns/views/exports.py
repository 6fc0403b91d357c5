"""Taking an event back to Braze: the webhook template to paste, how to paste it, and what is lost on the way."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from campaigns import liquid
from campaigns.models import Entry, Event, Send, Subscription, Workspace
from campaigns.pipeline import validate
from campaigns.pipeline.render import Content
from campaigns.segments import rules
from campaigns.views.page import page
from campaigns.views.panel import receivers
from integrations.braze import template
from integrations.braze.captured import TextError

EVENTS = Event.objects.select_related("account", "campaign__account", "campaign__segment")
KINDS: Final = (Send.Kind.CREATE, Send.Kind.UPDATE)
PORTS: Final = {None, 80, 443}  # the only ones that Braze calls


@dataclass(frozen=True, slots=True)
class Losses:
    """What this very event loses on its way to Braze; what every event loses is on the page."""

    cannot_be_called: bool  # Braze does not reach the account's address
    gaps: tuple[
        str, ...
    ]  # what the texts would show, without a default, of a person of whom nothing is known
    has_receivers: bool  # some people have it from here
    leaves_people_out: bool  # some are subscribed to other accounts, too
    reaches_more: bool  # some have subscriptions of this account that the segment does not pick


@permission_required("campaigns.view_event", raise_exception=True)
@require_safe
def event_export(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an event as a webhook template of Braze; with ``?kind=update`` the one that changes it."""
    event = get_object_or_404(EVENTS, pk=pk)
    if event.uses_webhook:  # it came from Braze as it is
        return redirect("event_webhook", pk)
    kind = Send.Kind.UPDATE if request.GET.get("kind") == Send.Kind.UPDATE else Send.Kind.CREATE
    workspaces = list(Workspace.objects.all())
    workspace = _chosen(workspaces, request.GET.get("workspace", ""))
    webhook, problems = _exported(event, kind, workspace)
    context = {
        "event": event,
        "kind": kind,
        "kinds": KINDS,
        "workspaces": workspaces,
        "workspace": workspace,
        "webhook": webhook,
        "problems": problems,
        "losses": losses(event, kind) if webhook else None,
        "audience": _audience(event),
        "minute_count": event.account.rate_per_second * 60,
    }
    return page(request, "campaigns/event_export.html", context, title=_("Take it to Braze"))


def _chosen(workspaces: list[Workspace], asked: str) -> Workspace:
    """Return the workspace that was asked for, else the first, else one with the usual names."""
    wanted = [workspace for workspace in workspaces if str(workspace.pk) == asked]
    return (wanted or workspaces or [Workspace()])[0]


def _exported(
    event: Event, kind: Send.Kind, workspace: Workspace
) -> tuple[template.Webhook | None, list[str]]:
    """Return the template, or every reason why there is none."""
    found = validate.content_problems(Content.of(event), account=event.account, event_pk=event.pk)
    problems = [f"{problem.field}: {problem.message}" for problem in found if problem.blocks]
    if problems:
        return None, problems
    try:
        return exported(event, kind, credential_name=workspace.credential_name), []
    except TextError as error:
        return None, [str(error)]


def exported(event: Event, kind: Send.Kind, *, credential_name: str) -> template.Webhook:
    """Return the Braze template of an event whose Liquid is right; raises ``TextError`` with the reason."""
    account = event.account
    plain = template.Event(
        account_code=account.code,
        event_id=event.event_id,
        title=event.title,
        description=event.description,
        location=event.location,
        start=event.start_local,
        end=event.end_local,
        timezone=event.timezone,
        notify_before=event.notify_before_minutes,
    )
    if kind == Send.Kind.CREATE:
        return template.create(plain, base_url=account.base_url, credential_name=credential_name)
    is_flat = account.update_body == account.UpdateBody.FLAT
    return template.update(plain, base_url=account.base_url, credential_name=credential_name, flat=is_flat)


def losses(event: Event, kind: Send.Kind) -> Losses:
    """Look up what this event loses when Braze sends it."""
    leaves_people_out, reaches_more = _audience_losses(event) if kind == Send.Kind.CREATE else (False, False)
    return Losses(
        cannot_be_called=event.account.is_stand_in or urlsplit(event.account.base_url).port not in PORTS,
        gaps=_gaps(event),
        has_receivers=Entry.objects.filter(event=event, state=Entry.State.PRESENT, is_test=False).exists(),
        leaves_people_out=leaves_people_out,
        reaches_more=reaches_more,
    )


def _gaps(event: Event) -> tuple[str, ...]:
    missing: dict[str, None] = {}
    for text in (event.title, event.description, event.location):
        try:
            missing.update(dict.fromkeys(liquid.render(text, liquid.Data()).missing))
        except (liquid.LiquidError, liquid.Aborted):  # nothing can be said of such a text
            continue
    return tuple(missing)


def _audience_losses(event: Event) -> tuple[bool, bool]:
    """Return whether the template misses people of the audience, and whether it reaches more than was picked."""
    picked, code = receivers(event.campaign), event.account.code
    theirs = Subscription.objects.filter(subscriber__in=picked.values("subscriber"))
    others = theirs.open_to(event.account).exclude(rokt_id="").exclude(pk__in=picked.values("pk"))
    return theirs.exclude(traits__account_code__in=("", code)).exists(), others.exists()


def _audience(event: Event) -> str:
    """Return the audience in words; "" where there is none or its rule cannot be read."""
    if event.campaign.segment is None:
        return ""
    try:
        return rules.sentence(rules.parse(event.campaign.segment.rule))
    except rules.RuleError:
        return ""
