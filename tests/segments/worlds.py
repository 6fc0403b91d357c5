"""Small worlds of people and rules, drawn from texts on which databases like to disagree."""

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
    "aB",
    "b",
    "é",
    "É",
    "e\u0301",
    "ß",
    "SS",
    "İ",
    "i",
    "😀",
    " a",
    "a ",
    "%",
    "_",
    "a%b",
    "a_b",
    "*",
]
TRICKY += ["[a]", "?", "\\", "'", '"', "a/b", "\n", "null", "true", "0", "ﬁ", "\uffff"]

texts = st.sampled_from(["", *TRICKY]) | st.lists(st.sampled_from(TRICKY), max_size=3).map("".join)
values = texts.filter(bool)
answers = st.sampled_from([True, False, None])
json_things = texts | answers | st.sampled_from([0, 1.5, ["a"], {"a": "a"}])


@dataclass(frozen=True)
class World:
    """Rows to make: one entry per person, with that person's subscriptions and their tags."""

    people: list[tuple[dict[str, Any], list[tuple[dict[str, Any], list[str]]]]]

    def make(self) -> list[Subscriber]:
        """Store the people, each with a user id of its own."""
        workspace = builders.make_workspace()
        return [
            self._make_person(
                Subscriber(
                    workspace=workspace, **{**person, "external_id": f"{person['external_id']}{place}"}
                ),
                owned,
            )
            for place, (person, owned) in enumerate(self.people)
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


def _columns(prefix: str) -> dict[str, st.SearchStrategy[Any]]:
    paths = {field.path: field.kind for field in FIELDS.values() if not field.key and field.kind != Kind.TAGS}
    mine = {path: kind for path, kind in paths.items() if path.startswith("subscriber__") == bool(prefix)}
    return {path.removeprefix(prefix): texts if kind == Kind.TEXT else answers for path, kind in mine.items()}


profiles = st.dictionaries(
    st.sampled_from([field.key for field in FIELDS.values() if field.key]), json_things
)
persons = st.fixed_dictionaries(
    _columns("subscriber__") | {"profile": profiles, "is_active": st.sampled_from([True, True, False])}
)
owned = st.fixed_dictionaries(_columns("") | {"account_code": st.sampled_from(ACCOUNTS)})
tagged = st.tuples(owned, st.lists(texts.filter(bool), max_size=3, unique=True))
worlds = st.lists(st.tuples(persons, st.lists(tagged, max_size=3)), max_size=4).map(World)


@st.composite
def conditions(draw: st.DrawFn) -> Condition:
    """Draw a question that its field can answer."""
    field = draw(st.sampled_from(list(FIELDS.values())))
    op = draw(st.sampled_from(field.kind.value))
    wanted = st.sampled_from(ACCOUNTS) if field.name == "account_code" else values
    return Condition(
        field, op, tuple(draw(st.lists(wanted, min_size=1, max_size=3))) if op.takes_values else ()
    )


def _groups(inner: st.SearchStrategy[Rule]) -> st.SearchStrategy[Group]:
    return st.builds(Group, st.sampled_from(Match), st.lists(inner, max_size=3).map(tuple))


def _trees(leaves: st.SearchStrategy[Rule]) -> st.SearchStrategy[Rule]:
    return st.recursive(leaves, _groups, max_leaves=5)


_persons = st.builds(Person, _groups(_trees(conditions())))
rules = _groups(_trees(conditions() | _persons))
