"""Moments of which we know who was in a segment: snapshots and sends; and why somebody is in or out now."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from heapq import nlargest
from itertools import islice
from operator import attrgetter
from typing import Final

from django.utils.translation import gettext as _
from pyroaring import BitMap64

from campaigns.forms.fields import row_id
from campaigns.models import Segment, Send, Snapshot, Subscriber
from campaigns.segments import explain, rules

MOST_MOMENTS: Final = 100
MOST_CAUSES: Final = 3


@dataclass(frozen=True, slots=True)
class Moment:
    """One moment to compare with; ``version`` is what the segment said then, where that is known."""

    source: Snapshot | Send
    at: datetime
    label: str
    people_count: int
    account_code: str
    version: int | None

    @property
    def key(self) -> str:
        """How an address names it."""
        return f"{'send' if isinstance(self.source, Send) else 'snapshot'}-{self.source.pk}"


def moments(segment: Segment) -> list[Moment]:
    """Return the newest moments of a segment, newest first."""
    kept = segment.snapshots.defer("people").order_by("-taken_at")[:MOST_MOMENTS]
    sends = segment.sends.filter(kind=Send.Kind.CREATE, is_test=False, started_at__isnull=False)
    found = [
        *map(_snapshot, kept),
        *map(_send, sends.select_related("account").order_by("-pk")[:MOST_MOMENTS]),
    ]
    return nlargest(MOST_MOMENTS, found, key=attrgetter("at"))


def moment(segment: Segment, key: str) -> Moment | None:
    """Return one moment of a segment by its key."""
    kind, _dash, pk = key.partition("-")
    if kind == "send":
        send = segment.sends.filter(pk=row_id(pk), started_at__isnull=False).select_related("account").first()
        return _send(send) if send else None
    kept = segment.snapshots.filter(pk=row_id(pk)).first() if kind == "snapshot" else None
    return _snapshot(kept) if kept else None


def _snapshot(kept: Snapshot) -> Moment:
    label = _("%(cause)s, version %(number)d") % {"cause": kept.get_cause_display(), "number": kept.version}
    return Moment(kept, kept.taken_at, label, kept.people_count, kept.account_code, kept.version)


def _send(send: Send) -> Moment:
    at = send.started_at or send.created_at
    label = _("send %(send)s") % {"send": send}
    return Moment(send, at, label, send.audience_count, send.account.code, send.segment_version)


def page_of(people: BitMap64, *, after: int, size: int) -> list[int]:
    """Return the next ids of a set."""
    rest = (pk for pk in people if pk > after)
    return list(islice(rest, size))


def reason(rule: rules.Group, person: Subscriber, since: Moment, *, joined: bool) -> str:
    """Return why somebody is in or out now, in words."""
    said = explain.why(rule, person, account_code=since.account_code or None)
    if said.obstacle:
        return said.obstacle
    if joined and person.created_at > since.at:
        return _("First seen here since then.")
    causes = list(islice(_causes(said.why, holds=joined), MOST_CAUSES))
    if causes:
        return "; ".join(dict.fromkeys(causes))
    return _("Everything is true now.") if joined else _("No one subscription fits all of it.")


def _causes(why: explain.Why, *, holds: bool) -> Iterator[str]:
    """Yield the conditions that make a rule true (or false) for somebody."""
    if isinstance(why.rule, rules.Condition):
        values = " / ".join(dict.fromkeys(answer.value for answer in why.answers))
        text = _("%(rule)s (is: %(value)s)") if holds else _("not so: %(rule)s (is: %(value)s)")
        yield text % {"rule": why.text, "value": values or _("no value")}
        return
    is_none = isinstance(why.rule, rules.Group) and why.rule.match == rules.Match.NONE
    for part in why.parts:
        if part.holds == (holds != is_none):
            yield from _causes(part, holds=part.holds)
