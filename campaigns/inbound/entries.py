"""What Rokt tells of calendar entries: ours arrived, changed, went, or were taken off by the person."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Max, Min
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.inbound.notices_fate import Fate, Heard, done, early, failed, ignored, orphan
from campaigns.inbound.places import Place, Wire, places
from campaigns.models import Attempt, Notice
from campaigns.pipeline.record import Said, Spot, TakenOff, Word, confirm, taken_off
from integrations.rokt.notice import EventType

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

OPERATIONS = {
    EventType.EVENT_ADDED: Attempt.Operation.CREATE,
    EventType.EVENT_UPDATED: Attempt.Operation.UPDATE,
    EventType.EVENT_DELETED: Attempt.Operation.DELETE,
}

FATES: dict[Said, tuple[Callable[[str], Fate], "StrPromise"]] = {
    Said.TAKEN: (done, gettext_lazy("Event %(event)s for %(person)s: noted in the history.")),
    Said.KNOWN: (done, gettext_lazy("Event %(event)s for %(person)s: this was known.")),
    Said.GONE: (
        done,
        gettext_lazy(
            "Somebody removed the entry, but not from here: noted that the calendar no longer has it."
        ),
    ),
    Said.EARLY: (early, gettext_lazy("The call for it is still on its way.")),
    Said.STRANGE: (orphan, gettext_lazy("The event is ours, but nobody here has sent it to this person.")),
}


def take(heard: Sequence[Heard]) -> list[Fate]:
    """Take over what webhooks tell of entries that came, changed or went; call it in a transaction."""
    means = _means(heard)
    said = confirm(
        [
            Word(OPERATIONS[each.message.event_type], asked, [_spot(place) for place in spoken])
            for each, spoken, asked in zip(heard, means, _asked(heard, means), strict=True)
        ]
    )
    return [_fate(*each) for each in zip(heard, means, said, strict=True)]


def take_off(heard: Sequence[Heard]) -> list[Fate]:
    """Take over which entries people took off their calendars; call it in a transaction."""
    means = _means(heard)
    said = taken_off(
        [
            TakenOff(asked, each.message.subscription_id)
            for each, asked in zip(heard, _asked(heard, means), strict=True)
        ]
    )
    return [_fate(*each) for each in zip(heard, means, said, strict=True)]


def _means(heard: Sequence[Heard]) -> list[list[Place]]:
    stated = [Wire(row.account_id, message.entry_event_id) for row, message in heard]
    found = places(stated)
    return [found[each] for each in stated]


def _asked(heard: Sequence[Heard], means: Sequence[Sequence[Place]]) -> list[list[Spot]]:
    """Return for whom we had made a call before it was told; older word means another entry."""
    spots = {_spot(place) for spoken in means for place in spoken}
    calls = Attempt.objects.filter(
        delivery__external_id__listed={spot.external_id for spot in spots},
        delivery__send__event__in={spot.event for spot in spots},
    )
    first = calls.order_by().values_list("delivery__send__event", "delivery__external_id")
    found = first.annotate(Min("opened_at"), Max("delivery__subscriber")) if spots else ()
    began = {Spot(event, name): (at, owner_id) for event, name, at, owner_id in found}
    return [_called(each.row, spoken, began) for each, spoken in zip(heard, means, strict=True)]


def _called(
    row: Notice, spoken: Sequence[Place], began: Mapping[Spot, tuple[datetime, int | None]]
) -> list[Spot]:
    called = [
        spot for place in spoken if (spot := _spot(place)) in began and began[spot][0] <= row.received_at
    ]
    if called:
        row.subscriber_id = began[called[0]][1]
    return called


def _spot(place: Place) -> Spot:
    return Spot(place.event.pk, place.external_id)


def _fate(heard: Heard, spoken: Sequence[Place], said: Said) -> Fate:
    if not heard.message.entry_event_id:
        return failed(_("It names no event."))
    if not spoken:
        return ignored(_("The event is none of ours."))
    if said is Said.STRANGE and heard.message.event_type is EventType.EVENT_DELETED:
        return ignored(_("Nobody here has asked for this removal."))
    words = {"event": spoken[0].event.event_id, "person": spoken[0].external_id}
    fate, reason = FATES[said]
    return fate(str(reason) % words)
