"""A careful start: the first people of a send go alone, and what comes of them decides about the others."""

import math
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns import audit
from campaigns.models import Delivery, Send, SendAction
from campaigns.pipeline.hold import next_hold

# Who has been tried, or looked for, so often in vain counts as failing: the waits from here on take minutes to hours.
PATIENT_TRIES = 3
OPEN_STATES = (Delivery.State.QUEUED, Delivery.State.SENDING, Delivery.State.IN_DOUBT)


@dataclass(frozen=True, slots=True)
class Standing:
    """How the first people of a held send fare, in people.

    Who was skipped, was too late or was cancelled says nothing about the event and is in none of the counts.
    """

    wanted_count: int
    percent: int
    good_count: int
    failing_count: int
    open_count: int
    doubt_count: int
    rest_count: int

    @property
    def tried_count(self) -> int:
        """How many are good or failing."""
        return self.good_count + self.failing_count

    @property
    def share(self) -> float:
        """How many per cent of those tried fail."""
        return 100 * self.failing_count / self.tried_count if self.tried_count else 0

    @property
    def is_bad(self) -> bool:
        """Whether more fail than may."""
        return 100 * self.failing_count > self.percent * self.tried_count

    @property
    def is_hopeless(self) -> bool:
        """Whether more fail than may, however well those fare who are still missing."""
        return 100 * self.failing_count > self.percent * max(self.tried_count, self.wanted_count)


def standing(send: Send) -> Standing | None:
    """Count the first people of a send that holds the others back; None for every other send.

    Nobody else has been tried yet, so the books of the send are theirs.
    """
    if send.held_after_id is None or send.canary_count is None:
        return None
    first = send.deliveries.filter(state__in=OPEN_STATES, pk__lte=send.held_after_id).order_by()
    tired = Q(retry_count__gte=PATIENT_TRIES)
    found = first.aggregate(
        open=Count("pk", filter=~tired),
        tired=Count("pk", filter=tired),
        waiting=Count("pk", filter=Q(state=Delivery.State.QUEUED)),
    )
    return Standing(
        wanted_count=send.canary_count,
        percent=send.canary_percent or 0,
        good_count=send.accepted_count + send.confirmed_count,
        failing_count=send.failed_count + found["tired"],
        open_count=found["open"],
        doubt_count=send.in_doubt_count,
        rest_count=send.queued_count - found["waiting"],
    )


def judge(send: Send) -> None:
    """Let the others go, or stop the send, once the first people are settled; before that, do nothing.

    Any number of workers and ticks may ask at once, and die at any point: it is decided once, in one transaction.
    """
    fresh = Send.objects.filter(pk=send.pk, state=Send.State.SENDING).exclude(held_after_id=None)
    seen = fresh.first()
    now_stands = standing(seen) if seen else None
    if now_stands is None or now_stands.open_count:
        return
    with transaction.atomic():
        held = fresh.select_for_update(of=("self",), no_key=True).first()
        now_stands = standing(held) if held else None
        if held is not None and now_stands is not None and not now_stands.open_count:
            _decide(held, now_stands)


def _decide(send: Send, found: Standing) -> None:
    missing = found.wanted_count - found.tried_count
    if missing > 0 and not found.is_hopeless:  # some were skipped: the next ones take their places
        hold = next_hold(send, count=missing, after_id=send.held_after_id or 0)
        if hold is not None:
            Send.objects.filter(pk=send.pk).update(held_after_id=hold)
            return
    columns = {"state": Send.State.PAUSED} if found.is_bad and found.rest_count else {}
    Send.objects.filter(pk=send.pk).update(held_after_id=None, **columns)
    if found.tried_count and found.rest_count:
        verb = SendAction.Verb.STOPPED if found.is_bad else SendAction.Verb.WENT_ON
        note = _bad(found) if found.is_bad else _good(found)
        audit.on_send(SendAction.objects.create(send=send, verb=verb, by=None, note=note))


def stop_of(send: Send) -> SendAction | None:
    """Return why a send rests that stopped by itself; None for every other send."""
    if send.state != Send.State.PAUSED:
        return None
    turns = (SendAction.Verb.PAUSED, SendAction.Verb.RESUMED, SendAction.Verb.STOPPED)
    last = send.actions.filter(verb__in=turns).order_by("-pk").first()
    return last if last is not None and last.verb == SendAction.Verb.STOPPED else None


def _bad(found: Standing) -> str:
    text = ngettext(
        "Stopped after the first person: %(failing)s failed (%(share)s %%), more than %(percent)s %%.",
        "Stopped after the first %(count)s people: %(failing)s failed (%(share)s %%), more than %(percent)s %%.",
        found.tried_count,
    )
    return text % {
        "count": f"{found.tried_count:,}",
        "failing": f"{found.failing_count:,}",
        "share": f"{math.ceil(100 * found.share) / 100:.2f}".rstrip("0").rstrip("."),
        "percent": found.percent,
    }


def _good(found: Standing) -> str:
    if not found.failing_count:
        return ngettext(
            "The first person got it; it went on by itself.",
            "The first %(count)s people went well (nobody failed); it went on by itself.",
            found.tried_count,
        ) % {"count": f"{found.tried_count:,}"}
    return _("The first %(count)s people went well (%(failing)s failed); it went on by itself.") % {
        "count": f"{found.tried_count:,}",
        "failing": f"{found.failing_count:,}",
    }
