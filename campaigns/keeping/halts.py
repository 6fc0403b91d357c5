"""Holding all sends and letting them go: by hand, with a name and a reason, and what is at stake."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, QuerySet

from campaigns import audit
from campaigns.models import Halt, Send
from campaigns.models.clock import now
from campaigns.models.keeping import open_halt

NOTE_LENGTH = 300
STARTED = (Send.State.SENDING, Send.State.PAUSED)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits behind a halt: sends under way and sends to come, and how many people of the former."""

    under_way: Sequence[Send]
    to_come: Sequence[Send]

    @property
    def send_count(self) -> int:
        """How many sends wait."""
        return len(self.under_way) + len(self.to_come)

    @property
    def people_count(self) -> int:
        """How many people of sends under way have no final state yet."""
        return sum(send.queued_count + send.sending_count + send.in_doubt_count for send in self.under_way)


def waiting() -> Waiting:
    """Return what a release lets go."""
    under_way = _sends().filter(Send.UNSETTLED, state__in=STARTED).order_by("started_at", "pk")
    to_come = _sends().filter(state=Send.State.SCHEDULED).order_by("scheduled_at", "pk")
    return Waiting(list(under_way), list(to_come))


def _sends() -> QuerySet[Send]:
    done = F("accepted_count") + F("confirmed_count")
    return Send.objects.select_related("event", "account").defer("rule").annotate(arrived_count=done)


@transaction.atomic
def halt(*, by: User | None, note: str) -> Halt:
    """Hold all sends at somebody's wish, as before a restore; returns the halt that is there already, if any."""
    if found := open_halt():
        return found
    made = Halt.objects.create(made_at=now(), made_by=by, note=note[:NOTE_LENGTH])
    audit.halted(made)
    return made


@transaction.atomic
def release(*, by: User | None, note: str) -> int:
    """Let all sends go; return how many halts ended by it: 0 where nothing was held.

    Whatever hosts remember from before this moment is forgiven.
    """
    found, held = waiting(), Halt.objects.filter(released_at=None)
    ids = list(held.select_for_update().order_by("pk").values_list("pk", flat=True))
    held.filter(pk__in=ids).update(
        released_at=now(),
        released_by=by,
        release_note=note[:NOTE_LENGTH],
        send_count=found.send_count,
        people_count=found.people_count,
    )
    for each in Halt.objects.filter(pk__in=ids).order_by("pk"):
        audit.halted(each)
    return len(ids)
