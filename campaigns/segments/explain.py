"""Why a person is in an audience or not: every rule with that person's values, in words.

The answers are worked out here in Python, apart from the query, and must agree with it for every rule
and every person.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final

from django.utils.translation import gettext as _

from campaigns.models import Subscriber, Subscription
from campaigns.segments import words
from campaigns.segments.fields import Field, Kind, Op
from campaigns.segments.rules import Condition, Group, Match, Person, Rule, sentence


@dataclass(frozen=True, slots=True)
class Answer:
    """What one subscription says to one rule; `value` is in words, and "" where the rule is no condition."""

    subscription: Subscription
    value: str
    holds: bool


@dataclass(frozen=True, slots=True)
class Why:
    """One rule as a sentence, the answer of each of the person's subscriptions, and the rules inside it."""

    rule: Rule
    text: str
    answers: tuple[Answer, ...]
    parts: tuple["Why", ...] = ()

    @property
    def holds(self) -> bool:
        """Whether any of the subscriptions fits."""
        return any(answer.holds for answer in self.answers)


@dataclass(frozen=True, slots=True)
class Explanation:
    """Whether a person is in the audience, with which subscriptions, and the answers that led there.

    `obstacle` says what keeps a person out whatever the rule says; "" where nothing does.
    """

    is_included: bool
    obstacle: str
    subscriptions: tuple[Subscription, ...]
    why: Why


def why(rule: Rule, subscriber: Subscriber, *, account_code: str | None = None) -> Explanation:
    """Whether and why the rule means this person, as `compile.subscriptions` would with the same arguments."""
    theirs = list(subscriber.subscriptions.select_related("subscriber").prefetch_related("tags"))
    tree = _why(rule, theirs)
    candidates = [each for each in theirs if account_code in (None, each.account_code)]
    obstacle = _obstacle(subscriber, theirs, candidates)
    fitting = {answer.subscription.pk for answer in tree.answers if answer.holds}
    chosen = () if obstacle else tuple(each for each in candidates if each.pk in fitting)
    return Explanation(bool(chosen), obstacle, chosen, tree)


def _obstacle(person: Subscriber, theirs: Sequence[Subscription], candidates: Sequence[Subscription]) -> str:
    if not person.is_active:
        return _("This person is no longer active.")
    if not theirs:
        return _("This person has no subscription.")
    return "" if candidates else _("This person has no subscription to a calendar of this account.")


def _why(rule: Rule, theirs: Sequence[Subscription]) -> Why:
    match rule:
        case Condition():
            return Why(rule, sentence(rule), tuple(_answer(rule, each) for each in theirs))
        case Person(group=group):
            part = _why(group, theirs)
            return _outer(rule, theirs, [part], [part.holds] * len(theirs))
        case Group(match=how, rules=rules):
            parts = [_why(inner, theirs) for inner in rules]
            columns = [[part.answers[place].holds for part in parts] for place in range(len(theirs))]
            return _outer(rule, theirs, parts, [_TOGETHER[how](held) for held in columns])


def _outer(rule: Rule, theirs: Sequence[Subscription], parts: Sequence[Why], held: Sequence[bool]) -> Why:
    answers = (Answer(each, "", holds) for each, holds in zip(theirs, held, strict=True))
    return Why(rule, sentence(rule), tuple(answers), tuple(parts))


def _answer(condition: Condition, subscription: Subscription) -> Answer:
    value = _value(condition.field, subscription)
    op = condition.op
    asked = _CONDITIONS[condition.field.kind][op.opposite or op](value, condition.values)
    return Answer(subscription, _in_words(value), asked != bool(op.opposite))


def _value(field: Field, subscription: Subscription) -> Any:
    """What the subscription has there: a text, yes/no/None, or the names of its tags in order."""
    found = attrgetter(field.path.replace("__", "."))(subscription)
    if field.kind == Kind.TAGS:
        return sorted(tag.name for tag in found.all())
    if field.key:
        found = found.get(field.key) if isinstance(found, dict) else ""
        return found if isinstance(found, str) else ""
    return found


def _in_words(value: object) -> str:
    if value in (None, "", []):
        return _("no value")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return words.quoted(value if isinstance(value, list) else [str(value)], last=_("and"))


_TOGETHER: Final[dict[Match, Callable[[Sequence[bool]], bool]]] = {
    Match.ALL: all,
    Match.ANY: lambda held: any(held) or not held,
    Match.NONE: lambda held: not any(held),
}

_CONDITIONS: Final[dict[Kind, dict[Op, Callable[[Any, Sequence[str]], bool]]]] = {
    Kind.TEXT: {
        Op.IS_ANY_OF: lambda text, values: text in values,
        Op.CONTAINS_ANY_OF: lambda text, values: any(value in text for value in values),
        Op.STARTS_WITH: lambda text, values: text.startswith(tuple(values)),
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
        Op.CONTAINS_ANY_OF: lambda names, values: any(value in name for value in values for name in names),
        Op.IS_BLANK: lambda names, _values: not names,
    },
}
