"""What Rokt tells of calendar entries: ours arrived, changed, went, or were taken off by the person."""

from collections.abc import Iterator
from typing import NamedTuple

from django.db.models import F, Value
from django.db.models.functions import Concat
from django.utils.translation import gettext as _

from campaigns.inbound.notices_fate import Fate, done, early, failed, ignored, orphan
from campaigns.models import Attempt, Event, Notice
from campaigns.pipeline.record import Said, confirm, gone, taken_off
from integrations.rokt.notice import EventType
from integrations.rokt.notice import Notice as Message

OPERATIONS = {
    EventType.EVENT_ADDED: Attempt.Operation.CREATE,
    EventType.EVENT_UPDATED: Attempt.Operation.UPDATE,
    EventType.EVENT_DELETED: Attempt.Operation.DELETE,
}


class Place(NamedTuple):
    """One person's entry for one of our events."""

    event: Event
    external_id: str


def take(row: Notice, message: Message) -> Fate:
    """Take over what a webhook tells of an entry; call it in a transaction."""
    wire_id = message.entry_event_id
    if not wire_id:
        return failed(_("It names no event."))
    places = list(places_of(row.account_id, wire_id))
    if not places:
        return ignored(_("The event is none of ours."))
    for place in places:
        said = _say(row, message, place)
        if said is not Said.STRANGE:
            return _fate(said, place)
    return _nobody_asked(message, places)


def places_of(account_id: int, wire_id: str) -> Iterator[Place]:
    """Yield what an event id on the wire may mean, the longest event id first.

    ``A_1_2`` is event ``A`` for person ``1_2`` or event ``A_1`` for person ``2``: whichever this account has.
    """
    events = Event.objects.filter(account=account_id).annotate(
        wire_id=Value(wire_id), stem=Concat(F("event_id"), Value("_"))
    )
    found = [event for event in events.filter(wire_id__startswith=F("stem")) if _begins(wire_id, event)]
    for event in sorted(found, key=lambda each: len(each.event_id), reverse=True):
        yield Place(event, wire_id.removeprefix(f"{event.event_id}_"))


def _begins(wire_id: str, event: Event) -> bool:
    """Look at the letters again: SQLite does not tell large ones from small ones."""
    return wire_id.startswith(f"{event.event_id}_")


def _say(row: Notice, message: Message, place: Place) -> Said:
    """Give the word to the ledger, unless it is older than every call of ours: then it means another entry."""
    operation = OPERATIONS.get(message.event_type)
    calls = Attempt.objects.filter(
        delivery__external_id=place.external_id,
        delivery__send__event=place.event,
        opened_at__lte=row.received_at,
    )
    if not calls.exists():
        return Said.STRANGE
    if operation is None:
        return taken_off(*place, rokt_id=message.subscription_id)
    return confirm(*place, operation=operation)


def _fate(said: Said, place: Place) -> Fate:
    words = {"event": place.event.event_id, "person": place.external_id}
    if said is Said.EARLY:
        return early(_("The call for it is still on its way."))
    if said is Said.KNOWN:
        return done(_("Event %(event)s for %(person)s: this was known.") % words)
    return done(_("Event %(event)s for %(person)s: noted in the history.") % words)


def _nobody_asked(message: Message, places: list[Place]) -> Fate:
    if message.event_type is not EventType.EVENT_DELETED:
        return orphan(_("The event is ours, but nobody here has sent it to this person."))
    if any(gone(event, external_id) is Said.TAKEN for event, external_id in places):
        return done(
            _("Somebody removed the entry, but not from here: noted that the calendar no longer has it.")
        )
    return ignored(_("Nobody here has asked for this removal."))
