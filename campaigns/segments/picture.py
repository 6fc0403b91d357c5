"""Whom a rule means, in numbers: people, subscriptions, and how they spread over accounts, calendars and countries."""

import random
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final

from django.db.models import Count as Counted
from django.db.models import Max, Min, Q, QuerySet
from django.utils.translation import gettext as _

from campaigns.models import Subscriber, Subscription, Traits

MOST_SLICES: Final = 8
FEW: Final = 5_000  # subscriptions whose ids are rather read than counted once more

_NEIGHBOURS: Final = 20  # rows read for one person of a sample


@dataclass(frozen=True, slots=True)
class Count:
    """How many people and subscriptions a rule means, and how many of the subscriptions cannot receive events."""

    people: int
    subscriptions: int
    without_id: int


@dataclass(frozen=True, slots=True)
class Slice:
    """One row of a breakdown; ``people`` is None where counting them would take too long.

    ``is_other`` sums all that has no row of its own; it has no code.
    """

    label: str
    code: str
    subscriptions: int
    people: int | None = None
    without_id: int = 0
    is_other: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything that is shown of a rule's audience at a glance; the breakdowns count subscriptions."""

    people: int
    subscriptions: int
    without_id: int
    by_account: tuple[Slice, ...]
    by_calendar: tuple[Slice, ...]
    by_country: tuple[Slice, ...]
    by_method: tuple[Slice, ...]
    sample: tuple[Subscriber, ...]

    @property
    def count(self) -> Count:
        """The three numbers."""
        return Count(self.people, self.subscriptions, self.without_id)


@dataclass(frozen=True, slots=True)
class _Tally:
    """The subscriptions of one combination of traits: how many, without an id, and between which keys."""

    traits: Traits
    found: int
    lacking: int
    first: int
    last: int


def count(found: QuerySet[Subscription]) -> Count:
    """Count subscriptions and their people, in one query."""
    total = found.order_by().aggregate(
        people=Counted("subscriber_id", distinct=True),
        subscriptions=Counted("pk"),
        without_id=Counted("pk", filter=Q(rokt_id="")),
    )
    return Count(**total)


def picture(found: QuerySet[Subscription], *, size: int) -> Picture:
    """Count in one reading by traits, and the people in a second; what is shown of it is summed up here."""
    tallies = _tallies(found)
    subscriptions = sum(each.found for each in tallies)
    if subscriptions <= FEW:
        theirs = [pk for (pk,) in found.order_by().values_list("subscriber_id")]
        people, chosen = len(set(theirs)), _drawn(set(theirs), size)
    else:
        people = found.order_by().aggregate(people=Counted("subscriber_id", distinct=True))["people"]
        chosen = _walked(found, min(each.first for each in tallies), max(each.last for each in tallies), size)
    rows = Subscriber.objects.in_bulk(chosen)
    return Picture(
        people,
        subscriptions,
        sum(each.lacking for each in tallies),
        by_account=_slices(tallies, lambda row: (row.account_code, row.account_name), people=people),
        by_calendar=_slices(tallies, lambda row: (row.calendar_code, row.calendar_title), people=people),
        by_country=_slices(tallies, lambda row: (row.country_code, ""), people=people),
        by_method=_slices(tallies, lambda row: (row.method, ""), people=people),
        sample=tuple(rows[pk] for pk in chosen if pk in rows),
    )


def sample(found: QuerySet[Subscription], *, size: int) -> list[Subscriber]:
    """Return some people; all of them, if they are no more than `size`."""
    return list(picture(found, size=size).sample)


def _tallies(found: QuerySet[Subscription]) -> list[_Tally]:
    numbers = (
        found.order_by()
        .values_list("traits_id")
        .annotate(
            found=Counted("pk"), lacking=Counted("pk", filter=Q(rokt_id="")), first=Min("pk"), last=Max("pk")
        )
    )
    rows = list(numbers)
    traits = _of(Traits.objects.all(), [row[0] for row in rows])
    return [_Tally(traits[pk], *row) for pk, *row in rows]


def _of(traits: QuerySet[Traits], pks: Collection[int]) -> Mapping[int, Traits]:
    """Return the rows with these keys; all at once where they are too many to name."""
    return traits.in_bulk(list(pks)) if len(pks) < FEW else traits.in_bulk()


def _slices(
    tallies: Iterable[_Tally], named: Callable[[Traits], tuple[str, str]], *, people: int
) -> tuple[Slice, ...]:
    """Sum up by code, largest first, and all small ones as "other"."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    labels: dict[str, str] = {}
    for each in tallies:
        code, label = named(each.traits)
        sums[code][0] += each.found
        sums[code][1] += each.lacking
        labels[code] = labels.get(code) or label
    slices = [
        Slice(labels[code] or code, code, found, None, lacking) for code, (found, lacking) in sums.items()
    ]
    slices.sort(key=lambda each: (-each.subscriptions, each.code))
    if len(slices) == 1:
        (only,) = slices
        return (Slice(only.label, only.code, only.subscriptions, people, only.without_id),)
    return (*slices[:MOST_SLICES], *_rest(slices[MOST_SLICES:]))


def _rest(slices: Sequence[Slice]) -> list[Slice]:
    if not slices:
        return []
    found, lacking = (sum(map(attrgetter(name), slices)) for name in ("subscriptions", "without_id"))
    return [Slice(_("other"), "", found, None, lacking, is_other=True)]


def _drawn(people: set[int], size: int) -> list[int]:
    return random.sample(sorted(people), min(size, len(people)))


def _walked(found: QuerySet[Any], first: int, last: int, size: int) -> list[int]:
    """Return people next to each other from a random place on, and from the beginning if the end comes first."""
    start = random.randint(first, last)  # noqa: S311 - as above
    rows = found.order_by("pk").values_list("subscriber_id", flat=True)
    chosen: dict[int, None] = {}
    for part in (rows.filter(pk__gte=start), rows.filter(pk__lt=start)):
        if len(chosen) < size:
            chosen |= dict.fromkeys(part[: size * _NEIGHBOURS])
    return list(chosen)[:size]
