"""The panel beside an event's webhooks: one person's request, the entry it makes, and what is wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from campaigns import liquid
from campaigns.forms.fields import row_id
from campaigns.forms.raw_event import CREATE, UPDATE, RawEventForm
from campaigns.models import Campaign, EventWebhook, Subscriber
from campaigns.pipeline import render
from campaigns.pipeline.preview import Preview, preview
from campaigns.views import tryout
from campaigns.views.card import Card, card
from campaigns.views.looks import Look, looks
from campaigns.views.made_up import MadeUp, kept, made_up
from campaigns.views.panel import find_people, receivers, somebody, theirs_of, why_not

COMPARED: Final = ("title", "description", "location", "start", "end", "timezone", "notify_before")


@dataclass(frozen=True, slots=True)
class RawPanel:
    """What is shown for one person; without a preview, ``reason`` says why there would be no call.

    ``differing`` names the fields in which an update says something else than the new event.
    """

    kind: str
    remarks: list[tryout.Remark]
    person: Subscriber | None = None
    previous: int | None = None
    following: int | None = None
    why_not: tuple[str, ...] = ()
    made_up: MadeUp = field(default_factory=MadeUp)
    preview: Preview | None = None
    card: Card | None = None
    looks: tuple[Look, ...] = ()
    reason: str = ""
    differing: tuple[str, ...] = ()

    @property
    def kind_label(self) -> str:
        """The kind of send, in words."""
        return str(EventWebhook.Kind(self.kind).label)


def raw_panel(form: RawEventForm, data: Mapping[str, str]) -> RawPanel:
    """Show what the form's webhook does for the person that ``data``, a query or a form, asks for."""
    campaign, kind = form.event.campaign, UPDATE if data.get("kind") == UPDATE else CREATE
    hook = form.hooks.get(kind, render.WebhookText())
    shared: dict[str, Any] = {"kind": kind, "remarks": tryout.remarks(hook) if hook.url or hook.body else []}
    theirs = receivers(campaign).filter(subscriber=OuterRef("pk"))
    people = Subscriber.objects.filter(Exists(theirs)).order_by("pk")
    asked = _asked(data, campaign)
    person = Subscriber.objects.filter(pk=asked).first() if asked else people.first()
    if person is None:
        return RawPanel(**shared, reason=_nobody(campaign))
    is_in = people.filter(pk=person.pk).exists()
    ids = people.values_list("pk", flat=True)
    return RawPanel(
        **shared,
        person=person,
        previous=ids.filter(pk__lt=person.pk).last(),
        following=ids.filter(pk__gt=person.pk).first(),
        why_not=() if is_in else why_not(campaign, person),
        **_entry(form, person, kind, data),
    )


def _asked(data: Mapping[str, str], campaign: Campaign) -> int:
    """Return whom to show it for: who was clicked, else who was searched for, else who was shown before."""
    text = data.get("find_person", "").strip()
    if "preview" in data and text and "show" not in data:
        found = find_people(campaign, text).first()
        return found.pk if found else -1
    if data.get("show") == "random":
        return somebody(campaign, but=row_id(data.get("person", "")))
    return row_id(data.get("show") or data.get("person", ""))


def _nobody(campaign: Campaign) -> str:
    return _(
        "Nobody to show it for is found in %(account)s. Search for another name, or import subscribers."
    ) % {"account": campaign.account}


def _entry(form: RawEventForm, person: Subscriber, kind: str, data: Mapping[str, str]) -> dict[str, Any]:
    """Return one person's request and entry, or why there is none, under the panel's names."""
    is_theirs = "show" not in data and row_id(data.get("person", "")) == person.pk
    typed = data if is_theirs else {}  # what was made up counts for the person it was made up for
    hook = form.hooks.get(kind, render.WebhookText())
    if not hook.url or not hook.body:
        return {"made_up": MadeUp(kept=kept(typed)), "reason": _missing(form, kind)}
    tried = made_up(_content(form, kind), person, typed)
    try:
        shown = _preview(form, person, kind, tried.data)
    except (render.RenderError, liquid.LiquidError) as error:
        return {"made_up": tried, "reason": str(error)}
    differing = _differing(form, person, shown, tried.data) if kind == UPDATE else ()
    user = tried.data.user if tried.data else person.profile
    entry = card(shown.event, form.event, time_zone=user.get("time_zone")) if shown.event else None
    theirs = theirs_of(person, form.event.campaign.account)
    drawn = looks(entry, theirs, chosen=data.get("look", "")) if entry else ()
    return {"made_up": tried, "preview": shown, "differing": differing, "card": entry, "looks": drawn}


def _missing(form: RawEventForm, kind: str) -> str:
    if any(name.startswith(f"{kind}_") for name in form.errors):
        return _("it appears as soon as its parts are right.")
    return _("there is no webhook for an update yet. Without one, no update of this event can be sent.")


def _content(form: RawEventForm, kind: str) -> render.Content:
    return render.Content(
        event_id=form.reading.event_id if form.reading else "",
        title="",
        description="",
        location="",
        start_local="",
        end_local="",
        timezone="",
        notify_before_minutes=0,
        webhook=form.hooks[kind],
    )


def _preview(form: RawEventForm, person: Subscriber, kind: str, data: liquid.Data | None) -> Preview:
    account = form.event.campaign.account
    return preview(
        _content(form, kind),
        account=account,
        kind=kind,
        subscriber=person,
        subscriptions=theirs_of(person, account),
        data=data,
    )


def _differing(
    form: RawEventForm, person: Subscriber, update: Preview, data: liquid.Data | None
) -> tuple[str, ...]:
    """Return the fields in which an update says something else than the new event, for the same person."""
    labels = (
        _("title"), _("description"), _("location"), _("start"), _("end"), _("time zone"), _("reminder"),
    )  # fmt: skip
    try:
        new = _preview(form, person, CREATE, data)
    except (render.RenderError, liquid.LiquidError):  # its own tab says why
        return ()
    pairs = zip(COMPARED, labels, strict=True)
    return tuple(label for name, label in pairs if getattr(new.event, name) != getattr(update.event, name))
