"""A rule in words: the pieces of sentences, in the language of the moment."""

from collections.abc import Mapping, Sequence
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from campaigns.models import Campaign, PersonList, Segment
from campaigns.segments.fields import Field, Op, Takes

MOST_VALUES_SHOWN: Final = 5

_NAMED: Final[Mapping[Takes, type[Campaign] | type[PersonList]]] = {
    Takes.CAMPAIGNS: Campaign,
    Takes.LISTS: PersonList,
}

_DAYS: Final = {Op.WITHIN_DAYS, Op.MORE_THAN_DAYS_AGO}

# %(values)s is a list such as “a”, “b” or “c”.
_SENTENCES: Final[Mapping[Op, str | Promise]] = {
    Op.IS_ANY_OF: gettext_lazy("%(field)s is %(values)s"),
    Op.IS_NONE_OF: gettext_lazy("%(field)s is not %(values)s"),
    Op.CONTAINS_ANY_OF: gettext_lazy("%(field)s contains %(values)s"),
    Op.CONTAINS_NONE_OF: gettext_lazy("%(field)s does not contain %(values)s"),
    Op.STARTS_WITH: gettext_lazy("%(field)s starts with %(values)s"),
    Op.IS_BLANK: gettext_lazy("%(field)s has no value"),
    Op.IS_NOT_BLANK: gettext_lazy("%(field)s has a value"),
    Op.IS_TRUE: gettext_lazy("%(field)s is yes"),
    Op.IS_FALSE: gettext_lazy("%(field)s is no"),
    Op.IS_UNKNOWN: gettext_lazy("%(field)s is not known"),
    Op.IS_KNOWN: gettext_lazy("%(field)s is known"),
    Op.IS_NOT_TRUE: gettext_lazy("%(field)s is no or not known"),
    Op.IS_NOT_FALSE: gettext_lazy("%(field)s is yes or not known"),
    Op.HAS_ANY_OF: gettext_lazy("%(field)s include %(values)s"),
    Op.HAS_ALL_OF: gettext_lazy("%(field)s include %(values)s"),
    Op.HAS_NONE_OF: gettext_lazy("%(field)s do not include %(values)s"),
    Op.ENDS_WITH: gettext_lazy("%(field)s ends with %(values)s"),
    Op.MATCHES_REGEX: gettext_lazy("%(field)s matches %(values)s"),
    Op.DOES_NOT_MATCH_REGEX: gettext_lazy("%(field)s has a value that does not match %(values)s"),
    Op.RAW_IS_ANY_OF: gettext_lazy("%(field)s is in Braze %(values)s"),
    Op.IS_UNDER: gettext_lazy("%(field)s include %(values)s or something below"),
    Op.AFTER: gettext_lazy("%(field)s after %(first)s"),
    Op.BEFORE: gettext_lazy("%(field)s before %(first)s"),
    Op.IS_BETWEEN: gettext_lazy("%(field)s is from %(first)s to %(last)s"),
    Op.IS_NOT_BETWEEN: gettext_lazy("%(field)s is not from %(first)s to %(last)s"),
    Op.IN_SAMPLE: gettext_lazy("%(field)s is in the %(first)s %% sample “%(last)s”"),
    Op.NOT_IN_SAMPLE: gettext_lazy("%(field)s is not in the %(first)s %% sample “%(last)s”"),
    Op.HAS_RECEIVED: gettext_lazy("has received %(field)s %(values)s"),
    Op.HAS_NOT_RECEIVED: gettext_lazy("has not received %(field)s %(values)s"),
    Op.IS_ON_LIST: gettext_lazy("is on the %(field)s %(values)s"),
    Op.IS_NOT_ON_LIST: gettext_lazy("is not on the %(field)s %(values)s"),
}


def condition(field: Field, op: Op, values: Sequence[str]) -> str:
    """A condition: "calendar is “Summer” or “Winter”"."""
    listed = quoted(named(field, op, values), last=_("and") if op == Op.HAS_ALL_OF else _("or"))
    ends = {"first": values[0], "last": values[-1]} if values else {}
    said = _days(op, int(values[0])) if op in _DAYS else str(_SENTENCES[op])
    return said % {"field": field.label, "values": listed, **ends}


def _days(op: Op, days: int) -> str:
    if op is Op.WITHIN_DAYS:
        return ngettext("%(field)s within the last day", "%(field)s within the last %(first)s days", days)
    return ngettext("%(field)s more than one day ago", "%(field)s more than %(first)s days ago", days)


def named(field: Field, op: Op, values: Sequence[str]) -> Sequence[str]:
    """Values as people know them: the names of campaigns and lists instead of their numbers."""
    model = _NAMED.get(field.takes(op))
    if model is None:
        return values
    names = dict(model._default_manager.filter(pk__in=values[:MOST_VALUES_SHOWN]).values_list("pk", "name"))
    return [names.get(int(value), f"#{value}") for value in values]


def segment(pk: int, name: str) -> str:
    """What another segment picks; its name is looked up where the rule does not carry it."""
    found = name or Segment.objects.filter(pk=pk).values_list("name", flat=True).first()
    return _("in segment “%(name)s”") % {"name": found or f"#{pk}"}


def quoted(values: Sequence[str], *, last: str) -> str:
    """Values in quotation marks; of many only the first: "“a”, “b”, “c”, “d”, “e” or 17 others"."""
    shown = [_("“%(value)s”") % {"value": value} for value in values[:MOST_VALUES_SHOWN]]
    rest = len(values) - len(shown)
    if rest:
        shown.append(ngettext("%(count)d other", "%(count)d others", rest) % {"count": rest})
    return f" {last} ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)


def group(match: str, parts: Sequence[str]) -> str:
    """The rules of a group; without any, it is everyone."""
    if not parts:
        return _("everyone")
    if match == "none":
        return _("not (%(rules)s)") % {"rules": _(" or ").join(parts)}
    return (_(" and ") if match == "all" else _(" or ")).join(parts)


def person(part: str) -> str:
    """What holds for some subscription of the person, not necessarily this one."""
    return _("the person has a subscription where (%(rule)s)") % {"rule": part}
