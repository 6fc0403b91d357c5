"""Webhooks that name somebody who was erased: they change nothing, and nothing that they say is kept."""

from collections.abc import Collection, Sequence

from django.utils.translation import gettext as _

from campaigns.importing import suppressed
from campaigns.inbound.notices_fate import Fate, Heard, ignored
from campaigns.inbound.places import Wire, places
from campaigns.inbound.subscriptions_stored import spellings
from campaigns.models import ErasedSubscription, Subscriber, Subscription, Suppression
from campaigns.models.keyed import keys_of_subscription
from integrations.rokt.notice import Notice as Message


def fate() -> Fate:
    """Return what becomes of a webhook that names somebody erased."""
    return ignored(_("It spoke of somebody who was erased here, so nothing of it is kept."))


def fates(heard: Sequence[Heard]) -> list[Fate | None]:
    """Return what becomes of those that name somebody erased, without their texts from now on; None for all others."""
    gone = among([each.row.account_id for each in heard], [each.message for each in heard])
    for each, is_gone in zip(heard, gone, strict=True):
        each.row.body = "" if is_gone else each.row.body
    return [fate() if is_gone else None for is_gone in gone]


def among(account_ids: Sequence[int], messages: Sequence[Message]) -> list[bool]:
    """Return which messages, each for an account, name somebody erased and nobody else."""
    if not Suppression.objects.filter(cause=Suppression.Cause.ERASED).exists():
        return [False] * len(messages)
    pairs = list(zip(account_ids, messages, strict=True))
    found = places([Wire(account_id, message.entry_event_id) for account_id, message in pairs])
    names = [
        {message.subscriber_id, *(place.external_id for place in found[account_id, message.entry_event_id])}
        - {""}
        for account_id, message in pairs
    ]
    gone = suppressed.erased(set().union(*names))
    ended = _erased_subscriptions({message.subscription_id for message in messages} - {""})
    return [
        (not gone.isdisjoint(theirs) or message.subscription_id in ended) and not _is_here(message, theirs)
        for message, theirs in zip(messages, names, strict=True)
    ]


def _erased_subscriptions(rokt_ids: Collection[str]) -> set[str]:
    owners = {key: rokt_id for rokt_id in rokt_ids for key in keys_of_subscription(rokt_id)}
    found = ErasedSubscription.objects.filter(key__in=list(owners)).order_by()
    return {owners[key] for key in found.values_list("key", flat=True)}


def _is_here(message: Message, names: Collection[str]) -> bool:
    """Whether it speaks of somebody who is here: another workspace may know the same user id."""
    if Subscriber.objects.filter(external_id__in=names).exists():
        return True
    rokt_id = message.subscription_id
    return bool(rokt_id) and Subscription.objects.filter(rokt_id__in=spellings(rokt_id)).exists()
