"""What many subscriptions have in common: the rows for combinations of values, found or made."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, TypeAlias

from campaigns.models import Home, Traits, TraitsTag
from campaigns.models.audience import digest
from integrations.braze.profile import Values

MOST_REMEMBERED = 50_000  # combinations, of about 1 KB each

TRAITS = (
    "account_code", "account_rokt_id", "account_name", "calendar_code", "calendar_rokt_id", "calendar_title",
    "country_code", "device_name", "geo_country", "opt_in_1", "opt_in_2", "source", "method",
)  # fmt: skip
COMMON = slice(Values._fields.index(TRAITS[0]), Values._fields.index("tags"))  # in the order of TRAITS
HOME = ("country", "language", "time_zone", "city")

Combination: TypeAlias = tuple[Any, ...]


class Finder:
    """Finds or makes the rows for combinations, and remembers those it has met."""

    def __init__(self) -> None:
        self.known: dict[Combination, int] = {}

    def traits(self, wanted: Collection[Combination]) -> Mapping[Combination, int]:
        """Return the id of the traits for each ``traits_of``; call it in the transaction that uses them."""
        return self._find(Traits, wanted)

    def homes(self, wanted: Collection[Combination]) -> Mapping[Combination, int]:
        """Return the id of the home for each ``home_of``, in the same way."""
        return self._find(Home, wanted)

    def _find(
        self, model: type[Traits] | type[Home], wanted: Collection[Combination]
    ) -> Mapping[Combination, int]:
        if len(self.known) + len(wanted) > MOST_REMEMBERED:
            self.known.clear()
        missing = {each for each in wanted if each not in self.known}
        if missing:
            self.known |= found_or_made(model, missing)
        return self.known


def traits_of(values: Values) -> Combination:
    """Return what a subscription shares with others: the values of ``TRAITS``, then the tags in order."""
    tags = values.tags if len(values.tags) < 2 else tuple(sorted(values.tags))
    return (*tuple(values)[COMMON], tags)


def home_of(profile: Mapping[str, object]) -> Combination:
    """Return the values of ``HOME`` in a Liquid profile; anything but a text is no value."""
    return tuple([value if isinstance(value := profile.get(name), str) else "" for name in HOME])


def found_or_made(model: type[Traits] | type[Home], missing: Iterable[Combination]) -> dict[Combination, int]:
    """Return combination -> id; rows are made in one order, so that two imports cannot block each other."""
    digests = {digest(list(each)): each for each in missing}
    there = ids(model, digests)
    new = sorted(digests.keys() - there.keys())
    if new and model is Traits:
        make_traits({key: digests[key] for key in new})
    elif new:
        rows = (Home(digest=key, **dict(zip(HOME, digests[key], strict=True))) for key in new)
        Home.objects.bulk_create(rows, ignore_conflicts=True)
    there |= ids(model, new)
    return {digests[key]: pk for key, pk in there.items()}


def make_traits(new: Mapping[str, Combination]) -> None:
    """Make traits (digest -> combination) with their tags, unless somebody else has just done so."""
    Traits.objects.bulk_create(
        (Traits(digest=key, **dict(zip(TRAITS, values, strict=False))) for key, values in new.items()),
        ignore_conflicts=True,
    )
    pks = ids(Traits, new)
    tags = (TraitsTag(traits_id=pks[key], name=name) for key, values in new.items() for name in values[-1])
    TraitsTag.objects.bulk_create(tags, ignore_conflicts=True)


def ids(model: type[Traits] | type[Home], digests: Iterable[str]) -> dict[str, int]:
    """Return digest -> id of the rows that are there."""
    found = model._default_manager.filter(digest__in=list(digests)).order_by()
    return dict(found.values_list("digest", "pk"))
