"""Whom a rule means, in numbers: people, subscriptions, and how they spread over accounts, calendars and countries."""

import random
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import Any, Final, NamedTuple

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from campaigns.models import Subscriber, Subscription, Traits
from campaigns.segments.counting import Tally, counted

MOST_SLICES: Final = 8
FEW: Final = 5_000  # subscriptions whose ids are rather read than counted once more

NEAR: Final = 1_000  # people among whom a sample is looked for first


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


class Named(NamedTuple):
    """The traits by which a picture sums up."""

    account_code: str
    account_name: str
    calendar_code: str
    calendar_title: str
    country_code: str
    method: str


def count(found: QuerySet[Subscription]) -> Count:
    """Count subscriptions and their people."""
    tallies, people, _sample = counted(found, size=0)
    return _count(tallies, people)


def _count(tallies: Iterable[Tally], people: int) -> Count:
    return Count(people, sum(each.found for each in tallies), sum(each.lacking for each in tallies))


def picture(found: QuerySet[Subscription], *, size: int) -> Picture:
    """Count and draw in one reading; what is shown of it is summed up here."""
    tallies, people, chosen = counted(found, size=size)
    named = _named([each.traits_id for each in tallies])
    total = _count(tallies, people)
    slices = partial(_slices, [(named[each.traits_id], each) for each in tallies], people=people)
    return Picture(
        total.people,
        total.subscriptions,
        total.without_id,
        by_account=slices(lambda row: (row.account_code, row.account_name)),
        by_calendar=slices(lambda row: (row.calendar_code, row.calendar_title)),
        by_country=slices(lambda row: (row.country_code, "")),
        by_method=slices(lambda row: (row.method, "")),
        sample=tuple(_rows(chosen)),
    )


def sample(found: QuerySet[Subscription], *, size: int) -> list[Subscriber]:
    """Return some people; all of them, if they are no more than `size`. Nothing is counted."""
    first = _people(found)[: FEW + 1]
    return _rows(_drawn(set(first), size) if len(first) <= FEW else _walked(found, size))


def _rows(chosen: Collection[int]) -> list[Subscriber]:
    rows = Subscriber.objects.in_bulk(chosen)
    return [rows[pk] for pk in chosen if pk in rows]


def _named(pks: Collection[int]) -> Mapping[int, Named]:
    """Return what these traits are called."""
    rows = Traits.objects.filter(pk__listed=pks).order_by().values_list("pk", *Named._fields)
    return {pk: Named(*columns) for pk, *columns in rows}


def _slices(
    tallies: Iterable[tuple[Named, Tally]], code_of: Callable[[Named], tuple[str, str]], *, people: int
) -> tuple[Slice, ...]:
    """Sum up by code, largest first, and all small ones as "other"."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    labels: dict[str, str] = {}
    for traits, each in tallies:
        code, label = code_of(traits)
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


def _people(found: QuerySet[Subscription]) -> QuerySet[Any, int]:
    return found.order_by().values_list("subscriber_id", flat=True)


def _drawn(people: set[int], size: int) -> list[int]:
    return random.sample(sorted(people), min(size, len(people)))


def _walked(found: QuerySet[Subscription], size: int) -> list[int]:
    """Return people next to each other from a random place on, and from the beginning if the end comes first."""
    theirs = found.order_by("subscriber_id").values_list("subscriber_id", flat=True).distinct()
    first, last = theirs[:1].get(), theirs.reverse()[:1].get()
    start = random.randint(first, last)  # noqa: S311 - nothing secret, merely not always the same
    chosen = _from(theirs, start, last, size)
    return chosen + _from(theirs, first, start - 1, size - len(chosen))


def _from(theirs: QuerySet[Any, int], start: int, last: int, size: int) -> list[int]:
    """Return the first people between two keys, looked for in few at first, lest the database join all of them."""
    chosen: list[int] = []
    end, width = start, NEAR
    while len(chosen) < size and end <= last:
        end, width = start + width, width * 10
        chosen = list(theirs.filter(subscriber_id__gte=start, subscriber_id__lt=min(end, last + 1))[:size])
    return chosen
