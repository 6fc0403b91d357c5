"""Where segments and lists of people are used: the segments whose rules ask for them."""

from collections.abc import Callable, Iterable

from campaigns.models import PersonList, Segment
from campaigns.segments import rules


def around(segment: Segment) -> list[Segment]:
    """Return the segments that another one lies inside of, directly."""
    if segment._state.adding:
        return []
    return _where(lambda rule: isinstance(rule, rules.Inside) and rule.segment == segment.pk)


def asking(people: PersonList) -> list[Segment]:
    """Return the segments that ask for a list of people."""
    return _where(
        lambda rule: (
            isinstance(rule, rules.Condition) and rule.field.name == "list" and str(people.pk) in rule.values
        )
    )


def names(segments: Iterable[Segment]) -> str:
    """Return the names of those that are not archived."""
    return ", ".join(str(segment) for segment in segments if not segment.is_archived)


def _where(holds: Callable[[rules.Rule], bool]) -> list[Segment]:
    return [segment for segment in Segment.objects.all() if any(map(holds, _tree(segment.rule)))]


def _tree(rule: object) -> Iterable[rules.Rule]:
    try:
        return rules.walk(rules.parse(rule))
    except rules.RuleError:
        return ()
