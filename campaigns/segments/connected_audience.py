"""Braze's Connected Audience filters from and to rules; what one side cannot say is told, never dropped silently.

Braze compares whole elements of a list ("AU/f5733866ade2"), so "is AU" can leave only as a regular expression, and
Braze's ignore capitals.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from django.utils.translation import gettext as _

from campaigns.segments.fields import FIELDS, Op
from campaigns.segments.rules import Condition, Group, Match, Person, Rule, RuleError, parse, sentence

Json: TypeAlias = dict[str, Any]

_ATTRIBUTES: Final = {
    **{name: f"rokt:{name}" for name, each in FIELDS.items() if each.is_suffixed or name == "tags"},
    "opt_in_1": "rokt:optIn1",
    "opt_in_2": "rokt:optIn2",
    "subscription_id": "rokt:subscription_id",
}
_FIELDS: Final = {attribute: name for name, attribute in _ATTRIBUTES.items()}
_SIMPLE: Final = re.compile(r"\^([A-Za-z0-9_ -]+)/(?:\[\^/\]\*\$)?")
_NEGATIVE: Final = {"does_not_include_value": "includes_value", "does_not_exist": "exists"}
_MOST_DEEP: Final = 10
_SAID: Final = {"custom_attribute_name", "comparison", "value"}


@dataclass(frozen=True, slots=True)
class Exported:
    """A Connected Audience, or None where the rule cannot be said; `losses` tell what is lost, and where.

    Of the values in `any_case` Braze also takes other spellings in capitals and small letters.
    """

    audience: Json | None
    losses: list[str] = field(default_factory=list)
    any_case: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Imported:
    """A rule as it is stored, or None; `losses` tell what could not be taken over."""

    rule: Json | None
    losses: list[str] = field(default_factory=list)


def exported(rule: Group) -> Exported:
    """Return a rule as Braze's filter; if any part of it cannot be said, there is none, but all reasons."""
    losses: list[str] = []
    audience = _out(rule, losses)
    if losses or audience is None:
        return Exported(None, losses or [_("A rule that means everyone has no filter in Braze.")])
    return Exported(audience, any_case=list(dict.fromkeys(_letters(audience))))


def _letters(node: Json) -> Iterator[str]:
    """Yield the plain values with letters that a filter asks by a regular expression."""
    for key, inner in node.items():
        if key == "custom_attribute":
            asked = _SIMPLE.fullmatch(inner.get("value", ""))
            if inner["comparison"] == "matches_regex" and asked and asked[1].upper() != asked[1].lower():
                yield asked[1]
        else:
            for each in inner:
                yield from _letters(each)


def imported(audience: object) -> Imported:
    """Return Braze's filter as a rule; if any part cannot be taken over, there is none, but all reasons."""
    losses: list[str] = []
    inner = _in(audience, losses, depth=1)
    if losses or inner is None:
        return Imported(None, losses)
    rule = inner if "match" in inner else {"match": "all", "rules": [inner]}
    try:
        parse(rule)
    except RuleError as error:
        return Imported(None, [error.message])
    return Imported(rule)


def _out(rule: Rule, losses: list[str]) -> Json | None:
    if isinstance(rule, Condition):
        return _filter(rule, losses)
    if isinstance(rule, Person) and rule.group.match is not Match.NONE and len(rule.group.rules) == 1:
        return _out(rule.group.rules[0], losses)
    if isinstance(rule, Group) and rule.match is Match.NONE and len(rule.rules) == 1:
        return _negative(rule, losses)
    if isinstance(rule, Group) and rule.match is not Match.NONE and rule.rules:
        if rule.match is Match.ALL and sum(map(_is_of_one, rule.rules)) > 1:
            losses.append(
                _("“%(rule)s”: Braze cannot ask that all of it holds for the same subscription.")
                % {"rule": sentence(rule)}
            )
        inner = [part for each in rule.rules if (part := _out(each, losses))]
        return {"AND" if rule.match is Match.ALL else "OR": inner}
    losses.append(_("“%(rule)s” cannot be said in Braze's filter.") % {"rule": sentence(rule)})
    return None


def _is_of_one(rule: Rule) -> bool:
    """Whether a rule asks anything of the one subscription that it picks, at any depth, and not of the person alone."""
    return isinstance(rule, Condition) or (isinstance(rule, Group) and any(map(_is_of_one, rule.rules)))


def _negative(rule: Group, losses: list[str]) -> Json | None:
    """Return "no subscription of the person", which Braze says of whole values and of "has a value" only."""
    inner = _out(rule.rules[0], []) if isinstance(rule.rules[0], Person) else None
    said = (inner or {}).get("custom_attribute", {})
    for negative, positive in _NEGATIVE.items():
        if said.get("comparison") == positive:
            return {"custom_attribute": said | {"comparison": negative}}
    losses.append(_("“%(rule)s” cannot be said in Braze's filter.") % {"rule": sentence(rule)})
    return None


def _filter(condition: Condition, losses: list[str]) -> Json | None:
    attribute, op = _ATTRIBUTES.get(condition.field.name), condition.op
    if (
        attribute
        and op in (Op.RAW_IS_ANY_OF, Op.IS_ANY_OF)
        and (op is Op.RAW_IS_ANY_OF or condition.field.name == "subscription_id")
    ):
        return _any_of(attribute, "includes_value", condition.values)
    if attribute and op is Op.IS_ANY_OF and all(_plain(value) for value in condition.values):
        return _any_of(attribute, "matches_regex", [_pattern(value) for value in condition.values])
    if attribute and op is Op.IS_NOT_BLANK:
        return _custom(attribute, "exists")
    if attribute and op is Op.IS_BLANK:  # of one subscription, while another of the person may have a value
        text = _(
            "“%(rule)s” cannot be said in Braze's filter: Braze can ask only whether a person has no value anywhere. "
            "Put “has a value” into a rule about the person, and that into a group of which none must hold."
        )
    else:
        text = _(
            "“%(rule)s” cannot be said in Braze's filter: Braze compares whole values such as “AU/f5733866ade2”, "
            "so that plain ones would match nobody."
        )
    losses.append(text % {"rule": sentence(condition)})
    return None


def _plain(value: str) -> bool:
    return _SIMPLE.fullmatch(_pattern(value)) is not None


def _pattern(value: str) -> str:
    """Return what finds "AU/f5733866ade2" for "AU", and not "AU/NSW/f5733866ade2", whose value is "AU/NSW"."""
    return f"^{value}/[^/]*$"


def _any_of(attribute: str, comparison: str, values: Any) -> Json:
    filters = [_custom(attribute, comparison, value) for value in values]
    return filters[0] if len(filters) == 1 else {"OR": filters}


def _custom(attribute: str, comparison: str, value: str | None = None) -> Json:
    said = {"custom_attribute_name": attribute, "comparison": comparison}
    return {"custom_attribute": said | ({} if value is None else {"value": value})}


def _in(node: object, losses: list[str], *, depth: int) -> Json | None:
    if depth > _MOST_DEEP:
        text = _("Filters lie more than %(most)d deep. Write it with fewer levels in Braze.")
        losses.append(text % {"most": _MOST_DEEP})
        return None
    if isinstance(node, dict) and len(node) == 1:
        ((key, inner),) = node.items()
        if key in ("AND", "OR") and isinstance(inner, list) and inner:
            parts = [part for each in inner if (part := _in(each, losses, depth=depth + 1))]
            return {"match": "all" if key == "AND" else "any", "rules": parts}
        if key == "custom_attribute" and isinstance(inner, dict) and (found := _condition(inner)):
            # Braze asks the person: two filters may be answered by two subscriptions, and "not" speaks of all.
            person = {"person": {"match": "all", "rules": [found]}}
            return {"match": "none", "rules": [person]} if inner["comparison"] in _NEGATIVE else person
    losses.append(_("This cannot be taken over: %(node)s") % {"node": _as_pasted(node)})
    return None


def _as_pasted(node: object) -> str:
    """Return a part as JSON, as it was pasted; half a character, which no page can show, as its code."""
    text = json.dumps(node, ensure_ascii=False)
    return text[:300].encode(errors="backslashreplace").decode()


def _condition(said: Json) -> Json | None:
    name = _FIELDS.get(str(said.get("custom_attribute_name")))
    comparison, value = said.get("comparison"), said.get("value")
    comparison = _NEGATIVE.get(str(comparison), comparison)
    if name is None or not isinstance(value, str | None) or not said.keys() <= _SAID:
        return None
    if value and value != " ".join(value.strip().splitlines()):  # a row of the builder could not keep it
        return None
    if comparison == "includes_value" and value and name != "tags":
        op = Op.IS_ANY_OF if name == "subscription_id" else Op.RAW_IS_ANY_OF
        return _asked(name, op, value) if op in FIELDS[name].ops else None
    if comparison == "matches_regex" and value and (plain := _SIMPLE.fullmatch(value)) and name != "tags":
        return _asked(name, Op.IS_ANY_OF, plain[1])
    if comparison == "exists" and value is None and Op.IS_NOT_BLANK in FIELDS[name].ops:
        return {"field": name, "op": Op.IS_NOT_BLANK.value}
    return None


def _asked(name: str, op: Op, value: str) -> Json:
    return {"field": name, "op": op.value, "values": [value]}
