"""What many subscriptions have in common: the rows for combinations of values, found or made."""

from collections.abc import Callable, Collection, Iterable, Mapping
from operator import itemgetter
from typing import Any, TypeAlias

from campaigns.importing import rows
from campaigns.models import Home, Traits, TraitsTag
from campaigns.models.audience import digest
from integrations.braze.profile import Values

MOST_REMEMBERED = 100_000_000  # bytes of combinations, of which most take less than 2,000

TRAITS = (
    "account_code", "account_rokt_id", "account_name", "calendar_code", "calendar_rokt_id", "calendar_title",
    "country_code", "device_name", "geo_country", "opt_in_1", "opt_in_2", "source", "method",
)  # fmt: skip
HOME = ("country", "language", "time_zone", "city")

Combination: TypeAlias = tuple[Any, ...]
# What a subscription has in common with others: the values of TRAITS, then the tags as they come.
common: Callable[[Values], Combination] = itemgetter(slice(Values._fields.index(TRAITS[0]), None))


class Memory(dict[Combination, int]):
    """Numbers of combinations, until they are too much to keep."""

    weight = 0

    def make_room(self) -> None:
        """Forget all, if it is too much by now."""
        if self.weight > MOST_REMEMBERED:
            self.clear()
            self.weight = 0

    def weigh(self, new: Iterable[Combination]) -> None:
        """Note what these take."""
        self.weight += sum(map(weight, new))


class Finder:
    """Finds or makes the rows for combinations, and remembers those it has met."""

    def __init__(self) -> None:
        self.known = Memory()

    def traits(self, wanted: Collection[Combination]) -> Mapping[Combination, int]:
        """Return the id of the traits for each combination (``common`` of a subscription, its tags in any order).

        Call it in the transaction that uses them.
        """
        return self._find(Traits, wanted)

    def homes(self, wanted: Collection[Combination]) -> Mapping[Combination, int]:
        """Return the id of the home for each ``home_of``, in the same way."""
        return self._find(Home, wanted)

    def _find(
        self, model: type[Traits] | type[Home], wanted: Collection[Combination]
    ) -> Mapping[Combination, int]:
        missing = set(wanted).difference(self.known)
        if missing:
            self.known.weigh(missing)
            ordered = {each: in_order(each) if model is Traits else each for each in missing}
            made = found_or_made(model, set(ordered.values()))
            self.known |= {each: made[alike] for each, alike in ordered.items()}
        return self.known


def weight(combination: Combination) -> int:
    """Return about how many bytes it takes, at most: a file may hold a thousand tags of four bytes a letter."""
    texts = (text for value in combination for text in (value if type(value) is tuple else (value,)))
    return sum(80 + 4 * len(text) for text in texts if type(text) is str)


def traits_of(values: Values) -> Combination:
    """Return what a subscription shares with others: the values of ``TRAITS``, then the tags in order."""
    return in_order(common(values))


def in_order(combination: Combination) -> Combination:
    """Return the same with its tags in order."""
    *values, tags = combination
    return combination if len(tags) < 2 else (*values, tuple(sorted(tags)))


def home_of(profile: Mapping[str, object]) -> Combination:
    """Return the values of ``HOME`` in a Liquid profile; anything but a text is no value."""
    return tuple([value if isinstance(value := profile.get(name), str) else "" for name in HOME])


def found_or_made(model: type[Traits] | type[Home], missing: Iterable[Combination]) -> dict[Combination, int]:
    """Return combination -> id; rows are made in one order, so that two imports cannot block each other."""
    digests = {digest(list(each)): each for each in missing}
    there = ids(model, digests)
    new = {key: digests[key] for key in sorted(digests.keys() - there.keys())}
    if new:
        names = TRAITS if model is Traits else HOME
        rows.insert_missing(model, ("digest", *names), [(key, *new[key][: len(names)]) for key in new])
        made = ids(model, new)
        if model is Traits:
            tags = [(made[key], name) for key, values in new.items() for name in values[-1]]
            rows.insert_missing(TraitsTag, ("traits_id", "name"), tags)
        there |= made
    return {digests[key]: pk for key, pk in there.items()}


def ids(model: type[Traits] | type[Home], digests: Iterable[str]) -> dict[str, int]:
    """Return digest -> id of the rows that are there."""
    found = model._default_manager.filter(digest__listed=digests).order_by()
    return dict(found.values_list("digest", "pk"))
