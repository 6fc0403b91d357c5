"""A rule tree as one condition on subscriptions.

"Not" is carried down to the conditions, because PostgreSQL turns "not exists" into a join only where it stands by
itself; below a "not (… or …)" it would ask each of a million rows one by one.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from django.db.models import Q

from campaigns.models import Subscription
from campaigns.segments.conditions import Part, asked, of_people
from campaigns.segments.rules import Condition, Group, Inside, Match, Person, Rule

EVERYTHING: Final = ~Q(pk__in=[])  # an empty Q would vanish from an "or" instead of making it true


def condition(rule: Rule, at: datetime) -> Q:
    """Return which subscriptions a rule picks; segments in it must be filled in."""
    return _part(rule, at, negated=False).lifted()


def _part(rule: Rule, at: datetime, *, negated: bool) -> Part:
    match rule:
        case Condition(field=field, op=op, values=values):
            part = asked(field, op.opposite or op, values, at)
            return ~part if negated != bool(op.opposite) else part
        case Person(group=group):
            theirs = of_people(Subscription.objects.filter(condition(group, at)), "subscriber")
            return Part("", ~theirs if negated else theirs)
        case Inside(group=Group() as group):
            return _part(group, at, negated=negated)
        case Group(match=how, rules=rules):
            parts = [_part(inner, at, negated=negated != (how == Match.NONE)) for inner in rules]
            return _together(parts, is_and=(how == Match.ANY) == negated) if parts else _all(negated=negated)
    raise TypeError(rule)


def _all(*, negated: bool) -> Part:
    return Part("", ~EVERYTHING if negated else EVERYTHING)


def _together(parts: Sequence[Part], *, is_and: bool) -> Part:
    """Return what all or any of the parts pick; those on one table become one question to that table."""
    connector = Q.AND if is_and else Q.OR
    tables = dict.fromkeys(part.table for part in parts)
    joined = [Part(table, _joined((p.q for p in parts if p.table == table), connector)) for table in tables]
    return joined[0] if len(joined) == 1 else Part("", _joined((p.lifted() for p in joined), connector))


def _joined(conditions: Iterable[Q], connector: str) -> Q:
    """Put conditions side by side; `&` and `|` would compare each with all before it."""
    return Q(*conditions, _connector=connector)
