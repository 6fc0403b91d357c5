"""What Rokt tells by itself: an entry arrived, is gone, or was taken off. Late evidence settles doubts."""

from datetime import datetime
from enum import Enum, auto
from typing import Final

from django.db import transaction
from django.db.models import Q, QuerySet

from campaigns.models import Attempt, Delivery, Entry, Event, Send
from campaigns.models.clock import now
from campaigns.pipeline.record.close import entry, write_entries
from campaigns.pipeline.record.doubt import last_calls, save
from campaigns.pipeline.written import content_of


class Said(Enum):
    """What a piece of evidence came to."""

    TAKEN = auto()
    KNOWN = auto()  # nothing new
    EARLY = auto()  # its call is still on the wire: ask again
    STRANGE = auto()  # there is no delivery that it speaks of


ASKED_FOR: Final = {
    Attempt.Operation.CREATE: Send.Kind.CREATE,
    Attempt.Operation.UPDATE: Send.Kind.UPDATE,
    Attempt.Operation.DELETE: Send.Kind.CANCEL,
}
UNSETTLED: Final = (
    Q(state__in=(Delivery.State.ACCEPTED, Delivery.State.IN_DOUBT))
    | Q(state=Delivery.State.QUEUED, attempt_count__gt=0)  # waits for a repeat that nobody needs any more
    | Q(state=Delivery.State.FAILED, reason=Delivery.Reason.GAVE_UP)
)


@transaction.atomic
def confirm(event: Event, external_id: str, *, operation: Attempt.Operation) -> Said:
    """Take Rokt's word that a person's entry was added, changed or removed: the newest such delivery is confirmed."""
    rows = _deliveries(event, external_id, operation)
    newest = rows.order_by("-pk").first()
    if newest is None:
        return Said.STRANGE
    if newest.state == Delivery.State.SENDING:
        return Said.EARLY
    row = rows.filter(UNSETTLED, pk=newest.pk).select_for_update(of=("self",)).first()
    if row is None:
        return Said.KNOWN
    _settle(row, at=now())
    return Said.TAKEN


def _deliveries(event: Event, external_id: str, operation: Attempt.Operation) -> QuerySet[Delivery]:
    mine = Delivery.objects.filter(
        external_id=external_id, send__event=event, send__kind=ASKED_FOR[operation]
    )
    return mine.filter(attempt_count__gt=0).exclude(subscriber=None).select_related("send")


def _settle(row: Delivery, *, at: datetime) -> None:
    was = Delivery.State(row.state)
    row.state, row.reason, row.detail = Delivery.State.CONFIRMED, Delivery.Reason.NONE, ""
    row.lease_token = row.lease_until = row.due_at = None
    row.changed_at = at
    if was == Delivery.State.ACCEPTED:
        Entry.objects.filter(delivery=row).update(confirmed_at=at)
    else:
        call = last_calls([row.pk])[row.pk]
        content = content_of(call.body)
        write_entries([entry(row, content=content, operation=call.operation, at=at, confirmed=True)])
    save([row], was=was, at=at)


@transaction.atomic
def gone(event: Event, external_id: str) -> Said:
    """Note that somebody else removed the entry: it is not on the calendar any more."""
    theirs = Entry.objects.filter(event=event, subscriber__external_id=external_id)
    removed = theirs.filter(state=Entry.State.PRESENT).update(state=Entry.State.CANCELLED)
    return Said.TAKEN if removed else Said.KNOWN if theirs.exists() else Said.STRANGE


@transaction.atomic
def taken_off(event: Event, external_id: str, rokt_id: str = "") -> Said:
    """Note that the person took the entry off a calendar of theirs; ``rokt_id`` names the subscription, if known.

    Once it is on none of them, nothing of this event is sent to the person again.
    """
    theirs = Entry.objects.filter(event=event, subscriber__external_id=external_id)
    row = theirs.select_for_update(of=("self",)).first()
    if row is None:
        return Said.STRANGE
    if row.state != Entry.State.PRESENT:
        return Said.KNOWN
    places = row.subscriptions.split()
    left = (
        [place for place in places if place.partition(":")[2].lower() != rokt_id.lower()] if rokt_id else []
    )
    if places and left == places:
        return Said.KNOWN
    row.subscriptions = " ".join(left) or row.subscriptions
    row.state = Entry.State.PRESENT if left else Entry.State.DROPPED
    row.save(update_fields=["state", "subscriptions"])
    return Said.TAKEN
