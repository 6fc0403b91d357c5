"""Whom the page of a test offers: those kept for tests, those chosen, those found, or those with a test entry."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from campaigns.forms.trial import recipient
from campaigns.models import Entry, Event, SavedRecipient, Send, Subscriber, Subscription
from campaigns.pipeline import audience, compose
from campaigns.views.panel import find_people

MOST_FOUND = 8
MOST_HOLDERS = 100

Chosen = Mapping[int, set[str]]  # a person's row id: the ids of the chosen subscriptions


@dataclass(frozen=True, slots=True)
class Option:
    """One box to tick; a subscription that is not known any more (None) can only be dropped."""

    value: str
    subscription: Subscription | None
    is_chosen: bool
    saved_pk: int | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody, the boxes, and the entry by a real send that keeps tests away."""

    person: Subscriber
    options: list[Option]
    subscriptions: list[Subscription]
    has_it: Entry | None = None

    @property
    def is_open(self) -> bool:
        """Whether a test may go there."""
        return self.has_it is None and self.person.may_receive


@dataclass(frozen=True, slots=True)
class Offer:
    """Everybody on the page, in three groups; nobody is in two."""

    saved: list[Candidate]
    chosen: list[Candidate]
    found: list[Candidate]

    @property
    def first(self) -> tuple[Subscriber, list[Subscription]] | None:
        """The first person that the test would go to, with the subscriptions."""
        for candidate in (*self.saved, *self.chosen, *self.found):
            ticked = [option for option in candidate.options if option.is_chosen]
            if ticked and candidate.is_open:
                picked = [option.subscription for option in ticked if option.subscription is not None]
                return candidate.person, picked or candidate.subscriptions
        return None


def offer(draft: Send, chosen: Chosen, *, text: str = "") -> Offer:
    """Return whom a test can go to; ``text`` is what somebody searches for."""
    if draft.kind != Send.Kind.CREATE:
        holders = (
            compose.entries_by_tests(draft.event).order_by("subscriber").values_list("subscriber", flat=True)
        )
        return Offer([], _candidates(draft, holders[:MOST_HOLDERS], chosen, {}), [])
    kept = _kept(draft.event)
    reach = MOST_FOUND + len(kept) + len(chosen)
    searched = find_people(draft.event.campaign, text)[:reach] if text.strip() else []
    others = [pk for pk in sorted(chosen) if pk not in kept]
    found = [person.pk for person in searched if person.pk not in {*kept, *others}]
    return Offer(
        saved=_candidates(draft, kept, chosen, kept),
        chosen=_candidates(draft, others, chosen, {}),
        found=_candidates(draft, found[:MOST_FOUND], chosen, {}),
    )


def holders(event: Event) -> dict[int, set[str]]:
    """Choose everybody with a test entry, as far as one test reaches."""
    people = compose.entries_by_tests(event).order_by("subscriber").values_list("subscriber", flat=True)
    return {pk: set() for pk in people[: compose.MOST_PEOPLE]}


def recipients_of(send: Send) -> dict[int, set[str]]:
    """Choose whom an earlier test went to."""
    rows = send.deliveries.exclude(subscriber=None)
    return {row.subscriber_id: set(row.subscription_ids) for row in rows if row.subscriber_id is not None}


def _kept(event: Event) -> dict[int, dict[str, int]]:
    kept: dict[int, dict[str, int]] = {}
    for row in SavedRecipient.objects.filter(account=event.account):
        kept.setdefault(row.subscriber_id, {})[row.rokt_id] = row.pk
    return kept


def _candidates(
    draft: Send, people: Iterable[int], chosen: Chosen, kept: Mapping[int, Mapping[str, int]]
) -> list[Candidate]:
    pks = list(people)
    known = Subscriber.objects.in_bulk(pks)
    theirs: dict[int, list[Subscription]] = {pk: [] for pk in pks}
    mine = Subscription.objects.open_to(draft.account).filter(subscriber__in=pks)
    mine = mine.exclude(rokt_id="").select_related("traits")
    for subscription in mine.order_by("subscriber", "position"):
        theirs[subscription.subscriber_id].append(subscription)
    having = audience.who_have_it(draft).filter(subscriber__in=pks).select_related("delivery")
    real = {entry.subscriber_id: entry for entry in having}
    return [
        Candidate(
            person=known[pk],
            options=_options(draft, known[pk], theirs[pk], chosen, kept.get(pk, {})),
            subscriptions=theirs[pk],
            has_it=real.get(pk),
        )
        for pk in pks
        if pk in known
    ]


def _options(
    draft: Send,
    person: Subscriber,
    subscriptions: list[Subscription],
    chosen: Chosen,
    kept: Mapping[str, int],
) -> list[Option]:
    """By subscription; by person where a call is for all of them, or for none in particular."""
    if draft.kind != Send.Kind.CREATE or draft.content.get("webhook"):
        saved_pk = next(iter(kept.values()), None)
        return [Option(recipient(person.pk), None, person.pk in chosen, saved_pk)]
    picked = chosen.get(person.pk, set())
    known = [
        Option(recipient(person.pk, one.rokt_id), one, one.rokt_id in picked, kept.get(one.rokt_id))
        for one in subscriptions
    ]
    gone = set(kept) - {one.rokt_id for one in subscriptions}
    return known + [Option("", None, is_chosen=False, saved_pk=kept[rokt_id]) for rokt_id in sorted(gone)]
