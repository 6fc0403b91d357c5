"""What Rokt tells of subscriptions: who has one, and which have ended.

Webhooks come in any order and more than once; these rules give the same end whatever the order:

- A subscription that has ended stays ended. Rokt gives every new subscription an id of its own, and its word
  of a new one states no time, so a late "Subscribe" cannot be told from a new one. The latest end counts.
- ``subscribed_at`` is the earliest "Subscribe"; that details were changed tells nothing about when it began.
- Of two descriptions the fuller counts. What Braze lists is left as Braze describes it. Tags are left out:
  Rokt tells their ids, Braze their names, and rules ask for names.
- Nobody is made up: a person without Braze's attributes could not be written to as Braze would. Who is not
  known waits for an import; the end of a subscription is remembered at once, for imports respect it.
- Every account speaks for itself: what another one says of the same subscription neither counts nor stands in
  the way. Where Braze says whose it is, nobody else is heard.
"""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from campaigns.importing.shared import Combination, traits_of
from campaigns.inbound import erased
from campaigns.inbound.notices_fate import Fate, Heard, done, failed, orphan
from campaigns.inbound.subscriptions_stored import Line, Stored
from campaigns.models import Notice, Subscriber, SubscriptionStatus
from integrations.braze.profile import Values
from integrations.rokt.notice import EventType
from integrations.rokt.notice import Notice as Message

ID_LENGTH = SubscriptionStatus._meta.get_field("rokt_id").max_length or 0


def take(heard: Sequence[Heard]) -> list[Fate]:
    """Take over what webhooks tell of subscriptions, in this order; call it in a transaction."""
    stored = Stored([each for each in heard if _names_one(each.message)])
    gone = erased.fates(heard)  # again: somebody may have been, while this waited for the turn
    refused = [fate or _refused(stored, *each) for fate, each in zip(gone, heard, strict=True)]
    stored.open([each for each, fate in zip(heard, refused, strict=True) if fate is None])
    fates = [fate or _take(stored, *each) for each, fate in zip(heard, refused, strict=True)]
    stored.write()
    return fates


def _names_one(message: Message) -> bool:
    return 0 < len(message.subscription_id) <= ID_LENGTH


def _refused(stored: Stored, row: Notice, message: Message) -> Fate | None:
    """Why a webhook cannot be taken over: an account may speak of its own subscriptions alone."""
    if not _names_one(message):
        return failed(_("It names no subscription."))
    lines = stored.lines(row.account_id, message.subscription_id)
    if all(line.account_code in ("", row.account.code) for line in lines):
        return None
    return failed(_("The subscription belongs to another account."))


def _take(stored: Stored, row: Notice, message: Message) -> Fate:
    lines = stored.lines(row.account_id, message.subscription_id)
    people = _owners(stored, lines, message)
    status = stored.status(row.account_id, message.subscription_id)
    _remember(status, row, message, people)
    stored.describe(status, _described(row, message))
    if not people:
        return orphan(_why_unknown(stored, message))
    row.subscriber = people[0]
    if not lines:
        stored.add(status, people[0], email=message.email)
    stored.repeat(status)
    return done(_("The subscription has ended.") if status.ended_at else _("The subscription is noted."))


def _owners(stored: Stored, lines: Sequence[Line], message: Message) -> Sequence[Subscriber]:
    """Return whose subscription this is: whoever is listed with it, else whom Rokt names, if only one is meant."""
    listed = {line.row.subscriber_id: line.row.subscriber for line in lines}
    if listed:
        return [listed[pk] for pk in sorted(listed)]
    named = stored.people.get(message.subscriber_id, [])
    return named if len(named) == 1 else []


def _why_unknown(stored: Stored, message: Message) -> str:
    if not message.subscriber_id:
        return _("Nobody here has this subscription, and Rokt does not say whose it is.")
    if stored.people[message.subscriber_id]:
        return _("Nobody here has this subscription, and the user id is known in more than one workspace.")
    return _("Nobody here has this subscription or this user id. An import may bring the person.")


def _remember(
    status: SubscriptionStatus, row: Notice, message: Message, people: Sequence[Subscriber]
) -> None:
    told_at = min(message.happened_at or row.received_at, row.received_at)  # nobody tells of the future
    if message.event_type is EventType.UNSUBSCRIBE:
        status.ended_at = max(status.ended_at or told_at, told_at)
    elif message.event_type is EventType.SUBSCRIBE:
        status.subscribed_at = min(status.subscribed_at or told_at, told_at)
    status.told_at = max(status.told_at, row.received_at)
    if people and status.subscriber_id is None:
        status.subscriber = people[0]


def _described(row: Notice, message: Message) -> Combination:
    return traits_of(
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
