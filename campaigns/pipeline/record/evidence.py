"""What Rokt tells by itself: an entry arrived, changed or is gone. Late evidence settles doubts.

Many words are heard in one transaction. Locks come as everywhere: deliveries, entries, books, each in one order.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Final, NamedTuple, TypeAlias

from django.db import transaction
from django.db.models import Q, QuerySet

from campaigns.models import Attempt, Delivery, Entry, Send, bulk
from campaigns.models.clock import now
from campaigns.pipeline.record import books
from campaigns.pipeline.record.doubt import last_calls
from campaigns.pipeline.record.entries import entry, write_entries
from campaigns.pipeline.record.states import DELIVERY_FIELDS
from campaigns.pipeline.written import content_of


class Said(Enum):
    """What a piece of evidence came to."""

    TAKEN = auto()
    KNOWN = auto()  # nothing new
    GONE = auto()  # nobody here asked for it; noted that the entry is not there any more
    EARLY = auto()  # its call is still on the wire, or somebody writes it down just now: ask again
    STRANGE = auto()  # there is no delivery that it speaks of


class Spot(NamedTuple):
    """One person's entry for one event, by the event's number and the user id."""

    event: int
    external_id: str


@dataclass(frozen=True, slots=True)
class Word:
    """Entries were added, changed or removed at the first of ``asked`` that we made such a call for.

    ``spots`` are all that it may mean; where a removal was not asked for, it counts for each of them.
    """

    operation: Attempt.Operation
    asked: Sequence[Spot]
    spots: Sequence[Spot]


class Newest(NamedTuple):
    """The latest delivery of its kind for somebody, of those that Rokt has accepted if there is one to confirm."""

    pk: int
    state: str


Key: TypeAlias = tuple[int, str, str]  # event, user id, kind of send

ASKED_FOR: Final = {
    Attempt.Operation.CREATE: Send.Kind.CREATE,
    Attempt.Operation.UPDATE: Send.Kind.UPDATE,
    Attempt.Operation.DELETE: Send.Kind.CANCEL,
}
UNSETTLED: Final = (
    Q(state__in=(Delivery.State.ACCEPTED, Delivery.State.IN_DOUBT))
    | Q(state=Delivery.State.QUEUED, attempt_count__gt=0)  # waits for a repeat that nobody needs any more
    | Q(state=Delivery.State.FAILED, reason__in=(Delivery.Reason.GAVE_UP, Delivery.Reason.DECIDED))
)


@transaction.atomic
def confirm(words: Sequence[Word]) -> list[Said]:
    """Take Rokt's word that entries were added, changed or removed: the newest such delivery of each is confirmed."""
    at = now()
    known = _newest(words)
    meant = [_meant(word, known) for word in words]
    rows = _locked({each.pk for each in meant if each and each.state != Delivery.State.SENDING})
    was = {row.pk: Delivery.State(row.state) for row in rows}
    busy = _settle(rows, at=at)
    settled = [row for row in rows if row.pk not in busy]
    gone = _gone(
        {spot for word, each in zip(words, meant, strict=True) if _is_gone(word, each) for spot in word.spots}
    )
    _save(settled, was, at=at)
    taken = {row.pk for row in settled}
    return [_said(word, each, taken, busy, gone) for word, each in zip(words, meant, strict=True)]


def _newest(words: Sequence[Word]) -> dict[Key, Newest]:
    """Return the latest delivery that a call was made for, by event, person and kind of send.

    While an earlier one waits for its word, that is what is heard: Rokt may take minutes, and a later call that was
    refused meanwhile must not be taken for what has arrived.
    """
    asked = {spot for word in words for spot in word.asked}
    rows = Delivery.objects.filter(
        external_id__in={spot.external_id for spot in asked}, send__event__in={spot.event for spot in asked}
    )
    rows = rows.filter(attempt_count__gt=0).exclude(subscriber=None).order_by("pk")
    found = rows.values_list("send__event_id", "external_id", "send__kind", "pk", "state")
    newest: dict[Key, Newest] = {}
    for event, name, kind, pk, state in found:
        before = newest.get((event, name, kind))
        if before is None or before.state != Delivery.State.ACCEPTED or state in Delivery.HAS_ARRIVED:
            newest[event, name, kind] = Newest(pk, state)
    return newest


def _meant(word: Word, known: Mapping[Key, Newest]) -> Newest | None:
    kind = ASKED_FOR[word.operation]
    return next((newest for spot in word.asked if (newest := known.get((*spot, kind)))), None)


def _is_gone(word: Word, meant: Newest | None) -> bool:
    return meant is None and word.operation == Attempt.Operation.DELETE


def _locked(pks: Collection[int]) -> list[Delivery]:
    rows = Delivery.objects.filter(UNSETTLED, pk__in=pks).select_for_update(of=("self",)).order_by("pk")
    return list(rows.select_related("send").defer("send__content", "send__rule")) if pks else []


def _settle(rows: Sequence[Delivery], *, at: datetime) -> set[int]:
    """Note that these entries are there; return the deliveries whose entries somebody else is writing just now."""
    doubtful = [row for row in rows if row.state != Delivery.State.ACCEPTED]
    calls = last_calls([row.pk for row in doubtful]) if doubtful else {}
    made = [
        entry(
            row,
            content=content_of(calls[row.pk].body),
            operation=calls[row.pk].operation,
            at=at,
            confirmed=True,
        )
        for row in doubtful
        if row.pk in calls and (calls[row.pk].body or calls[row.pk].operation == Attempt.Operation.DELETE)
    ]  # not where the call was so long ago that what it said has been removed
    if made:
        write_entries(made)
    accepted = Entry.objects.filter(
        delivery__in=[row.pk for row in rows if row.state == Delivery.State.ACCEPTED]
    )
    free, busy = _free(accepted)
    Entry.objects.filter(pk__in=free).update(confirmed_at=at)
    return set(Entry.objects.filter(pk__in=busy).values_list("delivery", flat=True)) if busy else set()


def _free(entries: QuerySet[Entry]) -> tuple[set[int], set[int]]:
    """Lock entries and return them, and those that others hold: whoever has locked some already must not wait."""
    there = set(entries.order_by().values_list("pk", flat=True))
    mine = Entry.objects.filter(pk__in=there).order_by("pk").select_for_update(skip_locked=True, no_key=True)
    free = set(mine.values_list("pk", flat=True)) if there else set()
    return free, there - free


def _gone(spots: Collection[Spot]) -> dict[Spot, Said]:
    """Note that somebody else removed entries: they are not on the calendar any more."""
    if not spots:
        return {}
    theirs = Entry.objects.filter(state=Entry.State.PRESENT, event__in={spot.event for spot in spots})
    theirs = theirs.filter(subscriber__external_id__in={spot.external_id for spot in spots}).order_by()
    found = {
        pk: Spot(event, name)
        for pk, event, name in theirs.values_list("pk", "event_id", "subscriber__external_id")
        if (event, name) in spots
    }
    free, busy = _free(Entry.objects.filter(pk__in=found))
    Entry.objects.filter(pk__in=free).update(state=Entry.State.CANCELLED)
    return {found[pk]: Said.GONE for pk in free} | {found[pk]: Said.EARLY for pk in busy}


def _save(rows: Sequence[Delivery], was: Mapping[int, Delivery.State], *, at: datetime) -> None:
    moves: dict[int, Counter[Delivery.State]] = defaultdict(Counter)
    for row in rows:
        row.state, row.reason, row.detail = Delivery.State.CONFIRMED, Delivery.Reason.NONE, ""
        row.lease_token = row.lease_until = row.due_at = None
        row.changed_at = at
        moves[row.send_id][Delivery.State.CONFIRMED] += 1
        moves[row.send_id][was[row.pk]] -= 1
    bulk.update(rows, DELIVERY_FIELDS)
    for send_id in sorted(moves):  # one order for everybody, so that two workers cannot block each other
        books.move(send_id, moves[send_id])
        books.finish(send_id, at=at)


def _said(
    word: Word, meant: Newest | None, taken: set[int], busy: Collection[int], gone: Mapping[Spot, Said]
) -> Said:
    """Return what a word came to; the first one of several takes, the others are known."""
    if meant is None:
        return next((gone[spot] for spot in word.spots if spot in gone), Said.STRANGE)
    if meant.state == Delivery.State.SENDING or meant.pk in busy:
        return Said.EARLY
    if meant.pk not in taken:
        return Said.KNOWN
    taken.discard(meant.pk)
    return Said.TAKEN
