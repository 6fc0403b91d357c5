"""Segments inside segments: what they say, put into the rule that names them; circles refused."""

from typing import Any, Final, TypeAlias

from django.utils.translation import gettext as _

from campaigns.models import Segment
from campaigns.segments.faults import RuleError
from campaigns.segments.rules import MAX_GROUPS, MAX_SEGMENTS_DEEP, Group, Inside, parse, to_json, walk

Json: TypeAlias = dict[str, Any]

_INNER: Final = ("person", "rule")


def resolved(rule: Json) -> Json:
    """Return the rule with what every segment in it says: it means the same whatever becomes of those.

    Raises:
        RuleError: a segment is missing, lies inside itself or too deep, or all of it is too large.
    """
    return _Resolver().rule(rule, ())


def filled(rule: Group) -> Group:
    """Return a rule with what every segment in it says; raises as `resolved` does."""
    if not any(isinstance(each, Inside) and each.group is None for each in walk(rule)):
        return rule
    return parse(resolved(to_json(rule)))


def check(segment_pk: int | None, rule: Json) -> Group:
    """Return the whole tree of a rule that is to be saved as this segment's (None: a new one).

    Raises:
        RuleError: as `resolved`, or a segment in it is archived.
    """
    own = Segment.objects.filter(pk=segment_pk).first() if segment_pk else None
    return parse(_Resolver(takes_archived=False).rule(rule, (own,) if own else ()))


def check_around(segment: Segment) -> None:
    """Look at all other segments with the rule that is to be saved as this one's.

    Raises:
        RuleError: one that can be read now could not be read any more; it is named.
    """
    now = {each.pk: each for each in Segment.objects.all()}
    then = now | {segment.pk: segment}
    for outer in now.values():
        if outer.pk == segment.pk:
            continue
        if (fault := _fault(outer, then)) and not _fault(outer, now):
            text = _("The segment “%(name)s” asks for this one, and could not be read any more: %(error)s")
            raise RuleError((), text % {"name": outer.name, "error": fault})


def _fault(segment: Segment, known: dict[int, Segment]) -> str:
    """Return why a segment cannot be read, "" where it can."""
    try:
        parse(_Resolver(known).rule(segment.rule, ()))
    except RuleError as error:
        return str(error)
    return ""


def within(rule: Json) -> list[Segment]:
    """Return every segment inside a rule, at any depth; raises as `resolved` does."""
    resolver = _Resolver()
    resolver.rule(rule, ())
    return list(resolver.known.values())


class _Resolver:
    """Puts segments into rules; remembers those it has read, and how many it has put in."""

    def __init__(self, known: dict[int, Segment] | None = None, *, takes_archived: bool = True) -> None:
        self.takes_archived = takes_archived
        self.known = known or {}
        self.put_in = 0

    def rule(self, rule: Any, chain: tuple[Segment, ...]) -> Json:
        """Return a copy of a rule; ``chain`` are the segments it lies in, from the outside in."""
        if not isinstance(rule, dict):
            raise RuleError((), _("%(chain)sthis is no rule.") % {"chain": _path(chain)})
        if "segment" in rule and "rule" not in rule:
            return self.segment(rule["segment"], chain)
        copy = dict(rule)
        if isinstance(copy.get("rules"), list):
            copy["rules"] = [
                self.rule(each, chain) if isinstance(each, dict) else each for each in copy["rules"]
            ]
        for name in _INNER:
            if isinstance(copy.get(name), dict):
                copy[name] = self.rule(copy[name], chain)
        return copy

    def segment(self, pk: object, chain: tuple[Segment, ...]) -> Json:
        """Return what a segment says, as a rule inside another."""
        segment = self.find(pk)
        if segment is None:
            raise RuleError((), _("%(chain)sthere is no such segment any more.") % {"chain": _path(chain)})
        inner = (*chain, segment)
        if segment in chain:
            raise RuleError((), _("%(chain)sa segment cannot lie inside itself.") % {"chain": _path(inner)})
        if segment.is_archived and not self.takes_archived:
            text = _("%(chain)sthis segment is archived. Bring it back, or choose another one.")
            raise RuleError((), text % {"chain": _path(inner)})
        self.put_in += 1
        if len(inner) > MAX_SEGMENTS_DEEP + 1:
            text = _("%(chain)ssegments lie more than %(most)d deep.")
            raise RuleError((), text % {"chain": _path(inner), "most": MAX_SEGMENTS_DEEP})
        if self.put_in > MAX_GROUPS:
            raise RuleError((), _("At most %(most)d groups in a rule.") % {"most": MAX_GROUPS})
        return {"segment": segment.pk, "name": segment.name, "rule": self.rule(segment.rule, inner)}

    def find(self, pk: object) -> Segment | None:
        """Return a segment, read once."""
        if type(pk) is not int or not 0 < pk < 2**63:
            return None
        if pk not in self.known and (found := Segment.objects.filter(pk=pk).first()):
            self.known[pk] = found
        return self.known.get(pk)


def _path(chain: tuple[Segment, ...]) -> str:
    """Return the chain of names in front of what is wrong: "“A” → “B”: "."""
    return " → ".join(_("“%(value)s”") % {"value": segment.name} for segment in chain) + ": " if chain else ""
