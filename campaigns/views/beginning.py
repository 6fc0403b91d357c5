"""The way from an empty installation to the first send: six steps, shown until there is one."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from campaigns.models import Account, Campaign, Event, Segment, Send, Subscriber


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the beginning."""

    title: str
    text: str
    link: str
    permission: str
    is_done: bool


def beginning(request: HttpRequest) -> dict[str, Any]:
    """Return the steps to the first send, until there is one."""
    found = [] if Send.objects.filter(is_test=False).exists() else [*set_up(), *first_campaign()]
    following = next((step for step in found if not step.is_done), None)
    may_take = following is not None and request.user.has_perm(following.permission)
    return {"steps": found, "next_step": following, "may_take_next": may_take}


def set_up() -> list[Step]:
    """Return the steps that are taken once: an account, people, a segment."""
    return [
        Step(
            _("Add an account"),
            _("The Rokt Calendar account: its code and the client id and secret that Rokt gave you."),
            reverse("admin:campaigns_account_add"),
            "campaigns.add_account",
            Account.objects.exists(),
        ),
        Step(
            _("Import subscribers"),
            _("A Braze export with the rokt:* attributes, so that there is somebody to send to."),
            reverse("import_new"),
            "campaigns.add_import",
            Subscriber.objects.exists(),
        ),
        Step(
            _("Build a segment"),
            _("Say in a rule who gets an event; the number of people shows at once."),
            reverse("segment_new"),
            "campaigns.add_segment",
            Segment.objects.exists(),
        ),
    ]


def first_campaign() -> list[Step]:
    """Return the steps that lead through a campaign: begin it, compose an event, send it."""
    new = reverse("campaign_new")
    campaign = Campaign.objects.filter(is_archived=False).first()
    event = Event.objects.order_by("-pk").first()
    return [
        Step(
            _("Begin a campaign"),
            _("A name, the account, the audience."),
            new,
            "campaigns.add_campaign",
            campaign is not None,
        ),
        Step(
            _("Compose an event"),
            _("Title, time, place, reminder; see it as each person will."),
            reverse("event_new", args=[campaign.pk]) if campaign else new,
            "campaigns.add_event",
            event is not None,
        ),
        Step(
            _("Review and send"),
            _("Check who gets what, and queue it: now or at a time."),
            reverse("send_review", args=[event.pk, "create"]) if event else new,
            "campaigns.add_send",
            is_done=False,  # these steps disappear with the first send
        ),
    ]
