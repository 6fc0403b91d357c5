"""What one subscription answers to one condition: worked out in Python, apart from the query."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from operator import attrgetter
from typing import Any, Final

from django.utils.translation import gettext as _

from campaigns.models import Entry, PersonListMember, Subscriber, Subscription
from campaigns.segments import words
from campaigns.segments.fields import Field, Kind, Op, Takes
from campaigns.segments.patterns import compiled
from campaigns.segments.rules import Condition
from campaigns.segments.sampling import Sample


class Asker:
    """Asks the subscriptions of one person; what stands in other tables is read once."""

    def __init__(self, person: Subscriber, at: datetime) -> None:
        self.person = person
        self.at = at
        self.lists: dict[str, bool] = {}

    def answer(self, condition: Condition, subscription: Subscription) -> tuple[str, bool]:
        """Return the value in words, and whether the condition holds."""
        field, op = condition.field, condition.op
        value = self.value(field, op, condition.values, subscription)
        holds = self.holds(field, op.opposite or op, value, condition.values)
        return in_words(field, value), holds != bool(op.opposite)

    def value(self, field: Field, op: Op, values: Sequence[str], subscription: Subscription) -> Any:
        """Return what there is: a text, yes/no/None, a moment, a number, or a sorted list of texts."""
        if field.kind is Kind.RECEIVED:
            return sorted({each[field.takes(op) is Takes.CAMPAIGNS] for each in self.received})
        if field.kind is Kind.LIST:
            return [value for value in values if self.is_on(value)]
        found = attrgetter(field.path.replace("__", "."))(subscription)
        if field.kind is Kind.TAGS:
            return sorted(tag.name for tag in found.all())
        if op is Op.RAW_IS_ANY_OF:
            return f"{found}/{subscription.suffix}" if found and subscription.suffix else ""
        return found

    def holds(self, field: Field, op: Op, value: Any, values: Sequence[str]) -> bool:
        """Return the answer to a positive question."""
        if field.kind is Kind.TIME:
            return op is Op.IS_UNKNOWN if value is None else _TIMES[op](value, values, self.at)
        return _ANSWERS[field.kind][op](value, values)

    def is_on(self, pk: str) -> bool:
        """Whether the person's user id is on a list."""
        if pk not in self.lists:
            mine = PersonListMember.objects.filter(list=int(pk), external_id=self.person.external_id)
            self.lists[pk] = mine.exists()
        return self.lists[pk]

    @cached_property
    def received(self) -> list[tuple[str, str]]:
        """(event id, campaign) of everything that was on the person's calendar, tests aside."""
        mine = Entry.objects.filter(subscriber=self.person, is_test=False).order_by()
        return [
            (event, str(campaign))
            for event, campaign in mine.values_list("event__event_id", "event__campaign")
        ]


def in_words(field: Field, value: Any) -> str:
    """Return what a subscription has there, as people read it."""
    if value in (None, "", []):
        return _none_of(field)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    if isinstance(value, list):
        return words.quoted(words.named(field, field.ops[0], value), last=_("and"))
    return str(value) if isinstance(value, int) else words.quoted([value], last="")


def _none_of(field: Field) -> str:
    if field.kind is Kind.RECEIVED:
        return _("nothing received")
    return _("on none of them") if field.kind is Kind.LIST else _("no value")


def _found(value: str, values: Sequence[str]) -> bool:
    return compiled(values[0]).search(value) is not None


def _under(names: Sequence[str], values: Sequence[str]) -> bool:
    return any(name == value or name.startswith(f"{value}/") for name in names for value in values)


def _in_sample(bucket: int, values: Sequence[str]) -> bool:
    percent, name = values
    return bool(Sample.of(percent, name).place(bucket) < Decimal(percent) * 100)


_TIMES: Final[Mapping[Op, Callable[[datetime, Sequence[str], datetime], bool]]] = {
    Op.WITHIN_DAYS: lambda moment, values, at: at - moment <= timedelta(days=int(values[0])),
    Op.MORE_THAN_DAYS_AGO: lambda moment, values, at: at - moment > timedelta(days=int(values[0])),
    Op.AFTER: lambda moment, values, _at: moment.astimezone(UTC).date() > date.fromisoformat(values[0]),
    Op.BEFORE: lambda moment, values, _at: moment.astimezone(UTC).date() < date.fromisoformat(values[0]),
    Op.IS_UNKNOWN: lambda _moment, _values, _at: False,
}

_ANSWERS: Final[Mapping[Kind, Mapping[Op, Callable[[Any, Sequence[str]], bool]]]] = {
    Kind.TEXT: {
        Op.IS_ANY_OF: lambda text, values: text in values,
        Op.CONTAINS_ANY_OF: lambda text, values: any(value in text for value in values),
        Op.STARTS_WITH: lambda text, values: text.startswith(tuple(values)),
        Op.ENDS_WITH: lambda text, values: text.endswith(tuple(values)),
        Op.MATCHES_REGEX: lambda text, values: bool(text) and _found(text, values),
        Op.DOES_NOT_MATCH_REGEX: lambda text, values: bool(text) and not _found(text, values),
        Op.RAW_IS_ANY_OF: lambda text, values: text in values,
        Op.IS_BLANK: lambda text, _values: not text,
    },
    Kind.YES_NO: {
        Op.IS_TRUE: lambda answer, _values: answer is True,
        Op.IS_FALSE: lambda answer, _values: answer is False,
        Op.IS_UNKNOWN: lambda answer, _values: answer is None,
    },
    Kind.TAGS: {
        Op.HAS_ANY_OF: lambda names, values: not set(values).isdisjoint(names),
        Op.HAS_ALL_OF: lambda names, values: set(values).issubset(names),
        Op.IS_UNDER: _under,
        Op.CONTAINS_ANY_OF: lambda names, values: any(value in name for value in values for name in names),
        Op.MATCHES_REGEX: lambda names, values: any(_found(name, values) for name in names),
        Op.DOES_NOT_MATCH_REGEX: lambda names, values: (
            bool(names) and not any(_found(name, values) for name in names)
        ),
        Op.IS_BLANK: lambda names, _values: not names,
    },
    Kind.NUMBER: {Op.IS_BETWEEN: lambda number, values: int(values[0]) <= number <= int(values[1])},
    Kind.SAMPLE: {Op.IN_SAMPLE: _in_sample},
    Kind.RECEIVED: {Op.HAS_RECEIVED: lambda received, values: not set(values).isdisjoint(received)},
    Kind.LIST: {Op.IS_ON_LIST: lambda lists, _values: bool(lists)},
}
