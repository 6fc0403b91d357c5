"""A rule as a query: which subscriptions, which people, how many of each.

Every condition is true or false, never unknown, whatever is missing; what is counted here is what
`campaigns.segments.explain` says about each person, in every database.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from campaigns.models import Subscriber, Subscription
from campaigns.models.clock import now
from campaigns.segments import picture as pictures
from campaigns.segments.conditions import Way, found_first, joined
from campaigns.segments.counting import room
from campaigns.segments.nesting import filled
from campaigns.segments.picture import Count as Count
from campaigns.segments.picture import Picture as Picture
from campaigns.segments.picture import Slice as Slice
from campaigns.segments.query import condition
from campaigns.segments.rules import Group, is_about_time


def subscriptions(
    rule: Group, *, account_code: str | None = None, at: datetime | None = None
) -> QuerySet[Subscription]:
    """The subscriptions that may receive and that the rule picks, each once; of one account, if asked.

    Rules about the person still look at that person's subscriptions of every account. `at` is the present.

    Raises:
        RuleError: the rule names a segment that is missing, or that lies in a circle.
    """
    return _asked(rule, account_code, at, joined)


def _asked(
    rule: Group, account_code: str | None, at: datetime | None, of_people: Callable[..., Q]
) -> QuerySet[Subscription]:
    whole = filled(rule)
    moment = at or (now() if is_about_time(whole) else datetime.min.replace(tzinfo=UTC))
    found = Subscription.objects.filter(condition(whole, Way(moment, of_people)), is_live=True)
    return found if account_code is None else found.filter(traits__account_code=account_code)


def people(
    rule: Group, *, account_code: str | None = None, at: datetime | None = None
) -> QuerySet[Subscriber]:
    """The people with at least one subscription that the rule picks, each once."""
    theirs = subscriptions(rule, account_code=account_code, at=at).filter(subscriber=OuterRef("pk"))
    return Subscriber.objects.filter(Exists(theirs))


def count(rule: Group, *, account_code: str | None = None, at: datetime | None = None) -> Count:
    """The exact numbers."""
    with room():
        return pictures.count(_asked(rule, account_code, at, found_first))


def sample(
    rule: Group, *, account_code: str | None = None, size: int = 5, at: datetime | None = None
) -> list[Subscriber]:
    """Some people whom the rule means, from a random place on; all of them, if they are no more than `size`."""
    with room():
        return pictures.sample(subscriptions(rule, account_code=account_code, at=at), size=size)


def picture(
    rule: Group, account_code: str | None = None, size: int = 5, *, at: datetime | None = None
) -> Picture:
    """The exact numbers, how they spread, and a sample of `size` people."""
    with room():
        return pictures.picture(_asked(rule, account_code, at, found_first), size=size)
