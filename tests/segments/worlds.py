"""Small worlds of people, and rules about them, drawn from texts on which databases like to disagree."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from campaigns.importing.shared import HOME
from campaigns.models import Event, Subscriber
from campaigns.segments import lists
from campaigns.segments.fields import FIELDS, Field, Kind, Op, Takes
from campaigns.segments.rules import Condition, Group, Inside, Match, Person, Rule
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
NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
EVENTS = ["Event_A", "Event_B"]
PATTERNS = ["^a", "É", ".", "a|%", "^$", "[a-b]+$"]
moments = st.sampled_from(
    [
        *(None, NOW, NOW - timedelta(days=1), NOW - timedelta(days=1, seconds=1), NOW - timedelta(days=400)),
        *(datetime(2026, 3, 30, tzinfo=UTC), datetime(2026, 3, 30, 23, 59, 59, 999999, tzinfo=UTC)),
    ]
)


@dataclass(frozen=True)
class World:
    """Rows to make: one entry per person, with that person's subscriptions and their tags."""

    people: list[tuple[dict[str, Any], list[tuple[dict[str, Any], list[str]]]]]

    def make(self) -> list[Subscriber]:
        """Store the people, each with a user id of its own."""
        campaign = builders.make_campaign()
        for event_id in EVENTS:
            builders.make_event(campaign, event_id=event_id)
        known = {person["external_id"] for person, _owned in self.people if person["random_bucket"] % 2}
        builders.make_list("One", *known)
        builders.make_list("Two")
        workspaces = [builders.make_workspace() for _person in self.people]
        people = []
        for workspace, (person, owned) in zip(workspaces, self.people, strict=True):
            people.append(self._make_person(Subscriber(workspace=workspace, **person), owned))
            if len(people) == 1:
                lists.match(seconds=60)  # the others come later
        return people

    def _make_person(self, person: Subscriber, owned: list[tuple[dict[str, Any], list[str]]]) -> Subscriber:
        seen_at, person.created_at = person.created_at or NOW, None  # type: ignore[assignment,truthy-bool]  # set below
        person.save()
        Subscriber.objects.filter(pk=person.pk).update(created_at=seen_at)
        person.created_at = seen_at
        for columns, tags in owned:
            builders.make_subscription(person, **columns, tags=tags)
        has = person.random_bucket % 4
        for event in Event.objects.order_by("pk")[:has]:
            builders.make_entry(builders.make_delivery(subscriber=person), event=event, is_test=has == 2)
        return person


def worlds(pool: Sequence[str]) -> st.SearchStrategy[World]:
    """Draw three people with up to three subscriptions each, every text of them from the pool."""
    some = st.sampled_from(["", *pool])
    things = some | answers | st.sampled_from([0, 1.5, ["a"], {"a": "a"}])
    profiles = st.dictionaries(st.sampled_from(HOME), things)
    active = st.sampled_from([True, True, False])
    person = st.fixed_dictionaries(
        _columns("subscriber__", some)
        | {"profile": profiles, "is_active": active, "is_suppressed": st.sampled_from([False] * 5 + [True])}
        | {"random_bucket": st.integers(0, 9_999)}
    )
    columns = st.fixed_dictionaries(
        _columns("", some)
        | {"account_code": st.sampled_from(ACCOUNTS), "ended_at": st.sampled_from([None, None, NOW])}
    )
    subscription = st.tuples(columns, st.lists(st.sampled_from(pool), max_size=3, unique=True))
    owned = st.sampled_from([0, 1, 2, 3]).flatmap(lambda size: _exactly(size, subscription))
    return _exactly(3, st.tuples(person, owned)).map(World)


def _exactly(size: int, each: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(each, min_size=size, max_size=size)


def _columns(prefix: str, some: st.SearchStrategy[str]) -> dict[str, st.SearchStrategy[Any]]:
    paths = {
        field.path.removeprefix("traits__"): field.kind
        for field in FIELDS.values()
        if field.kind != Kind.TAGS and not field.path.startswith("home__") and field.path != "subscriber"
    }
    mine = {path: kind for path, kind in paths.items() if path.startswith("subscriber__") == bool(prefix)}
    drawn = {Kind.TEXT: some, Kind.YES_NO: answers, Kind.TIME: moments, Kind.SAMPLE: st.integers(0, 9_999)}
    return {path.removeprefix(prefix): drawn[kind] for path, kind in mine.items() if kind in drawn}


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
    op = draw(st.sampled_from(field.ops))
    return Condition(field, op, draw(_beside(field, op, pool)))


def _beside(field: Field, op: Op, pool: Sequence[str]) -> st.SearchStrategy[tuple[str, ...]]:
    wanted = st.sampled_from([*ACCOUNTS, "SHOP", "sh"] if field.name == "account_code" else [*pool, "%"])
    if op is Op.RAW_IS_ANY_OF:
        wanted = st.tuples(wanted, st.sampled_from(pool)).map("/".join) | wanted
    low, high = st.sampled_from(["0", "2500", "9999"]), st.sampled_from(["0", "5000", "9999"])
    drawn: dict[Takes, st.SearchStrategy[Any]] = {
        Takes.NOTHING: st.just(()),
        Takes.TEXTS: st.lists(wanted, min_size=1, max_size=2).map(tuple),
        Takes.PATTERN: st.tuples(st.sampled_from(PATTERNS)),
        Takes.DAYS: st.tuples(st.sampled_from(["1", "2", "400", "9999"])),
        Takes.DATE: st.tuples(st.sampled_from(["2026-03-30", "2026-03-31", "1970-01-01", "2999-12-31"])),
        Takes.RANGE: st.tuples(low, high).map(lambda pair: tuple(sorted(pair, key=int))),
        Takes.SAMPLE: st.tuples(st.sampled_from(["0.01", "50", "99.99", "100"]), wanted),
        Takes.EVENTS: st.lists(st.sampled_from([*EVENTS, "x"]), min_size=1, max_size=2).map(tuple),
        Takes.CAMPAIGNS: st.lists(st.sampled_from(["1", "2", "999"]), min_size=1, max_size=2).map(tuple),
        Takes.LISTS: st.lists(st.sampled_from(["1", "2", "999"]), min_size=1, max_size=2).map(tuple),
    }
    return drawn[field.takes(op)]


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
    if alone and kind is Person:
        return Person(group)
    return Inside(7, "Another", group) if draw(st.booleans()) and depth == 2 else group


@st.composite
def cases(draw: st.DrawFn) -> tuple[World, list[Rule]]:
    """Draw people and what is asked about them: single conditions, where faults show best, and whole rules."""
    pool = draw(pools())
    return draw(worlds(pool)), [*draw(_exactly(8, conditions(pool))), *draw(_exactly(3, rules(pool)))]
