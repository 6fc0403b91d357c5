"""What is on people's calendars after a call, as far as is known."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Max, QuerySet

from campaigns.models import Attempt, Delivery, Entry, Send, bulk
from campaigns.pipeline.record.claim import Due

ENTRY_FIELDS = ["delivery", "state", "subscriptions", "body", "is_test", "accepted_at", "confirmed_at"]


def accepted_entries(calls: Sequence[tuple[Due, str, str]], *, send: Send, at: datetime) -> None:
    """Remember what accepted calls of a send have put on calendars: each delivery, its operation and its content.

    A new event finds nothing there before, nearly always: then one statement is all.
    """
    known = [call for call in calls if call[0].subscriber_id is not None]
    if send.kind == Send.Kind.CREATE and not send.is_test and _put_new(known, send=send, at=at) == len(known):
        return
    write_entries(
        entry(row, content=content, operation=operation, at=at) for row, operation, content in known
    )


def _put_new(calls: Sequence[tuple[Due, str, str]], *, send: Send, at: datetime) -> int:
    rows = [(row.subscriber_id, row.pk, row.subscriptions, content) for row, _operation, content in calls]
    return bulk.insert(
        Entry,
        ["subscriber", "delivery", "subscriptions", "body"],
        sorted(rows),
        skip_known=True,
        event=send.event_id,
        state=Entry.State.PRESENT,
        is_test=False,
        accepted_at=at,
    )


def entry(
    delivery: Delivery | Due, *, content: str, operation: str, at: datetime, confirmed: bool = False
) -> Entry | None:
    """Return what an accepted call leaves on the person's calendar; None where the person was erased."""
    if delivery.subscriber_id is None:
        return None
    removed = operation == Attempt.Operation.DELETE
    return Entry(
        event_id=delivery.send.event_id,
        subscriber_id=delivery.subscriber_id,
        delivery_id=delivery.pk,
        state=Entry.State.CANCELLED if removed else Entry.State.PRESENT,
        subscriptions=delivery.subscriptions,
        body=content,
        is_test=delivery.send.is_test,
        accepted_at=at,
        confirmed_at=at if confirmed else None,
    )


def on_their_way(subscriber_ids: Sequence[int | None], *, send: Send, at: datetime) -> set[int | None]:
    """Of these people, return those whose entry of this event was accepted so lately that it may not be there yet."""
    if not subscriber_ids:
        return set()
    since = at - timedelta(seconds=settings.ARRIVAL_SECONDS)
    entries = Entry.objects.filter(event=send.event_id, subscriber__in=subscriber_ids, accepted_at__gt=since)
    entries = entries.filter(state=Entry.State.PRESENT, confirmed_at=None)
    return set(entries.values_list("subscriber", flat=True))


def write_entries(entries: Iterable[Entry | None]) -> None:
    """Remember what is now on each person's calendar; what a later call has put there stays.

    An answer may be known long after its call, once somebody has decided a doubt. New rows come first, then those
    that were there, each in one order, so that two workers cannot block each other.
    """
    made = [entry for entry in entries if entry is not None]
    called_at = _last_calls(made)
    made.sort(key=lambda entry: called_at[entry.delivery_id])
    latest = {(entry.subscriber_id, entry.event_id): entry for entry in made}
    mine = [latest[place] for place in sorted(latest)]
    Entry.objects.bulk_create(mine, ignore_conflicts=True)
    before = list(_by_other_deliveries(mine))
    called_at |= _last_calls(before)
    pairs = ((entry, latest.get((entry.subscriber_id, entry.event_id))) for entry in before)
    Entry.objects.bulk_create(
        [_after(old, new) for old, new in pairs if new and not _is_later(old, new, called_at)],
        update_conflicts=True,
        unique_fields=["event", "subscriber"],
        update_fields=ENTRY_FIELDS,
    )


def _last_calls(entries: Iterable[Entry]) -> dict[int, datetime]:
    """Return when a calendar was last called for each entry's delivery, by delivery id."""
    calls = Attempt.objects.filter(delivery__in=[entry.delivery_id for entry in entries])
    calls = calls.exclude(operation=Attempt.Operation.VERIFY).order_by()
    return dict(calls.values_list("delivery").annotate(at=Max("opened_at")))


def _by_other_deliveries(mine: Sequence[Entry]) -> QuerySet[Entry]:
    """Return, locked, what was on these people's calendars before; maybe of other events, too."""
    there = Entry.objects.filter(
        event__in={entry.event_id for entry in mine}, subscriber__in=[entry.subscriber_id for entry in mine]
    )
    there = there.exclude(delivery__in=[entry.delivery_id for entry in mine])
    there = there.only("event", "subscriber", "delivery", "state", "subscriptions", "is_test")
    return there.select_for_update().order_by("subscriber_id", "event_id")


def _is_later(old: Entry, new: Entry, called_at: Mapping[int, datetime]) -> bool:
    """Whether an entry comes from a later call than the one that is to replace it."""
    at = called_at.get(old.delivery_id)
    return at is not None and at > called_at[new.delivery_id]


def _after(old: Entry, new: Entry) -> Entry:
    """Return what replaces an entry; one of the event itself never comes to look like a test's.

    What its person took off while the call was out stays off: all of it, or from some of the calendars.
    """
    new.is_test = new.is_test and (old.is_test or old.state != Entry.State.PRESENT)
    if not old.is_test and old.state == Entry.State.DROPPED:
        new.state = old.state
    if not old.is_test and old.state == Entry.State.PRESENT:
        new.subscriptions = old.subscriptions
    return new
