"""Campaigns: the form, the page with the events and what has become of them, archiving."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.db.models import Count, F, Prefetch, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from campaigns.forms.campaign import CampaignForm
from campaigns.forms.fields import row_id
from campaigns.models import Account, Campaign, Entry, Event, EventWebhook, Segment, Send
from campaigns.segments import compile as segments
from campaigns.segments import nesting, rules
from campaigns.views.page import page

CAMPAIGNS = Campaign.objects.select_related("account", "segment")


@permission_required(["campaigns.view_campaign", "campaigns.add_campaign"], raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def campaign_new(request: HttpRequest) -> HttpResponse:
    """Begin a campaign."""
    accounts = list(Account.objects.all()[:2])
    campaign = Campaign(account=accounts[0]) if len(accounts) == 1 else Campaign()
    asked = row_id(request.GET.get("segment", ""))
    campaign.segment = Segment.objects.filter(pk=asked, is_archived=False).first()
    return _edit(request, campaign, has_accounts=bool(accounts))


@permission_required("campaigns.view_campaign", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def campaign_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a campaign's name, account or audience."""
    return _edit(request, get_object_or_404(CAMPAIGNS, pk=pk))


def _edit(request: HttpRequest, campaign: Campaign, *, has_accounts: bool = True) -> HttpResponse:
    may_write = campaign._state.adding or request.user.has_perm("campaigns.change_campaign")
    if request.method == "POST" and not may_write:
        raise PermissionDenied
    data = request.POST if request.method == "POST" else None
    form = CampaignForm(data, instance=campaign, read_only=not may_write)
    if data is not None and form.is_valid():
        if campaign._state.adding:
            campaign.created_by = request.user  # type: ignore[assignment]  # signed in: it has a permission
        form.save()
        messages.success(request, _("Saved."))
        return redirect("campaign_detail", pk=campaign.pk)
    title = _("Edit campaign") if campaign.pk else _("New campaign")
    context = {"form": form, "campaign": campaign, "may_write": may_write, "has_accounts": has_accounts}
    return page(request, "campaigns/campaign_edit.html", context, title=title)


@permission_required("campaigns.view_campaign", raise_exception=True)
@require_safe
def campaign_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a campaign: its audience, its events, and how their last sends went."""
    campaign = get_object_or_404(CAMPAIGNS, pk=pk)
    present = Count("entries", filter=Q(entries__state=Entry.State.PRESENT, entries__is_test=False))
    sends = Prefetch("sends", Send.objects.filter(is_test=False).order_by("-pk").defer("rule", "content"))
    hooks = Prefetch(
        "webhooks",
        EventWebhook.objects.filter(origin__number__lt=F("origin__template__version"))
        .select_related("origin__template")
        .defer("headers", "body", "origin__headers", "origin__body"),
        to_attr="outdated",
    )
    events = (
        Event.objects.filter(campaign=campaign).annotate(present_count=present).order_by("start_local", "pk")
    )
    context = {"campaign": campaign, "events": events.prefetch_related(sends, hooks), **_audience(campaign)}
    return page(request, "campaigns/campaign_detail.html", context, title=campaign.name)


def _audience(campaign: Campaign) -> dict[str, Any]:
    """Return the audience in words and in numbers, or what is wrong with its rule."""
    if campaign.segment is None:
        return {}
    try:
        rule = rules.parse(nesting.resolved(campaign.segment.rule))
    except rules.RuleError as error:
        return {"rule_error": str(error)}
    count = segments.count(rule, account_code=campaign.account.code)
    return {"sentence": rules.sentence(rule), "audience": count}


@permission_required("campaigns.change_campaign", raise_exception=True)
@require_POST
def campaign_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a campaign away, or bring it back; one that is still sending stays."""
    campaign = get_object_or_404(Campaign, pk=pk)
    unfinished = Send.objects.filter(event__campaign=campaign, state__in=Send.OPEN_STATES).first()
    if unfinished is not None and not campaign.is_archived:
        text = _("Send #%(number)s of this campaign is not finished. Wait for it, or cancel it.")
        messages.error(request, text % {"number": unfinished.pk})
        return redirect("campaign_detail", pk=pk)
    campaign.is_archived = not campaign.is_archived
    campaign.save(update_fields=["is_archived", "changed_at"])
    messages.success(request, _("Archived.") if campaign.is_archived else _("Brought back."))
    return redirect("campaign_detail", pk=pk)
