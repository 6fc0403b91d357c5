"""The rule tree: what it looks like in memory and as JSON, what is refused, and how it reads as a sentence.

A group is ``{"match": "all" | "any" | "none", "rules": [...]}``, a condition
``{"field": "calendar_code", "op": "is_any_of", "values": ["a", "b"]}``, and ``{"person": <group>}`` means
"this person has some subscription for which the group holds"; these do not nest. ``{"segment": 7}`` means
"in that segment"; `campaigns.segments.nesting` adds to it what that segment says (``name`` and ``rule``).
The root is a group. A rule picks subscriptions; a group without rules picks all of them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.segments import values as beside
from campaigns.segments import words
from campaigns.segments.faults import Path as Path
from campaigns.segments.faults import RuleError as RuleError
from campaigns.segments.fields import FIELDS, Field, Kind, Op, Takes
from campaigns.segments.values import MAX_VALUES as MAX_VALUES

MAX_DEPTH: Final = 10
MAX_SEGMENTS_DEEP: Final = 5
MAX_CONDITIONS: Final = 200
MAX_GROUPS: Final = 200
MAX_VALUES_IN_ALL: Final = 10_000  # each is a parameter or two, and SQLite takes 32,766 in one statement


class Match(TextChoices):
    """How many of a group's rules must hold."""

    ALL = "all", gettext_lazy("all of these")
    ANY = "any", gettext_lazy("any of these")
    NONE = "none", gettext_lazy("none of these")


@dataclass(frozen=True, slots=True)
class Condition:
    """One question about one field of the subscription or its person."""

    field: Field
    op: Op
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Rules taken together."""

    match: Match
    rules: tuple["Rule", ...] = ()


@dataclass(frozen=True, slots=True)
class Person:
    """Holds for every subscription of a person who has some subscription for which the group holds."""

    group: Group


@dataclass(frozen=True, slots=True)
class Inside:
    """Holds for what another segment picks; `name` and `group` say what it is called and asks, once resolved."""

    segment: int
    name: str = ""
    group: Group | None = None


Rule: TypeAlias = Condition | Group | Person | Inside


def parse(data: object) -> Group:
    """The tree of a stored rule.

    Raises:
        RuleError: anything that is not exactly the format above, or is too large.
    """
    if not isinstance(data, dict) or "match" not in data:
        raise RuleError((), _("A rule begins with a group: “match” and “rules”."))
    group = _group(data, (), depth=1)
    _check_size(group)
    return group


def to_json(rule: Rule) -> dict[str, Any]:
    """The rule as it is stored; `parse` leads back."""
    match rule:
        case Group(match=how, rules=rules):
            return {"match": how.value, "rules": [to_json(inner) for inner in rules]}
        case Person(group=group):
            return {"person": to_json(group)}
        case Inside(segment=segment, name=name, group=group):
            says = {"name": name, "rule": to_json(group)} if group else {}
            return {"segment": segment, **says}
        case Condition(field=field, op=op, values=values):
            return {"field": field.name, "op": op.value} | ({"values": list(values)} if values else {})


def sentence(rule: Rule) -> str:
    """The rule as people say it, in the language of the moment: "calendar is “Summer” and first opt-in is yes"."""
    match rule:
        case Condition(field=field, op=op, values=values):
            return words.condition(field, op, values)
        case Person(group=group):
            return words.person(sentence(group))
        case Inside(segment=segment, name=name):
            return words.segment(segment, name)
        case Group(match=how, rules=rules):
            return words.group(how, [_inner(inner, alone=len(rules) == 1) for inner in rules])


def walk(rule: Rule) -> Iterator[Rule]:
    """The rule and everything in it, from the outside in."""
    yield rule
    inner: Sequence[Rule] = ()
    if isinstance(rule, Group):
        inner = rule.rules
    elif isinstance(rule, Person | Inside) and rule.group:
        inner = (rule.group,)
    for each in inner:
        yield from walk(each)


def is_about_time(rule: Rule) -> bool:
    """Whether the rule means others tomorrow than today."""
    return any(isinstance(each, Condition) and each.field.kind is Kind.TIME for each in walk(rule))


def _inner(rule: Rule, *, alone: bool) -> str:
    text = sentence(rule)
    return f"({text})" if _says_several(rule) and not alone else text


def _says_several(rule: Rule) -> bool:
    """Whether a rule reads as several with "and" or "or" between them; a group of one reads as what is in it."""
    if isinstance(rule, Group) and len(rule.rules) == 1 and rule.match is not Match.NONE:
        return _says_several(rule.rules[0])
    return isinstance(rule, Group) and len(rule.rules) > 1


def _rule(data: object, path: Path, *, depth: int) -> Rule:
    if isinstance(data, dict):
        for key, read in _KINDS.items():
            if key in data:
                return read(data, path, depth=depth)
    raise RuleError(
        path, _("This is neither a condition, nor a group, nor a rule about the person, nor a segment.")
    )


def _group(data: Mapping[str, object], path: Path, *, depth: int) -> Group:
    if depth > MAX_DEPTH:
        raise RuleError(path, _("Groups lie more than %(most)d deep.") % {"most": MAX_DEPTH})
    _only(data, {"match", "rules"}, path)
    if data["match"] not in Match.values:
        raise RuleError((*path, "match"), _("A group matches “all”, “any” or “none” of its rules."))
    rules = data.get("rules")
    if not isinstance(rules, list):
        raise RuleError((*path, "rules"), _("A group needs a list of rules."))
    return Group(
        Match(str(data["match"])),
        tuple(_rule(each, (*path, "rules", place), depth=depth + 1) for place, each in enumerate(rules)),
    )


def _person(data: Mapping[str, object], path: Path, *, depth: int) -> Person:
    _only(data, {"person"}, path)
    group = data["person"]
    if not isinstance(group, dict) or "match" not in group:
        raise RuleError((*path, "person"), _("A rule about the person needs a group."))
    if "person" in path:  # it would say nothing new, and SQLite's parser is not made for such depths
        raise RuleError(path, _("A rule about the person cannot lie inside another one."))
    return Person(_group(group, (*path, "person"), depth=depth))


def _inside(data: Mapping[str, object], path: Path, *, depth: int) -> Inside:
    _only(data, {"segment", "name", "rule"}, path)
    segment, name, rule = data["segment"], data.get("name", ""), data.get("rule")
    if type(segment) is not int or not 0 < segment < 2**63:
        raise RuleError((*path, "segment"), _("Choose a segment."))
    if path.count("rule") >= MAX_SEGMENTS_DEEP:
        raise RuleError(path, _("Segments lie more than %(most)d deep.") % {"most": MAX_SEGMENTS_DEEP})
    if "rule" not in data and "name" not in data:
        return Inside(segment)
    if not isinstance(name, str) or not name or not isinstance(rule, dict) or "match" not in rule:
        raise RuleError((*path, "rule"), _("What a segment says is its name and a group."))
    return Inside(segment, name, _group(rule, (*path, "rule"), depth=depth))


def _condition(data: Mapping[str, object], path: Path, *, depth: int) -> Condition:
    name, asked = data["field"], data.get("op")
    field = FIELDS.get(name) if isinstance(name, str) else None
    if field is None:
        raise RuleError((*path, "field"), _("There is no such field."))
    if asked not in [op.value for op in field.ops]:
        raise RuleError((*path, "op"), _refusal(field, asked))
    op = Op(str(asked))
    _only(data, {"field", "op", "values"} if op.takes_values else {"field", "op"}, path)
    if not op.takes_values:
        return Condition(field, op)
    return Condition(field, op, beside.read(field.takes(op), data.get("values"), (*path, "values")))


def _refusal(field: Field, asked: object) -> str:
    if asked in [op.value for op in field.kind.value if op.takes is Takes.PATTERN]:
        return _(
            "“%(field)s” differs from person to person, so it cannot be searched by regular expression. "
            "Ask what it contains, or what it ends with (such as “@example.com”)."
        ) % {"field": field.label}
    return _("“%(field)s” has no such operator.") % {"field": field.label}


_KINDS: Final[dict[str, Callable[..., Rule]]] = {
    "match": _group,
    "field": _condition,
    "person": _person,
    "segment": _inside,
}


def _only(data: Mapping[str, object], known: set[str], path: Path) -> None:
    for key in data:
        if key not in known:
            raise RuleError((*path, str(key)), _("This does not belong here."))


def _check_size(root: Group) -> None:
    rules = list(walk(root))
    conditions = [rule for rule in rules if isinstance(rule, Condition)]
    groups = [rule for rule in rules if isinstance(rule, Group)]
    if len(conditions) > MAX_CONDITIONS:
        raise RuleError((), _("At most %(most)d conditions in a rule.") % {"most": MAX_CONDITIONS})
    if len(groups) > MAX_GROUPS:
        raise RuleError((), _("At most %(most)d groups in a rule.") % {"most": MAX_GROUPS})
    if sum(len(condition.values) for condition in conditions) > MAX_VALUES_IN_ALL:
        raise RuleError((), _("At most %(most)d values in all of a rule.") % {"most": MAX_VALUES_IN_ALL})
