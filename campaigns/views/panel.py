"""The panel beside the compose form: one person's webhook, the calendar entry it makes, and what is wrong."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Final

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from campaigns import liquid, timezones
from campaigns.forms.event import EventForm
from campaigns.models import Campaign, Send, Subscriber, Subscription
from campaigns.pipeline import render
from campaigns.pipeline.preview import Preview, preview
from campaigns.segments import compile as segments
from campaigns.segments import explain, rules
from integrations.rokt import wire

SEARCHED: Final = ("first_name", "last_name", "email", "external_id")
MOST_WORDS: Final = 5
NOBODY: Final = rules.Group(rules.Match.NONE, (rules.Group(rules.Match.ALL),))


@dataclass(frozen=True, slots=True)
class Clock:
    """Start, end and reminder as clocks in one zone show them."""

    start: datetime
    end: datetime
    alarm: datetime
    zone: str

    @property
    def is_one_day(self) -> bool:
        """Whether the end needs no date of its own."""
        return self.start.date() == self.end.date()


@dataclass(frozen=True, slots=True)
class Card:
    """The entry as a calendar shows it; ``own`` is in the person's own zone, where that is known and another."""

    event: wire.Event
    clock: Clock
    own: Clock | None

    @property
    def reminder(self) -> timedelta:
        """How long before the start the reminder comes."""
        return timedelta(minutes=self.event.notify_before)


@dataclass(frozen=True, slots=True)
class Panel:
    """What is shown for one person; without a preview, ``reason`` says why there would be no call."""

    person: Subscriber | None
    previous: int | None = None
    following: int | None = None
    why_not: tuple[str, ...] = ()
    kind: Send.Kind = Send.Kind.CREATE
    preview: Preview | None = None
    card: Card | None = None
    reason: str = ""


def panel(form: EventForm, *, asked: int) -> Panel:
    """Show the form's event for the person with the id ``asked``, or for the first of the audience (0)."""
    audience = receivers(form.instance.campaign)
    first = audience.order_by("subscriber_id").values_list("subscriber_id", flat=True)
    person = Subscriber.objects.filter(pk=asked or first.first() or 0).first()
    if person is None:
        return Panel(None, reason=_nobody(form.instance.campaign))
    chosen = list(audience.filter(subscriber=person))
    shown, reason = _shown(form, person, chosen or _of_account(form, person), kind=_kind(form))
    return Panel(
        person=person,
        previous=first.filter(subscriber_id__lt=person.pk).last(),
        following=first.filter(subscriber_id__gt=person.pk).first(),
        why_not=() if chosen else why_not(form.instance.campaign, person),
        kind=_kind(form),
        preview=shown,
        card=_card(form, shown) if shown else None,
        reason=reason,
    )


def receivers(campaign: Campaign) -> QuerySet[Subscription]:
    """Return the subscriptions that a new event of the campaign would go to."""
    return segments.subscriptions(rule_of(campaign), account_code=campaign.account.code).exclude(rokt_id="")


def rule_of(campaign: Campaign) -> rules.Rule:
    """Return the rule of the campaign's audience; everyone where none is chosen, nobody where it cannot be read."""
    if campaign.segment is None:
        return rules.Group(rules.Match.ALL)
    try:
        return rules.parse(campaign.segment.rule)
    except rules.RuleError:
        return NOBODY


def why_not(campaign: Campaign, person: Subscriber) -> tuple[str, ...]:
    """Return what keeps a person out of the audience, in words."""
    found = explain.why(rule_of(campaign), person, account_code=campaign.account.code)
    if found.obstacle:
        return (found.obstacle,)
    if found.is_included:
        return (_("No subscription id is known, so nothing can be sent."),)
    untrue = [part.text for part in found.why.parts if not part.holds] or [found.why.text]
    return tuple(_("Not so: %(rule)s.") % {"rule": text} for text in untrue)


def find_people(campaign: Campaign, text: str) -> QuerySet[Subscriber]:
    """Return the people of the campaign's account whose name, e-mail address or user id holds every word."""
    theirs = Subscription.objects.filter(subscriber=OuterRef("pk"), account_code=campaign.account.code)
    people = Subscriber.objects.filter(Exists(theirs)).order_by("first_name", "last_name", "pk")
    for word in text.replace("\0", "").split()[:MOST_WORDS]:
        places = (Q(**{f"{column}__icontains": word}) for column in SEARCHED)
        people = people.filter(reduce(or_, places))
    return people


def _nobody(campaign: Campaign) -> str:
    if campaign.segment:
        return _("Nobody in this account is in the segment, so there is nobody to show the event for.")
    return _("This account has no subscribers yet. Import them to see the event as they would.")


def _of_account(form: EventForm, person: Subscriber) -> list[Subscription]:
    return list(person.subscriptions.filter(account_code=form.instance.account.code))


def _kind(form: EventForm) -> Send.Kind:
    """Return the kind of send to show: an event that people have is updated."""
    return Send.Kind.UPDATE if form.instance.pk and form.instance.entries.exists() else Send.Kind.CREATE


def _shown(
    form: EventForm, person: Subscriber, subscriptions: list[Subscription], *, kind: Send.Kind
) -> tuple[Preview | None, str]:
    if form.is_bound and not form.has_times:
        return None, _("The event appears here as soon as its start, end and time zone are right.")
    content = render.Content.of(form.instance)
    try:
        shown = preview(
            content,
            account=form.instance.campaign.account,
            kind=kind,
            subscriber=person,
            subscriptions=subscriptions,
        )
    except (render.RenderError, liquid.LiquidError) as error:
        return None, str(error)
    return shown, ""


def _card(form: EventForm, shown: Preview) -> Card:
    event, folds = shown.event, form.instance
    start = timezones.localize(event.start, event.timezone, folds.start_fold)
    end = timezones.localize(event.end, event.timezone, folds.end_fold)
    reminder = timedelta(minutes=event.notify_before)
    return Card(
        event=event,
        clock=_clock(start, end, reminder, timezones.get(event.timezone)),
        own=_own(start, end, reminder, shown),
    )


def _own(start: datetime, end: datetime, reminder: timedelta, shown: Preview) -> Clock | None:
    """Return the times where the person lives, if Braze knows where and clocks differ there."""
    name = shown.subscriber.profile.get("time_zone")
    try:
        zone = timezones.resolve(str(name or ""))
    except timezones.UnknownZoneError:
        return None
    if timezones.offset(zone, start) == timezones.offset(timezones.get(shown.event.timezone), start):
        return None
    return _clock(start, end, reminder, zone)


def _clock(start: datetime, end: datetime, reminder: timedelta, zone: timezones.Zone) -> Clock:
    local, until, alarm = (timezones.wall(at, zone.id)[0] for at in (start, end, start - reminder))
    offset = timezones.offset_text(timezones.offset(zone, start))
    place = f"{zone.place}, {offset}" if zone.place else offset
    return Clock(start=local, end=until, alarm=alarm, zone=f"{zone.id} ({place})")
