"""Why a person is in an audience or not: every rule with that person's values, in words.

The answers are worked out here in Python, apart from the query, and must agree with it for every rule
and every person.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from django.utils.translation import gettext as _

from campaigns.models import Subscriber, Subscription
from campaigns.models.clock import now
from campaigns.segments.answers import Asker
from campaigns.segments.nesting import filled
from campaigns.segments.rules import Condition, Group, Inside, Match, Person, Rule, is_about_time, sentence


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


def why(
    rule: Group, subscriber: Subscriber, *, account_code: str | None = None, at: datetime | None = None
) -> Explanation:
    """Whether and why the rule means this person, as `compile.subscriptions` would with the same arguments.

    Raises:
        RuleError: the rule names a segment that is missing, or that lies in a circle.
    """
    theirs = list(
        subscriber.subscriptions.select_related("subscriber", "traits", "home").prefetch_related(
            "traits__tags"
        )
    )
    whole = filled(rule)
    moment = at or (now() if is_about_time(whole) else datetime.min.replace(tzinfo=UTC))
    tree = _why(whole, theirs, Asker(subscriber, moment))
    candidates = [each for each in theirs if account_code in (None, each.traits.account_code)]
    obstacle = _obstacle(subscriber, theirs, candidates)
    fitting = {answer.subscription.pk for answer in tree.answers if answer.holds}
    live = [] if obstacle else [each for each in candidates if not each.ended_at]
    chosen = tuple(each for each in live if each.pk in fitting)
    return Explanation(bool(chosen), obstacle, chosen, tree)


def _obstacle(person: Subscriber, theirs: Sequence[Subscription], candidates: Sequence[Subscription]) -> str:
    if not person.is_active:
        return _("This person is no longer active.")
    if person.is_suppressed:
        return _("This person is suppressed and gets nothing.")
    if not theirs:
        return _("This person has no subscription.")
    if not candidates:
        return _("This person has no subscription to a calendar of this account.")
    ended = all(each.ended_at for each in candidates)
    return _("This person has unsubscribed: every subscription in question has ended.") if ended else ""


def _why(rule: Rule, theirs: Sequence[Subscription], asker: Asker) -> Why:
    match rule:
        case Condition():
            answers = tuple(Answer(each, *asker.answer(rule, each)) for each in theirs)
            return Why(rule, sentence(rule), answers)
        case Person(group=group):
            part = _why(group, theirs, asker)
            return _outer(rule, theirs, [part], [part.holds] * len(theirs))
        case Inside(group=Group() as group):
            part = _why(group, theirs, asker)
            return _outer(rule, theirs, [part], [answer.holds for answer in part.answers])
        case Group(match=how, rules=rules):
            parts = [_why(inner, theirs, asker) for inner in rules]
            columns = [[part.answers[place].holds for part in parts] for place in range(len(theirs))]
            return _outer(rule, theirs, parts, [_TOGETHER[how](held) for held in columns])
    raise TypeError(rule)


def _outer(rule: Rule, theirs: Sequence[Subscription], parts: Sequence[Why], held: Sequence[bool]) -> Why:
    answers = (Answer(each, "", holds) for each, holds in zip(theirs, held, strict=True))
    return Why(rule, sentence(rule), tuple(answers), tuple(parts))


_TOGETHER: Final[dict[Match, Callable[[Sequence[bool]], bool]]] = {
    Match.ALL: all,
    Match.ANY: lambda held: any(held) or not held,
    Match.NONE: lambda held: not any(held),
}
