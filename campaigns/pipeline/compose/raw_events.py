"""Events whose call a webhook makes: read for one person, so that nothing is typed twice, and saved."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from campaigns import liquid
from campaigns.models import Account, Campaign, Event, EventWebhook, Send, Subscriber, WebhookVersion
from campaigns.pipeline import render
from campaigns.pipeline.compose.errors import NotPossibleError
from campaigns.pipeline.compose.events import save_event
from campaigns.pipeline.fetch import Fetcher
from campaigns.pipeline.raw import RawWriter
from campaigns.pipeline.render import WebhookText
from campaigns.segments import compile as segments
from campaigns.segments import nesting, rules

MOST_TRIED: Final = 21  # the first of the audience, and twenty others
MOST_SECONDS: Final = 2.0  # then nobody else is tried: the page that asks is live
MOST_ASKED: Final = 3  # where each person has to wait for other addresses
SAMPLE_USER: Final = "sample-user"
SAMPLE_ID: Final = "06423672-b6ba-4536-aa36-f5733866ade2"
COLUMNS: Final = ("title", "description", "location", "timezone")


class UnreadableError(NotPossibleError):
    """No event can be read from the webhook, whoever it is rendered for."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The event that a webhook makes for one person; ``who`` is None where that person is made up."""

    event_id: str
    written: render.Written
    who: Subscriber | None

    def fill(self, event: Event) -> None:
        """Put what was read into the event's own columns."""
        read = self.written.event
        assert read is not None  # noqa: S101 - only removals carry none
        event.event_id = self.event_id
        for name in COLUMNS:
            setattr(event, name, getattr(read, name))
        event.start_local, event.end_local, event.start_fold, event.end_fold = read.start, read.end, 0, 0
        event.notify_before_minutes = read.notify_before


def read_event(campaign: Campaign, hook: WebhookText, *, kind: str = Send.Kind.CREATE) -> Reading:
    """Read the event for the first of the campaign's audience whom the webhook can be rendered for.

    Where nobody is there yet, a made-up person stands in.
    Raises ``UnreadableError`` with the most frequent cause, ``liquid.LiquidError`` where it is not Liquid.
    """
    account = campaign.account
    writer = RawWriter(hook, event_id="", kind=kind, account=account)
    fetch = Fetcher(account) if writer.calls_out else None
    until = time.monotonic() + MOST_SECONDS
    causes: Counter[str] = Counter()
    examples: dict[str, str] = {}
    for who, person in _people(campaign, MOST_ASKED if fetch else MOST_TRIED):
        try:
            written = writer.write(person, fetch=fetch)
        except render.RenderError as error:
            causes[error.cause] += 1
            examples.setdefault(error.cause, f"{who or person.external_id}: {error}")
            if time.monotonic() > until:
                break
            continue
        assert written.event is not None  # noqa: S101 - only removals carry none
        return Reading(written.event.event_id.removesuffix(f"_{person.external_id}"), written, who)
    [(cause, _count)] = causes.most_common(1)
    raise UnreadableError(
        _("No event can be read from it. For %(example)s") % {"example": examples[cause]},
    )


def _people(campaign: Campaign, most: int) -> Iterator[tuple[Subscriber | None, render.Person]]:
    """Yield people of the audience in the order of their ids, else a made-up one."""
    code = campaign.account.code
    picked = segments.subscriptions(_rule(campaign), account_code=code).exclude(rokt_id="")
    theirs = picked.filter(subscriber=OuterRef("pk"))
    people = list(Subscriber.objects.filter(Exists(theirs)).order_by("pk")[:most])
    for who in people:
        yield who, person_of(who, campaign.account)
    if not people:
        yield None, _sample(campaign.account)


def _rule(campaign: Campaign) -> rules.Group:
    try:
        rule = nesting.resolved(campaign.segment.rule) if campaign.segment else None
        return rules.parse(rule) if rule else rules.Group(rules.Match.ALL)
    except rules.RuleError:  # the campaign's page says so; here everybody of the account will do
        return rules.Group(rules.Match.ALL)


def person_of(who: Subscriber, account: Account) -> render.Person:
    """Return whom a webhook is rendered for: somebody with all subscriptions of the account."""
    known = who.subscriptions.open_to(account).exclude(rokt_id="")
    ids = list(known.order_by("position").values_list("rokt_id", flat=True))
    return render.Person(who.external_id, render.data_of(who), ids)


def _sample(account: Account) -> render.Person:
    attributes = {"rokt:account_code": [f"{account.code}/f5733866ade2"], "rokt:subscription_id": [SAMPLE_ID]}
    data = liquid.Data(user={"user_id": SAMPLE_USER}, custom_attributes=attributes)
    return render.Person(SAMPLE_USER, data, [SAMPLE_ID])


@transaction.atomic
def save_raw_event(
    event: Event,
    hooks: Mapping[str, WebhookText],
    *,
    origins: Mapping[str, WebhookVersion | None],
    expected_version: int | None = None,
) -> Event:
    """Save an event whose columns were filled by a reading, with its webhooks by kind; one without URL is dropped.

    ``origins`` are the versions that the texts were copied from. Raises ``StaleEventError`` as ``save_event`` does.
    """
    event.uses_webhook = True
    save_event(event, expected_version=expected_version)
    for kind, hook in hooks.items():
        if not hook.url.strip():
            event.webhooks.filter(kind=kind).delete()
            continue
        headers = [list(pair) for pair in hook.headers]
        parts = {"method": hook.method, "url": hook.url, "headers": headers, "body": hook.body}
        EventWebhook.objects.update_or_create(
            event=event, kind=kind, defaults={**parts, "origin": origins.get(kind)}
        )
    return event
