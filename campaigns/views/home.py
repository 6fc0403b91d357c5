"""The home page: what is running, what comes next, what needs a decision, and how to begin."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Prefetch, Q, QuerySet, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns import keeping
from campaigns.models import Account, Campaign, Event, Send
from campaigns.models.clock import now
from campaigns.pipeline import record
from campaigns.reports.progress import progress
from campaigns.views.beginning import beginning
from campaigns.views.home_alerts import open_alerts

MOST_SHOWN = 5
SENDS = Send.objects.select_related("account", "event__campaign").defer("rule")


@dataclass(frozen=True, slots=True)
class Tile:
    """One number and the list of rows behind it."""

    label: str
    number: int
    link: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """Something that waits for a person: what, where, and how urgent it is (bad, warn or info)."""

    text: str
    link: str
    tone: str


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add to the admin's index what staff want to know first; called by Unfold."""
    context["title"] = _("Home")
    if not request.user.has_perm("campaigns.view_send"):
        return context
    running = SENDS.filter(state__in=(Send.State.SENDING, Send.State.PAUSED)).order_by("started_at")
    scheduled = SENDS.filter(state=Send.State.SCHEDULED).order_by("scheduled_at")
    return context | {
        "tiles": tiles(),
        "running": [progress(send) for send in running[:MOST_SHOWN]],
        "scheduled": scheduled[:MOST_SHOWN],
        "decisions": decisions(),
        "campaigns": recent_campaigns(),
        **beginning(request),
        **open_alerts(request),
    }


def tiles() -> list[Tile]:
    """Return the five numbers on top."""
    found = Send.objects.aggregate(
        sending=Count("pk", filter=Q(state=Send.State.SENDING)),
        scheduled=Count("pk", filter=Q(state=Send.State.SCHEDULED)),
        requested=Count("pk", filter=Q(state=Send.State.REQUESTED)),
        in_doubt=Sum("in_doubt_count", default=0),
        failed=Sum("failed_count", default=0),
    )
    sends = reverse("admin:campaigns_send_changelist")
    history = reverse("admin:campaigns_delivery_changelist")
    return [
        Tile(_("Sending now"), found["sending"], f"{sends}?state__exact=sending"),
        Tile(_("Scheduled"), found["scheduled"], f"{sends}?state__exact=scheduled"),
        Tile(_("Waiting for release"), found["requested"], f"{sends}?state__exact=requested", "warn"),
        Tile(_("Deliveries in doubt"), found["in_doubt"], f"{history}?state=in_doubt", "warn"),
        Tile(_("Deliveries failed"), found["failed"], f"{history}?state=failed", "bad"),
    ]


def decisions() -> list[Decision]:
    """Return what waits for somebody, the most urgent first."""
    stopped = Account.objects.exclude(stopped_at=None)
    halted = [
        send for send in SENDS.filter(state=Send.State.PAUSED, canary_count__gt=0) if record.stop_of(send)
    ]
    requested = SENDS.filter(state=Send.State.REQUESTED)
    doubtful = SENDS.filter(in_doubt_count__gt=0)
    failed = SENDS.filter(is_test=False, failed_count__gt=0, deliver_until__gt=now()).exclude(
        Q(state=Send.State.CANCELLED) | Q(pk__in=[send.pk for send in halted])
    )
    halt = keeping.open_halt()
    return [
        *(
            [Decision(_("All sends are held: look at them and release them."), reverse("halt"), "bad")]
            if halt
            else []
        ),
        *(_stopped(account) for account in stopped),
        *(_halted(send) for send in halted[:MOST_SHOWN]),
        *(_requested(send) for send in requested[:MOST_SHOWN]),
        *(_doubtful(send) for send in doubtful[:MOST_SHOWN]),
        *(_failed(send) for send in failed[:MOST_SHOWN]),
    ]


def _stopped(account: Account) -> Decision:
    text = _("%(account)s is stopped: %(reason)s") % {"account": account, "reason": account.stopped_reason}
    return Decision(text, reverse("admin:campaigns_account_change", args=[account.pk]), "bad")


def _halted(send: Send) -> Decision:
    text = _("Send #%(number)s of “%(event)s” stopped by itself: too many of the first people failed.")
    return Decision(text % _named(send), _page_of(send), "bad")


def _requested(send: Send) -> Decision:
    text = _("Send #%(number)s of “%(event)s” waits for a second person to release it.")
    return Decision(text % _named(send), _page_of(send), "info")


def _doubtful(send: Send) -> Decision:
    text = ngettext(
        "Send #%(number)s of “%(event)s”: %(count)s delivery is in doubt, for no answer came to its call.",
        "Send #%(number)s of “%(event)s”: %(count)s deliveries are in doubt, for no answer came to their calls.",
        send.in_doubt_count,
    )
    return Decision(text % {**_named(send), "count": f"{send.in_doubt_count:,}"}, _page_of(send), "warn")


def _failed(send: Send) -> Decision:
    text = ngettext(
        "Send #%(number)s of “%(event)s”: %(count)s delivery failed and can still be tried again.",
        "Send #%(number)s of “%(event)s”: %(count)s deliveries failed and can still be tried again.",
        send.failed_count,
    )
    return Decision(text % {**_named(send), "count": f"{send.failed_count:,}"}, _page_of(send), "bad")


def _named(send: Send) -> dict[str, Any]:
    return {"number": send.pk, "event": send.event.title}


def _page_of(send: Send) -> str:
    return reverse("send_detail", args=[send.pk])


def recent_campaigns() -> QuerySet[Campaign]:
    """Return the newest campaigns with how many events they have, and the events still to come."""
    coming = Event.objects.filter(start_local__gte=now().replace(tzinfo=None)).order_by("start_local")
    campaigns = Campaign.objects.filter(is_archived=False).select_related("account", "segment")
    counted = campaigns.annotate(event_count=Count("events")).order_by("-created_at", "-pk")
    return counted.prefetch_related(Prefetch("events", coming, to_attr="coming"))[:MOST_SHOWN]
