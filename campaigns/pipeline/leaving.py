"""Who must not be called any more: asked at the last moment, for much may happen after an audience is frozen."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from campaigns.models import Delivery, Entry, Send, Subscriber, SubscriptionStatus


class Row(Protocol):
    """Somebody whose turn it is."""

    @property
    def pk(self) -> int:
        """The row's id."""
        ...

    @property
    def subscriber(self) -> Subscriber | None:
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
    ended = _ended(send, {rokt_id.lower() for row in rows for rokt_id in row.subscription_ids})
    off = _took_it_off(send, [row.subscriber.pk for row in rows if row.subscriber])
    found = ((row.pk, _reason(row, ended, off)) for row in rows)
    return {pk: reason for pk, reason in found if reason}


def _took_it_off(send: Send, people: Collection[int]) -> set[int]:
    entries = Entry.objects.filter(event=send.event_id, state=Entry.State.DROPPED, is_test=False)
    return set(entries.filter(subscriber__in=people).values_list("subscriber", flat=True))


def _ended(send: Send, rokt_ids: Collection[str]) -> set[str]:
    """What Rokt has told this account: another account's word counts for nothing here."""
    told = SubscriptionStatus.objects.filter(account=send.account_id, rokt_id__in=rokt_ids)
    told = told.filter(ended_at__isnull=False)
    return set(told.values_list("rokt_id", flat=True))


def _reason(row: Row, ended: Collection[str], off: Collection[int]) -> Delivery.Reason | None:
    if row.subscriber is None or not row.subscriber.is_active:
        return Delivery.Reason.LEFT
    if row.subscriber.is_suppressed:
        return Delivery.Reason.SUPPRESSED
    if row.subscriber.pk in off:
        return Delivery.Reason.TAKEN_OFF
    ids = row.subscription_ids
    return Delivery.Reason.UNSUBSCRIBED if ids and all(rokt_id.lower() in ended for rokt_id in ids) else None
