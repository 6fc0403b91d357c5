"""A rule as a query: which subscriptions, which people, how many of each.

Every condition is true or false, never unknown, whatever is missing; what is counted here is what
`campaigns.segments.explain` says about each person, in every database.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from typing import Any, Final

from django.db import models
from django.db.models import Case, Exists, F, Max, OuterRef, Q, QuerySet, Sum, TextField, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import StrIndex
from django.db.models.lookups import Exact, GreaterThan, In

from campaigns.models import Subscriber, Subscription, SubscriptionTag
from campaigns.segments.fields import Field, Kind, Op
from campaigns.segments.rules import Condition, Group, Match, Person, Rule

EVERYTHING: Final = ~Q(pk__in=[])  # an empty Q would vanish from an "or" instead of making it true


@dataclass(frozen=True, slots=True)
class Count:
    """How many people and subscriptions a rule means, and how many of the subscriptions cannot receive events."""

    people: int
    subscriptions: int
    without_id: int


def subscriptions(rule: Rule, *, account_code: str | None = None) -> QuerySet[Subscription]:
    """The subscriptions of active people that the rule picks, each once; of one account, if asked.

    Rules about the person still look at that person's subscriptions of every account.
    """
    found = Subscription.objects.filter(_q(rule), subscriber__is_active=True)
    return found if account_code is None else found.filter(account_code=account_code)


def people(rule: Rule, *, account_code: str | None = None) -> QuerySet[Subscriber]:
    """The active people with at least one subscription that the rule picks, each once."""
    theirs = subscriptions(rule, account_code=account_code).filter(subscriber=OuterRef("pk"))
    return Subscriber.objects.filter(Exists(theirs), is_active=True)


def count(rule: Rule, *, account_code: str | None = None) -> Count:
    """The exact numbers, in one query."""
    each = subscriptions(rule, account_code=account_code).order_by().values("subscriber")
    each = each.annotate(found=models.Count("pk"), lacking=models.Count("pk", filter=Q(rokt_id="")))
    total = each.aggregate(models.Count("subscriber"), Sum("found", default=0), Sum("lacking", default=0))
    return Count(total["subscriber__count"], total["found__sum"], total["lacking__sum"])


def sample(rule: Rule, *, account_code: str | None = None, size: int = 5) -> list[Subscriber]:
    """Some people whom the rule means, from a random place on; all of them, if they are no more than `size`."""
    found = people(rule, account_code=account_code).order_by("pk")
    last = Subscriber.objects.aggregate(last=Max("pk"))["last"] or 0
    start = secrets.randbelow(last + 1)
    chosen = list(found.filter(pk__gte=start)[:size])
    return chosen + list(found.filter(pk__lt=start)[: size - len(chosen)])


def _q(rule: Rule) -> Q:
    match rule:
        case Condition(field=field, op=op, values=values):
            asked = _CONDITIONS[field.kind][op.opposite or op](field, values)
            return ~asked if op.opposite else asked
        case Person(group=group):
            theirs = Subscription.objects.filter(_q(group), subscriber=OuterRef("subscriber"))
            return Q(Exists(theirs))
        case Group(match=how, rules=rules):
            return _together(how, [_q(inner) for inner in rules])


def _together(how: Match, parts: Sequence[Q]) -> Q:
    if not parts:
        return EVERYTHING
    if how == Match.NONE:
        return ~reduce(or_, parts)
    return reduce(and_ if how == Match.ALL else or_, parts)


class ProfileText(models.Func):
    """The text under `key` in a JSON column; "" for anything else that may be there."""

    output_field = TextField()
    template = (
        "CASE json_type(%(expressions)s, '$.%(key)s') WHEN 'text'"
        " THEN json_extract(%(expressions)s, '$.%(key)s') ELSE '' END"
    )

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """Say the same to PostgreSQL."""
        template = (
            "CASE jsonb_typeof(%(expressions)s -> '%(key)s') WHEN 'string'"
            " THEN %(expressions)s ->> '%(key)s' ELSE '' END"
        )
        return self.as_sql(compiler, connection, template=template, **extra)


def _text(field: Field) -> Combinable:
    return ProfileText(F(field.path), key=field.key) if field.key else F(field.path)


def _contains(text: Combinable, values: Sequence[str]) -> Q:
    return _found(text, values, lambda place: GreaterThan(place, 0))


def _starts(text: Combinable, values: Sequence[str]) -> Q:
    return _found(text, values, lambda place: Exact(place, 1))


def _found(text: Combinable, values: Sequence[str], wanted: Callable[[StrIndex], Any]) -> Q:
    """Whether one of the values is found in the wanted place; by position, because LIKE ignores case in SQLite.

    A list of cases and not of ORs, because SQLite takes no expression that is a thousand deep.
    """
    cases = [When(wanted(StrIndex(text, Value(value))), then=Value(True)) for value in values]
    return Q(Case(*cases, default=Value(False)))


def _tagged(condition: Q) -> Q:
    return Q(Exists(SubscriptionTag.objects.filter(condition, subscription=OuterRef("pk"))))


def _has_all(values: Sequence[str]) -> Q:
    wanted = set(values)
    mine = SubscriptionTag.objects.filter(subscription=OuterRef("pk"), name__in=wanted)
    return Q(Exists(mine.values("subscription").annotate(found=models.Count("pk")).filter(found=len(wanted))))


_CONDITIONS: Final[dict[Kind, dict[Op, Callable[[Field, Sequence[str]], Q]]]] = {
    Kind.TEXT: {
        Op.IS_ANY_OF: lambda field, values: Q(In(_text(field), values)),
        Op.CONTAINS_ANY_OF: lambda field, values: _contains(_text(field), values),
        Op.STARTS_WITH: lambda field, values: _starts(_text(field), values),
        Op.IS_BLANK: lambda field, _values: Q(Exact(_text(field), "")),
    },
    Kind.YES_NO: {
        Op.IS_TRUE: lambda field, _values: Q(**{field.path: True, f"{field.path}__isnull": False}),
        Op.IS_FALSE: lambda field, _values: Q(**{field.path: False, f"{field.path}__isnull": False}),
        Op.IS_UNKNOWN: lambda field, _values: Q(**{f"{field.path}__isnull": True}),
    },
    Kind.TAGS: {
        Op.HAS_ANY_OF: lambda _field, values: _tagged(Q(name__in=values)),
        Op.HAS_ALL_OF: lambda _field, values: _has_all(values),
        Op.CONTAINS_ANY_OF: lambda _field, values: _tagged(_contains(F("name"), values)),
        Op.IS_BLANK: lambda _field, _values: ~_tagged(Q()),
    },
}
