"""What in a rule is probably not meant: said before anybody relies on it."""

import re
from collections.abc import Callable, Iterator
from typing import Final

from django.utils.translation import gettext as _

from campaigns.segments.fields import Kind, Op, Takes
from campaigns.segments.rules import Condition, Group, Match, sentence, walk

_WHOLE: Final = re.compile(r".+/[0-9a-f]{12}", re.DOTALL)
_NEGATIVE: Final = {Op.IS_NONE_OF, Op.CONTAINS_NONE_OF, Op.HAS_NONE_OF}


def warnings(rule: Group) -> list[str]:
    """Return what to look at again, in sentences; none where nothing stands out."""
    groups = [each for each in walk(rule) if isinstance(each, Group)]
    found = [text for group in groups for check in _CHECKS for text in check(group)]
    return list(dict.fromkeys(found))


def _conditions(group: Group) -> list[Condition]:
    return [each for each in group.rules if isinstance(each, Condition)]


def _nearly_everyone(group: Group) -> Iterator[str]:
    if group.match is not Match.ANY or len(group.rules) < 2:
        return
    for each in group.rules:
        if isinstance(each, Condition) and each.op.opposite and each.op.takes_values:
            yield _(
                "The rule (%(rule)s) stands in a group of which any rule is enough: it lets in nearly everyone. "
                "Put it into a group of which all rules must hold."
            ) % {"rule": sentence(each)}


def _nobody(group: Group) -> Iterator[str]:
    if group.match is not Match.ALL:
        return
    conditions = _conditions(group)
    for place, one in enumerate(conditions):
        for other in conditions[:place]:
            if one.field == other.field and (_excludes(one, other) or _excludes(other, one)):
                yield _("(%(one)s) and (%(other)s) cannot both hold: this means nobody.") % {
                    "one": sentence(other),
                    "other": sentence(one),
                }


def _excludes(one: Condition, other: Condition) -> bool:
    """Whether two questions about one field cannot both be answered with yes, where that is plain to see."""
    if one.values == other.values and other.op.opposite == one.op:
        return True
    if one.field.kind is Kind.TEXT and one.op is Op.IS_ANY_OF:
        return _text_excludes(set(one.values), other)
    if one.op is Op.IS_BETWEEN and other.op is Op.IS_BETWEEN:
        return int(one.values[1]) < int(other.values[0])
    return (one.op in (Op.IS_TRUE, Op.IS_UNKNOWN) and other.op is Op.IS_FALSE) or (
        one.op is Op.IS_TRUE and other.op is Op.IS_UNKNOWN
    )


def _text_excludes(wanted: set[str], other: Condition) -> bool:
    if other.op is Op.IS_ANY_OF:
        return wanted.isdisjoint(other.values)
    return other.op is Op.IS_BLANK or (other.op is Op.IS_NONE_OF and wanted.issubset(other.values))


def _without_value(group: Group) -> Iterator[str]:
    conditions = _conditions(group)
    known = {each.field for each in conditions if not each.op.opposite or not each.op.takes_values}
    for each in conditions:
        if group.match is Match.ALL and each.op in _NEGATIVE and each.field not in known:
            yield _(
                "The rule (%(rule)s) also holds where there is no value."
                " Add “%(field)s has a value” to leave those out."
            ) % {"rule": sentence(each), "field": each.field.label}


def _whole_values(group: Group) -> Iterator[str]:
    for each in _conditions(group):
        if not (each.field.is_suffixed or each.field.kind is Kind.TAGS) or each.op.takes is not Takes.TEXTS:
            continue
        if each.op is Op.RAW_IS_ANY_OF:
            lacking = [value for value in each.values if "/" not in value.strip("/")]
            if lacking:
                yield _("“%(value)s” is no whole value of Braze: those end in a slash and a suffix.") % {
                    "value": lacking[0]
                }
        elif whole := [value for value in each.values if _WHOLE.fullmatch(value)]:
            yield _(
                "“%(value)s” looks like Braze's whole value. Values here stand without the suffix: "
                "leave out “/…”, or ask for what it is in Braze."
            ) % {"value": whole[0]}


_CHECKS: Final[tuple[Callable[[Group], Iterator[str]], ...]] = (
    _nearly_everyone,
    _nobody,
    _without_value,
    _whole_values,
)
