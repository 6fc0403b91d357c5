"""One condition as part of a query: true or false for each row, never unknown, and on which table it stands.

What many subscriptions share is asked of its few rows; what is the person's own, of the person's row, so that the
usual rules read the narrow table of subscriptions only.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from django.db import connection
from django.db.models import (
    BigIntegerField,
    Count,
    Exists,
    F,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Value,
)
from django.db.models.functions import Cast, Concat
from django.db.models.lookups import Exact, GreaterThan, In

from campaigns.models import Entry, Event, Home, Subscriber, Traits, TraitsTag
from campaigns.segments.crowds import Crowd, Within
from campaigns.segments.fields import Field, Kind, Op
from campaigns.segments.holding import Among, Holds
from campaigns.segments.lists import those_on
from campaigns.segments.patterns import compiled
from campaigns.segments.sampling import Sample

FEW: Final = 2_000  # people whose subscriptions are fetched by an index
TABLES: Final[dict[str, type[Model]]] = {"traits": Traits, "home": Home, "subscriber": Subscriber}


def joined(rows: QuerySet[Any, Any], person: str) -> Q:
    """Return the subscriptions of the people that some rows name in a column.

    PostgreSQL compares a list that is too long for its memory row by row, for hours; SQLite looks at each row of the
    large table before it asks whether there is one in the small.
    """
    if connection.vendor == "sqlite":
        return Q(subscriber__in=rows.order_by().values(person))
    return Q(Exists(rows.order_by().filter(**{person: OuterRef("subscriber_id")})))


def found_first(rows: QuerySet[Any, Any], person: str) -> Q:
    """Look up these people now, for a query that counts: a few by their keys, many by their bits where it can."""
    if connection.vendor == "sqlite":
        return joined(rows, person)
    crowd = Crowd.of(rows, person)
    if len(crowd) <= FEW:
        return Q(Among(F("subscriber_id"), [*crowd]))
    return Q(Within(F("subscriber_id"), crowd)) if crowd.is_near else joined(rows, person)


@dataclass(frozen=True, slots=True)
class Way:
    """How a rule is asked: when is the present, and how one asks for the subscriptions of some people."""

    at: datetime
    of_people: Callable[[QuerySet[Any, Any], str], Q] = joined


@dataclass(frozen=True, slots=True)
class Part:
    """A condition on the rows of one table: "traits", "home" or "subscriber" of a subscription, or "" for itself."""

    table: str
    q: Q

    def lifted(self, way: Way) -> Q:
        """Return it as a condition on subscriptions."""
        if not self.table:
            return self.q
        rows = TABLES[self.table]._default_manager.filter(self.q).order_by()
        if self.table == "subscriber":
            return way.of_people(rows, "pk")
        return Q(Among(F(f"{self.table}_id"), rows.values_list("pk", flat=True)))

    def __invert__(self) -> "Part":
        return Part(self.table, ~self.q)


def asked(field: Field, op: Op, values: Sequence[str], way: Way) -> Part:
    """Return where a positive question is answered with yes."""
    table, _separator, column = field.path.rpartition("__")
    if field.kind in _PEOPLE:
        asked_for = (way.of_people(*named) for named in _PEOPLE[field.kind](field, values))
        return Part("", Q(*asked_for, _connector=Q.OR))
    if field.kind is Kind.TIME:
        return Part(table, _TIMES[op](column, values, way.at))
    if field.kind is Kind.TEXT and op in _SEARCHED:
        return Part(table, _searched(table, column, op, values[0]))
    if op is Op.RAW_IS_ANY_OF:
        return Part("", _raw(field, values, way))
    if field.kind in (Kind.TEXT, Kind.YES_NO):
        return Part(table, _COLUMNS[field.kind][op](column, values))
    return Part("traits" if field.kind is Kind.TAGS else "", _OTHERS[field.kind][op](field, values))


def _is_any(column: str, values: Iterable[Any]) -> Q:
    return Q(In(F(column), list(values)))


def _contains(column: str, values: Sequence[str]) -> Q:
    return Q(Holds(F(column), values=values, how="contains"))


def _starts(column: str, values: Sequence[str]) -> Q:
    return Q(Holds(F(column), values=values, how="starts"))


def _ends(column: str, values: Sequence[str]) -> Q:
    return Q(Holds(F(column), values=values, how="ends"))


def _searched(table: str, column: str, op: Op, pattern: str) -> Q:
    """Search the distinct values here, since no database reads patterns as the other does."""
    texts = TABLES[table]._default_manager.order_by().values_list(column, flat=True).distinct()
    return Q(Among(F(column), found(texts, pattern, is_wanted=op == Op.MATCHES_REGEX)))


def found(texts: Iterable[str], pattern: str, *, is_wanted: bool) -> list[str]:
    """Return the texts in which a pattern is found, or those others that are no blank."""
    search = compiled(pattern).search
    return [text for text in texts if text and (search(text) is not None) == is_wanted]


def _raw(field: Field, values: Sequence[str], way: Way) -> Q:
    """Compare with Braze's own element, "value/suffix"."""
    parts = [value.rpartition("/") for value in values]
    mine = Concat(F(field.path), Value("/"), F("suffix"))
    table, _separator, column = field.path.rpartition("__")
    near = Part(table, _is_any(column, {left for left, _slash, _suffix in parts})).lifted(way)
    known = ~Q(Exact(F("suffix"), "")) & ~Q(Exact(F(field.path), ""))
    return (
        Q(In(F("suffix"), [suffix for _left, _slash, suffix in parts])) & near & known & Q(In(mine, values))
    )


def _tagged(condition: Q) -> Q:
    return Q(pk__in=TraitsTag.objects.filter(condition).order_by().values("traits"))


def _has_all(values: Sequence[str]) -> Q:
    wanted = set(values)
    named = TraitsTag.objects.order_by().filter(name__in=wanted).values("traits")
    return Q(pk__in=named.annotate(found=Count("pk")).filter(found=len(wanted)).values("traits"))


def _under(values: Sequence[str]) -> Q:
    return _tagged(Q(name__in=values)) | _tagged(_starts("name", [f"{value}/" for value in values]))


def _tags_found(pattern: str) -> Q:
    names = TraitsTag.objects.order_by().values_list("name", flat=True).distinct()
    return _tagged(Q(Among(F("name"), found(names, pattern, is_wanted=True))))


def _days_before(at: datetime, values: Sequence[str]) -> datetime:
    return at - timedelta(days=int(values[0]))


def midnight(values: Sequence[str], *, days: int = 0) -> datetime:
    """Return when a day begins in UTC, or a day so many days later."""
    return datetime.combine(date.fromisoformat(values[0]), time(), UTC) + timedelta(days=days)


def _known(column: str, **bound: Any) -> Q:
    return Q(**{f"{column}__isnull": False}, **{f"{column}__{name}": value for name, value in bound.items()})


def _between(field: Field, values: Sequence[str]) -> Q:
    low, high = map(int, values)
    return Q(**{f"{field.path}__gte": low, f"{field.path}__lte": high})


def _sampled(field: Field, values: Sequence[str]) -> Q:
    sample = Sample.of(*values)
    bucket = Cast(F(field.path), BigIntegerField())
    return Q(**{f"{field.path}__gte": 0}) & Q(_below(sample.place(bucket), sample.size))


def _below(place: Any, size: int) -> Any:
    return GreaterThan(Value(size), place)


def _received(field: Field, values: Sequence[str]) -> list[tuple[QuerySet[Any, Any], str]]:
    """Entries are found by event, so their events are looked up first and named one by one."""
    column = "event_id" if field.name == "received_event" else "campaign"
    events = list(Event.objects.filter(**{f"{column}__in": values}).order_by().values_list("pk", flat=True))
    return [(Entry.objects.filter(event__in=events, is_test=False), "subscriber")]


def _listed(_field: Field, values: Sequence[str]) -> list[tuple[QuerySet[Any, Any], str]]:
    return those_on([int(value) for value in values])


_SEARCHED: Final = {Op.MATCHES_REGEX, Op.DOES_NOT_MATCH_REGEX}

_TIMES: Final[dict[Op, Callable[[str, Sequence[str], datetime], Q]]] = {
    Op.WITHIN_DAYS: lambda column, values, at: _known(column, gte=_days_before(at, values)),
    Op.MORE_THAN_DAYS_AGO: lambda column, values, at: _known(column, lt=_days_before(at, values)),
    Op.AFTER: lambda column, values, _at: _known(column, gte=midnight(values, days=1)),
    Op.BEFORE: lambda column, values, _at: _known(column, lt=midnight(values)),
    Op.IS_UNKNOWN: lambda column, _values, _at: Q(**{f"{column}__isnull": True}),
}

_COLUMNS: Final[dict[Kind, dict[Op, Callable[[str, Sequence[str]], Q]]]] = {
    Kind.TEXT: {
        Op.IS_ANY_OF: _is_any,
        Op.CONTAINS_ANY_OF: _contains,
        Op.STARTS_WITH: _starts,
        Op.ENDS_WITH: _ends,
        Op.IS_BLANK: lambda column, _values: Q(Exact(F(column), "")),
    },
    Kind.YES_NO: {
        Op.IS_TRUE: lambda column, _values: _known(column, exact=True),
        Op.IS_FALSE: lambda column, _values: _known(column, exact=False),
        Op.IS_UNKNOWN: lambda column, _values: Q(**{f"{column}__isnull": True}),
    },
}

_OTHERS: Final[dict[Kind, dict[Op, Callable[[Field, Sequence[str]], Q]]]] = {
    Kind.TAGS: {
        Op.HAS_ANY_OF: lambda _field, values: _tagged(Q(name__in=values)),
        Op.HAS_ALL_OF: lambda _field, values: _has_all(values),
        Op.IS_UNDER: lambda _field, values: _under(values),
        Op.CONTAINS_ANY_OF: lambda _field, values: _tagged(_contains("name", values)),
        Op.MATCHES_REGEX: lambda _field, values: _tags_found(values[0]),
        Op.DOES_NOT_MATCH_REGEX: lambda _field, values: _tagged(Q()) & ~_tags_found(values[0]),
        Op.IS_BLANK: lambda _field, _values: ~_tagged(Q()),
    },
    Kind.NUMBER: {Op.IS_BETWEEN: _between},
    Kind.SAMPLE: {Op.IN_SAMPLE: _sampled},
}

# rows that name the people who are meant, and the column
_PEOPLE: Final[dict[Kind, Callable[[Field, Sequence[str]], list[tuple[QuerySet[Any, Any], str]]]]] = {
    Kind.RECEIVED: _received,
    Kind.LIST: _listed,
}
