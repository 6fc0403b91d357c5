"""Webhooks that name somebody who was erased: they change nothing, and nothing that they say is kept."""

from django.utils.translation import gettext as _

from campaigns.importing import suppressed
from campaigns.inbound.entries import places_of
from campaigns.inbound.notices_fate import Fate, ignored
from campaigns.inbound.subscriptions import owners
from campaigns.models import Subscriber, Suppression
from integrations.rokt.notice import Notice as Message

ERASED = Suppression.Cause.ERASED


def fate(account_id: int, message: Message) -> Fate | None:
    """Return what becomes of a webhook that names somebody erased; None of any other."""
    workspaces = list(
        Suppression.objects.filter(cause=ERASED).order_by().values_list("workspace", flat=True).distinct()
    )
    if not workspaces:
        return None
    names = _named(account_id, message)
    found = (suppressed.causes(workspace, names) for workspace in workspaces) if names else ()
    if not any(ERASED in causes.values() for causes in found) or _means_somebody(message, names):
        return None
    return ignored(_("It spoke of somebody who was erased here, so nothing of it is kept."))


def _named(account_id: int, message: Message) -> set[str]:
    """Return the user ids that a webhook may name."""
    wire_id = message.entry_event_id
    places = places_of(account_id, wire_id) if wire_id else ()
    return {message.subscriber_id, *(place.external_id for place in places)} - {""}


def _means_somebody(message: Message, names: set[str]) -> bool:
    """Whether it speaks of somebody who is here: another workspace may know the same user id."""
    if Subscriber.objects.filter(external_id__in=names).exists():
        return True
    return bool(message.subscription_id and owners(message))
