"""The subscriptions of people who are written: as Braze lists them and Rokt has told, and of that only what is new."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

from campaigns.importing.rows import adapted, insert, update
from campaigns.importing.shared import Combination, Finder, common
from campaigns.importing.told import Times, Told
from campaigns.models import Subscription
from integrations.braze.profile import Values

COLUMNS = (
    "position", "suffix", "rokt_id", "email", "traits_id", "home_id", "random_bucket", "subscribed_at", "ended_at",
    "is_live",
)  # fmt: skip
POSITION, ROKT_ID, EMAIL, TRAITS_ID, SUBSCRIBED_AT, ENDED_AT = (
    COLUMNS.index(name) for name in ("position", "rokt_id", "email", "traits_id", "subscribed_at", "ended_at")
)
SHARED = (
    COLUMNS.index("traits_id") + 1
)  # up to here a row is the subscription's own, then it repeats the person
OWN = SHARED - 1

Place: TypeAlias = tuple[Any, ...]  # values of COLUMNS
Before: TypeAlias = dict[int, tuple[int, Place]]  # position -> id and values of what is stored


class Owner(NamedTuple):
    """A person whose subscriptions are to be brought in step; ``listed`` None where Braze does not say."""

    id: int
    listed: Sequence[Values] | None
    home: Combination
    random_bucket: int
    subscribed_at: datetime | None
    may_receive: bool
    is_new: bool


class Difference:
    """What is to be inserted, overwritten and deleted; a row that stays keeps its id."""

    def __init__(self) -> None:
        self.new: list[Place] = []
        self.changed: list[Place] = []
        self.gone: list[int] = []

    def note(self, owner_id: int, before: Before, after: list[Place]) -> None:
        """Compare the places of one person."""
        for place in after:
            pk, old = before.pop(place[POSITION], (0, ()))
            if not pk:
                self.new.append((owner_id, *written(place)))
            elif place != old:
                self.changed.append((*written(place), pk))
        self.gone += [pk for pk, _old in before.values()]

    def write(self) -> None:
        """Write it, each kind at once."""
        if self.gone:
            Subscription.objects.filter(pk__listed=self.gone).delete()
        update(Subscription, COLUMNS, self.changed)
        if self.new:
            insert(Subscription, ("subscriber_id", *COLUMNS), self.new)


def write(owners: Collection[Owner], finder: Finder) -> None:
    """Bring the subscriptions of these people into the state they should have."""
    finder.known.make_room()
    finder.traits([common(values) for owner in owners for values in owner.listed or ()])
    finder.homes([owner.home for owner in owners])
    stored = places_of([owner.id for owner in owners if not owner.is_new])
    told = Told(lambda: accounts_of(owners), list(stored))
    difference = Difference()
    for owner in owners:
        if owner.is_new and not told:  # as in a first import: nothing to compare
            difference.new += fresh(owner, finder.known)
        else:
            compare(owner, stored.get(owner.id, {}), told, finder.known, difference)
    difference.write()


def accounts_of(owners: Collection[Owner]) -> dict[str, str]:
    """Return Rokt id -> account code, for the subscriptions that Braze lists."""
    listed = (values for owner in owners for values in owner.listed or ())
    return {values.rokt_id: values.account_code for values in listed if values.rokt_id}


def fresh(owner: Owner, ids: Mapping[Combination, int]) -> Iterator[Place]:
    """Yield the rows of somebody of whom nothing is known but what Braze says."""
    listed = owner.listed or ()
    since = adapted(owner.subscribed_at) if len(listed) == 1 else None
    rest = (ids[owner.home], owner.random_bucket, since, None, owner.may_receive)
    for values in listed:
        yield (owner.id, *values[:OWN], ids[common(values)], *rest)


def compare(
    owner: Owner, before: Before, told: Told, ids: Mapping[Combination, int], difference: Difference
) -> None:
    """Note where the subscriptions of one person differ from what is stored."""
    if owner.listed is None:
        own = [place[:SHARED] for _pk, place in before.values()]
    else:
        own = [(*values[:OWN], ids[common(values)]) for values in owner.listed]
    if told:
        own += unlisted(own, told.unlisted(owner.id, {place[ROKT_ID].lower() for place in own}), before)
    times = times_of(owner, own, before, told)
    difference.note(owner.id, before, list(whole(owner, own, times, ids[owner.home])))


def places_of(subscriber_ids: Collection[int]) -> dict[int, Before]:
    """Return subscriber id -> what is stored, in Braze's order."""
    stored: dict[int, Before] = {pk: {} for pk in subscriber_ids}
    if stored:
        found = Subscription.objects.filter(subscriber__listed=subscriber_ids).order_by("position")
        for pk, owner_id, *place in found.values_list("pk", "subscriber_id", *COLUMNS):
            stored[owner_id][place[POSITION]] = (pk, tuple(place))
    return stored


def unlisted(own: list[Place], told: list[tuple[str, int]], before: Before) -> list[Place]:
    """Return places behind a person's own for subscriptions that only Rokt knows of."""
    if not told:
        return []
    emails = {old[ROKT_ID]: old[EMAIL] for _pk, old in before.values()}
    behind = max((place[POSITION] for place in own), default=-1) + 1
    return [
        (position, "", rokt_id, emails.get(rokt_id, ""), traits_id)
        for position, (rokt_id, traits_id) in enumerate(told, behind)
    ]


def times_of(owner: Owner, own: list[Place], before: Before, told: Told) -> list[Times]:
    """Return when each began and ended: as Rokt has told, else as known before, else by the person's own event.

    Where Braze does not say which account a subscription belongs to, what is known holds already what was told.
    """
    known: dict[Any, Times] = {}
    for _pk, old in before.values():
        known[old[ROKT_ID].lower()] = known[name_of(old)] = (old[SUBSCRIBED_AT], old[ENDED_AT])
    for each in told.foreign | {""}:
        known.pop(each, None)
    times = []
    for place in own:
        rokt_id, traits_id = name_of(place)
        kept = (known.get((rokt_id, traits_id)) if rokt_id else None) or known.get(rokt_id)
        since, until = kept or (None, None)
        word = told.when(rokt_id, traits_id)
        if word and (owner.listed is not None or not kept):
            since, until = word[0] or since, word[1]
        times.append((since, until))
    if len(times) == 1 and times[0][0] is None:
        times[0] = (owner.subscribed_at, times[0][1])
    return times


def name_of(place: Place) -> tuple[str, int]:
    """Return by what a subscription is known again: two accounts may claim one, each with traits of its own."""
    return place[ROKT_ID].lower(), place[TRAITS_ID]


def whole(owner: Owner, own: list[Place], times: list[Times], home_id: int) -> Iterator[Place]:
    """Yield the values of ``COLUMNS``."""
    for place, (since, until) in zip(own, times, strict=True):
        yield (*place, home_id, owner.random_bucket, since, until, owner.may_receive and until is None)


def written(place: Place) -> Place:
    """Return the values as the database takes them."""
    if place[SUBSCRIBED_AT] is None and place[ENDED_AT] is None:
        return place
    times = (adapted(place[SUBSCRIBED_AT]), adapted(place[ENDED_AT]))
    return (*place[:SUBSCRIBED_AT], *times, *place[ENDED_AT + 1 :])
