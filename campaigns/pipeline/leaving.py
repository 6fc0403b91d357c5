"""Who must not be called any more: asked at the last moment, for much may happen after an audience is frozen."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from django.db.models import CharField, Value
from django.db.models.functions import Cast

from campaigns.models import Delivery, Entry, Send, Subscriber, SubscriptionStatus
from campaigns.pipeline.written import Recipient


class Row(Protocol):
    """Somebody whose turn it is."""

    @property
    def pk(self) -> int:
        """The row's id."""
        ...

    @property
    def subscriber(self) -> Subscriber | Recipient | None:
        """The person; None when erased."""
        ...

    @property
    def subscription_ids(self) -> list[str]:
        """The ids that the call would be for."""
        ...


def reasons(send: Send, rows: Sequence[Row]) -> Mapping[int, Delivery.Reason]:
    """Return why no call may be made, by row, for those who have left. A removal reaches everybody but the erased."""
    if send.kind == Send.Kind.CANCEL:
        return {row.pk: Delivery.Reason.LEFT for row in rows if row.subscriber is None}
    off, ended = _gone(send, rows)
    found = ((row.pk, _reason(row, ended, off)) for row in rows)
    return {pk: reason for pk, reason in found if reason}


def _gone(send: Send, rows: Sequence[Row]) -> tuple[set[str], set[str]]:
    """Return who took the event off, and which subscriptions have ended: for a whole batch in one question.

    What Rokt has told this account counts; another account's word is nothing here.
    """
    people = [row.subscriber.pk for row in rows if row.subscriber]
    rokt_ids = {rokt_id.lower() for row in rows for rokt_id in row.subscription_ids}
    off = Entry.objects.filter(event=send.event_id, state=Entry.State.DROPPED, is_test=False)
    off = off.filter(subscriber__listed=people).order_by()
    ended = SubscriptionStatus.objects.filter(account=send.account_id, ended_at__isnull=False)
    ended = ended.filter(rokt_id__listed=rokt_ids).order_by()
    name = Cast("subscriber_id", CharField())
    both = off.values_list(Value("off"), name).union(ended.values_list(Value("ended"), "rokt_id"), all=True)
    found = set(both)
    return (
        {name for kind, name in found if kind == "off"},
        {name for kind, name in found if kind == "ended"},
    )


def _reason(row: Row, ended: Collection[str], off: Collection[str]) -> Delivery.Reason | None:
    if row.subscriber is None or not row.subscriber.is_active:
        return Delivery.Reason.LEFT
    if row.subscriber.is_suppressed:
        return Delivery.Reason.SUPPRESSED
    if str(row.subscriber.pk) in off:
        return Delivery.Reason.TAKEN_OFF
    ids = row.subscription_ids
    return Delivery.Reason.UNSUBSCRIBED if ids and all(rokt_id.lower() in ended for rokt_id in ids) else None
