"""Small worlds of people, and rules about them, drawn from texts on which databases like to disagree."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from campaigns.models import Subscriber, Subscription, SubscriptionTag
from campaigns.segments.fields import FIELDS, Kind
from campaigns.segments.rules import Condition, Group, Match, Person, Rule
from tests import builders

ACCOUNTS = ["shop", "Shop", "other"]
TRICKY = [
    "a",
    "A",
    "ab",
    "é",
    "É",
    "e\u0301",
    "ß",
    "SS",
    "İ",
    "😀",
    " ",
    "%",
    "_",
    "*",
    "[a]",
    "?",
    "\\",
    "'",
    '"',
]
TRICKY += ["\n", "null", "true", "0", "\uffff"]

answers = st.sampled_from([True, False, None])


@dataclass(frozen=True)
class World:
    """Rows to make: one entry per person, with that person's subscriptions and their tags."""

    people: list[tuple[dict[str, Any], list[tuple[dict[str, Any], list[str]]]]]

    def make(self) -> list[Subscriber]:
        """Store the people, each with a user id of its own."""
        workspaces = [builders.make_workspace() for _person in self.people]
        return [
            self._make_person(Subscriber(workspace=workspace, **person), owned)
            for workspace, (person, owned) in zip(workspaces, self.people, strict=True)
        ]

    def _make_person(self, person: Subscriber, owned: list[tuple[dict[str, Any], list[str]]]) -> Subscriber:
        person.save()
        made = Subscription.objects.bulk_create(
            Subscription(subscriber=person, position=place, **columns)
            for place, (columns, _tags) in enumerate(owned)
        )
        tags = zip(made, (names for _columns, names in owned), strict=True)
        SubscriptionTag.objects.bulk_create(
            SubscriptionTag(subscription=each, name=name) for each, names in tags for name in names
        )
        return person


def worlds(pool: Sequence[str]) -> st.SearchStrategy[World]:
    """Draw three people with up to three subscriptions each, every text of them from the pool."""
    some = st.sampled_from(["", *pool])
    things = some | answers | st.sampled_from([0, 1.5, ["a"], {"a": "a"}])
    profiles = st.dictionaries(st.sampled_from([field.key for field in FIELDS.values() if field.key]), things)
    active = st.sampled_from([True, True, False])
    person = st.fixed_dictionaries(
        _columns("subscriber__", some) | {"profile": profiles, "is_active": active}
    )
    columns = st.fixed_dictionaries(_columns("", some) | {"account_code": st.sampled_from(ACCOUNTS)})
    subscription = st.tuples(columns, st.lists(st.sampled_from(pool), max_size=3, unique=True))
    owned = st.sampled_from([0, 1, 2, 3]).flatmap(lambda size: _exactly(size, subscription))
    return _exactly(3, st.tuples(person, owned)).map(World)


def _exactly(size: int, each: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(each, min_size=size, max_size=size)


def _columns(prefix: str, some: st.SearchStrategy[str]) -> dict[str, st.SearchStrategy[Any]]:
    paths = {field.path: field.kind for field in FIELDS.values() if not field.key and field.kind != Kind.TAGS}
    mine = {path: kind for path, kind in paths.items() if path.startswith("subscriber__") == bool(prefix)}
    return {path.removeprefix(prefix): some if kind == Kind.TEXT else answers for path, kind in mine.items()}


@st.composite
def pools(draw: st.DrawFn) -> list[str]:
    """Draw the few texts of a world: each begins with, ends with or only looks like another."""
    one, two = draw(st.lists(st.sampled_from(TRICKY), min_size=2, max_size=2, unique=True))
    return sorted({one, two, one + two, (one + two).swapcase()})


@st.composite
def conditions(draw: st.DrawFn, pool: Sequence[str] = ("a",)) -> Condition:
    """Draw a question that its field can answer."""
    kind = draw(st.sampled_from(Kind))
    field = draw(st.sampled_from([field for field in FIELDS.values() if field.kind == kind]))
    op = draw(st.sampled_from(field.kind.value))
    wanted = st.sampled_from([*ACCOUNTS, "SHOP", "sh"] if field.name == "account_code" else [*pool, "%"])
    listed = st.lists(wanted, min_size=1, max_size=2).map(tuple)
    return Condition(field, op, draw(listed) if op.takes_values else ())


@st.composite
def rules(draw: st.DrawFn, pool: Sequence[str] = ("a",), depth: int = 3, *, alone: bool = True) -> Group:
    """Draw a rule, up to a few groups deep; where it stands `alone`, with rules about the person in it."""
    size = draw(st.sampled_from([2, 1, 3, 2, 1, 3, 2, 0]))
    return Group(
        draw(st.sampled_from(Match)), tuple(draw(_part(pool, depth, alone=alone)) for _ in range(size))
    )


@st.composite
def _part(draw: st.DrawFn, pool: Sequence[str], depth: int, *, alone: bool) -> Rule:
    kind = draw(st.sampled_from([Condition, Person, Condition, Group, Person])) if depth > 1 else Condition
    if kind is Condition:
        return draw(conditions(pool))
    group = draw(rules(pool, depth - 1, alone=alone and kind is Group))
    return Person(group) if alone and kind is Person else group


@st.composite
def cases(draw: st.DrawFn) -> tuple[World, list[Rule]]:
    """Draw people and what is asked about them: single conditions, where faults show best, and whole rules."""
    pool = draw(pools())
    return draw(worlds(pool)), [*draw(_exactly(8, conditions(pool))), *draw(_exactly(3, rules(pool)))]
