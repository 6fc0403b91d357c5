"""A rule tree as one condition on subscriptions.

"Not" is carried down to the conditions, because PostgreSQL turns "not exists" into a join only where it stands by
itself; below a "not (… or …)" it would ask each of a million rows one by one.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from django.db.models import Q

from campaigns.models import Subscription
from campaigns.segments.conditions import Part, Way, asked
from campaigns.segments.rules import Condition, Group, Inside, Match, Person, Rule

EVERYTHING: Final = ~Q(pk__in=[])  # an empty Q would vanish from an "or" instead of making it true


def condition(rule: Rule, way: Way) -> Q:
    """Return which subscriptions a rule picks; segments in it must be filled in."""
    return _part(rule, way, negated=False).lifted(way)


def _part(rule: Rule, way: Way, *, negated: bool) -> Part:
    match rule:
        case Condition(field=field, op=op, values=values):
            part = asked(field, op.opposite or op, values, way)
            return ~part if negated != bool(op.opposite) else part
        case Person(group=group):
            theirs = way.of_people(Subscription.objects.filter(condition(group, way)), "subscriber")
            return Part("", ~theirs if negated else theirs)
        case Inside(group=Group() as group):
            return _part(group, way, negated=negated)
        case Group(match=how, rules=rules):
            parts = [_part(inner, way, negated=negated != (how == Match.NONE)) for inner in rules]
            return (
                _together(parts, way, is_and=(how == Match.ANY) == negated)
                if parts
                else _all(negated=negated)
            )
    raise TypeError(rule)


def _all(*, negated: bool) -> Part:
    return Part("", ~EVERYTHING if negated else EVERYTHING)


def _together(parts: Sequence[Part], way: Way, *, is_and: bool) -> Part:
    """Return what all or any of the parts pick; those on one table become one question to that table."""
    connector = Q.AND if is_and else Q.OR
    tables = dict.fromkeys(part.table for part in parts)
    joined = [Part(table, _joined((p.q for p in parts if p.table == table), connector)) for table in tables]
    return joined[0] if len(joined) == 1 else Part("", _joined((p.lifted(way) for p in joined), connector))


def _joined(conditions: Iterable[Q], connector: str) -> Q:
    """Put conditions side by side; `&` and `|` would compare each with all before it."""
    return Q(*conditions, _connector=connector)
