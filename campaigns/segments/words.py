"""A rule in words: the pieces of sentences, in the language of the moment."""

from collections.abc import Mapping, Sequence
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from campaigns.segments.fields import Field, Op

MOST_VALUES_SHOWN: Final = 5

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
}


def condition(field: Field, op: Op, values: Sequence[str]) -> str:
    """A condition: "calendar is “Summer” or “Winter”"."""
    listed = quoted(values, last=_("and") if op == Op.HAS_ALL_OF else _("or"))
    return str(_SENTENCES[op]) % {"field": field.label, "values": listed}


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
