"""What Rokt tells of subscriptions: who has one, and which have ended.

Webhooks come in any order and more than once; these rules give the same end whatever the order:

- A subscription that has ended stays ended. Rokt gives every new subscription an id of its own, and its word
  of a new one states no time, so a late "Subscribe" cannot be told from a new one. The latest end counts.
- ``subscribed_at`` is the earliest "Subscribe"; that details were changed tells nothing about when it began.
- Of two descriptions the fuller counts. What Braze lists is left as Braze describes it. Tags are left out:
  Rokt tells their ids, Braze their names, and rules ask for names.
- Nobody is made up: a person without Braze's attributes could not be written to as Braze would. Who is not
  known waits for an import; the end of a subscription is remembered at once, for imports respect it.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import F, Max, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from campaigns.importing.shared import TRAITS, Combination, Finder, home_of, traits_of
from campaigns.inbound.notices_fate import Fate, done, failed, orphan
from campaigns.models import Notice, Subscriber, Subscription, SubscriptionStatus, Traits, Workspace
from campaigns.models.standing import settle
from integrations.braze.profile import Values
from integrations.rokt.notice import EventType
from integrations.rokt.notice import Notice as Message

ID_LENGTH = SubscriptionStatus._meta.get_field("rokt_id").max_length or 0


def take(row: Notice, message: Message) -> Fate:
    """Take over what a webhook tells of a subscription; call it in a transaction."""
    rokt_id = message.subscription_id
    if not rokt_id or len(rokt_id) > ID_LENGTH:
        return failed(_("It names no subscription."))
    people = owners(message)
    _wait_for_imports(people)
    if _is_of_another_account(row, rokt_id):
        return failed(_("The subscription belongs to another account."))
    status, before = _remember(row, message, people)
    if not people:
        return orphan(_why_unknown(message))
    _list(status, message, people)
    _repeat(status, people, before=before)
    return done(_("The subscription has ended.") if status.ended_at else _("The subscription is noted."))


def owners(message: Message) -> Sequence[Subscriber]:
    """Return whose subscription this is: whoever is listed with it, else whom Rokt names, if only one is meant."""
    listed = Subscriber.objects.filter(subscriptions__rokt_id__in=spellings(message.subscription_id))
    if people := list(listed.distinct().order_by("pk")):
        return people
    named = list(_named(message)[:2])
    return named if len(named) == 1 else []


def spellings(rokt_id: str) -> tuple[str, str]:
    """Return how Braze may list an id; other mixtures of letters no index would find."""
    return rokt_id.lower(), rokt_id.upper()


def _named(message: Message) -> QuerySet[Subscriber]:
    name = message.subscriber_id
    return Subscriber.objects.filter(external_id=name) if name else Subscriber.objects.none()


def _why_unknown(message: Message) -> str:
    if not message.subscriber_id:
        return _("Nobody here has this subscription, and Rokt does not say whose it is.")
    if len(_named(message)[:2]) > 1:
        return _("Nobody here has this subscription, and the user id is known in more than one workspace.")
    return _("Nobody here has this subscription or this user id. An import may bring the person.")


def _wait_for_imports(people: Sequence[Subscriber]) -> None:
    """Take turns with imports, as they do among themselves: both write the subscriptions of people."""
    wanted = {person.workspace_id for person in people}
    turn = Workspace.objects.select_for_update(no_key=True).filter(pk__in=wanted).order_by("pk")
    list(turn.values_list("pk"))


def _is_of_another_account(row: Notice, rokt_id: str) -> bool:
    """Whether somebody else's subscription is meant: an account may speak of its own alone."""
    if SubscriptionStatus.objects.filter(rokt_id=rokt_id).exclude(account=row.account_id).exists():
        return True
    listed = Subscription.objects.filter(rokt_id__in=spellings(rokt_id))
    described = listed.exclude(traits__account_code="")
    return described.exclude(traits__account_code=row.account.code).exists()


def _remember(
    row: Notice, message: Message, people: Sequence[Subscriber]
) -> tuple[SubscriptionStatus, int | None]:
    """Return the status as it is now, and the traits that it had before."""
    first = {"account": row.account, "told_at": row.received_at}
    SubscriptionStatus.objects.get_or_create(rokt_id=message.subscription_id, defaults=first)
    locked = SubscriptionStatus.objects.select_for_update(of=("self",)).select_related("traits")
    status = locked.get(rokt_id=message.subscription_id)
    told_at = min(message.happened_at or row.received_at, row.received_at)  # nobody tells of the future
    if message.event_type is EventType.UNSUBSCRIBE:
        status.ended_at = max(status.ended_at or told_at, told_at)
    elif message.event_type is EventType.SUBSCRIBE:
        status.subscribed_at = min(status.subscribed_at or told_at, told_at)
    status.told_at = max(status.told_at, row.received_at)
    before = status.traits_id
    status.traits_id = _traits(row, message, status.traits)
    if people and status.subscriber_id is None:
        status.subscriber = people[0]
    status.save()
    return status, before


def _traits(row: Notice, message: Message, known: Traits | None) -> int:
    values = traits_of(
        Values(
            position=0,
            account_code=row.account.code,
            account_rokt_id=message.account_id,
            calendar_code=message.calendar_code,
            calendar_rokt_id=message.calendar_id,
            calendar_title=message.calendar_title,
            method=message.method,
        )
    )
    before = (*(getattr(known, name) for name in TRAITS), ()) if known else ()
    if known and _fullness(before) >= _fullness(values):
        return known.pk
    return Finder().traits([values])[values]


def _fullness(values: Combination) -> tuple[int, str]:
    return sum(bool(value) for value in values), repr(values)


def _list(status: SubscriptionStatus, message: Message, people: Sequence[Subscriber]) -> None:
    """Add the subscription behind the others of its person where Braze does not list it, as imports keep it."""
    mine = Subscription.objects.filter(rokt_id__in=spellings(status.rokt_id))
    if mine.exists():
        return
    person = people[0]
    last = person.subscriptions.aggregate(last=Max("position"))["last"]
    home = home_of(person.profile)
    Subscription.objects.create(
        subscriber=person,
        position=0 if last is None else last + 1,
        rokt_id=status.rokt_id,
        email=message.email,
        traits_id=status.traits_id or 0,
        home_id=Finder().homes([home])[home],
        random_bucket=person.random_bucket,
        is_live=False,  # until it is settled
    )


def _repeat(status: SubscriptionStatus, people: Sequence[Subscriber], *, before: int | None) -> None:
    rows = Subscription.objects.filter(rokt_id__in=spellings(status.rokt_id))
    # Those that no import has brought are as Rokt told: they have no suffix, and its earlier words.
    rows.filter(suffix="", traits=before).update(traits=status.traits_id)
    rows.update(
        subscribed_at=_or_kept(status.subscribed_at, "subscribed_at"),
        ended_at=_or_kept(status.ended_at, "ended_at"),
    )
    settle([person.pk for person in people])


def _or_kept(at: datetime | None, name: str) -> Coalesce | F:
    return Coalesce(Value(at), F(name)) if at else F(name)
