"""The panel beside the compose form: one person's webhook, the calendar entry it makes, and what is wrong."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any, Final

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from campaigns import liquid
from campaigns.forms.event import EventForm
from campaigns.forms.fields import row_id
from campaigns.models import Account, Campaign, Entry, Send, Subscriber, Subscription
from campaigns.pipeline import render
from campaigns.pipeline.preview import Preview, preview
from campaigns.segments import compile as segments
from campaigns.segments import explain, nesting, rules
from campaigns.views.card import Card, card
from campaigns.views.looks import Look, looks
from campaigns.views.made_up import MadeUp, made_up

SEARCHED: Final = ("first_name", "last_name", "email", "external_id")
MOST_WORDS: Final = 5
NOBODY: Final = rules.Group(rules.Match.NONE, (rules.Group(rules.Match.ALL),))


@dataclass(frozen=True, slots=True)
class Panel:
    """What is shown for one person; without a preview, ``reason`` says why there would be no call."""

    person: Subscriber | None
    previous: int | None = None
    following: int | None = None
    why_not: tuple[str, ...] = ()
    kind: Send.Kind = Send.Kind.CREATE
    made_up: MadeUp = field(default_factory=MadeUp)
    preview: Preview | None = None
    card: Card | None = None
    looks: tuple[Look, ...] = ()
    reason: str = ""


def panel(form: EventForm, *, asked: int, posted: Mapping[str, str]) -> Panel:
    """Show the form's event for the person with the id ``asked``, or for the first of the audience (0).

    ``posted`` holds what was typed and chosen in the panel itself; it counts for the person it was shown for.
    """
    audience = receivers(form.instance.campaign)
    first = _ids(audience)
    person = Subscriber.objects.filter(pk=asked or first.first() or 0).first()
    if person is None:
        return Panel(None, reason=_nobody(form.instance.campaign))
    chosen = list(audience.filter(subscriber=person))
    return Panel(
        person=person,
        previous=first.filter(pk__lt=person.pk).last(),
        following=first.filter(pk__gt=person.pk).first(),
        why_not=() if chosen else why_not(form.instance.campaign, person),
        **_entry(form, person, chosen or theirs_of(person, form.instance.account), posted),
    )


def somebody(campaign: Campaign, *, but: int) -> int:
    """Return a random person of the audience, another than the one shown; that one where there is no other.

    Whoever follows a gap between ids comes up more often; drawing them all evenly would read them all.
    """
    others = _ids(receivers(campaign)).exclude(pk=but)
    first = others.first()
    if first is None:
        return but
    last = others.last() or first
    start = first + secrets.randbelow(last - first + 1)
    return others.filter(pk__gte=start).first() or first


def receivers(campaign: Campaign) -> QuerySet[Subscription]:
    """Return the subscriptions that a new event of the campaign would go to."""
    return segments.subscriptions(rule_of(campaign), account_code=campaign.account.code).exclude(rokt_id="")


def rule_of(campaign: Campaign) -> rules.Group:
    """Return the rule of the campaign's audience; everyone where none is chosen, nobody where it cannot be read."""
    if campaign.segment is None:
        return rules.Group(rules.Match.ALL)
    try:
        return rules.parse(nesting.resolved(campaign.segment.rule))
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
    theirs = Subscription.objects.filter(
        subscriber=OuterRef("pk"), traits__account_code=campaign.account.code
    )
    people = Subscriber.objects.filter(Exists(theirs)).order_by("first_name", "last_name", "pk")
    for word in text.replace("\0", "").split()[:MOST_WORDS]:
        places = (Q(**{f"{column}__icontains": word}) for column in SEARCHED)
        people = people.filter(reduce(or_, places))
    return people


def _nobody(campaign: Campaign) -> str:
    if campaign.segment:
        return _("Nobody in this account is in the segment, so there is nobody to show the event for.")
    return _("This account has no subscribers yet. Import them to see the event as they would.")


def theirs_of(person: Subscriber, account: Account) -> list[Subscription]:
    """Return the subscriptions of somebody to an account that have not ended, in Braze's order."""
    return list(person.subscriptions.open_to(account).select_related("traits"))


def _kind(form: EventForm) -> Send.Kind:
    """Return the kind of send to show: an event that people have is updated."""
    having = Entry.objects.filter(event_id=form.instance.pk, state=Entry.State.PRESENT, is_test=False)
    return Send.Kind.UPDATE if form.instance.pk and having.exists() else Send.Kind.CREATE


def _ids(audience: QuerySet[Subscription]) -> QuerySet[Subscriber, int]:
    """Return whom the subscriptions belong to: a walk along the people, which ends with the first that fits."""
    theirs = audience.filter(subscriber=OuterRef("pk"))
    return Subscriber.objects.filter(Exists(theirs)).order_by("pk").values_list("pk", flat=True)


def _entry(
    form: EventForm, person: Subscriber, subscriptions: list[Subscription], posted: Mapping[str, str]
) -> dict[str, Any]:
    """Return what the panel says of the entry, or why there is none, under the panel's names."""
    kind = _kind(form)
    if form.is_bound and not form.has_times:
        waiting = _("The event appears here as soon as its start, end and time zone are right.")
        return {"kind": kind, "reason": waiting}
    content = render.Content.of(form.instance, kind)
    is_theirs = "show" not in posted and row_id(posted.get("person", "")) == person.pk
    tried = made_up(content, person, posted if is_theirs else {})
    found: dict[str, Any] = {"kind": kind, "made_up": tried}
    try:
        shown = preview(
            content,
            account=form.instance.campaign.account,
            kind=kind,
            subscriber=person,
            subscriptions=subscriptions,
            data=tried.data,
        )
    except (render.RenderError, liquid.LiquidError) as error:
        return {**found, "reason": str(error)}
    user = tried.data.user if tried.data else person.profile
    entry = card(shown.event, form.instance, time_zone=user.get("time_zone")) if shown.event else None
    if entry is None:
        return {**found, "preview": shown}
    chosen = posted.get("look", "") if is_theirs else ""
    return {**found, "preview": shown, "card": entry, "looks": looks(entry, subscriptions, chosen=chosen)}
