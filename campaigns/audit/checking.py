"""Checking the chain from its first event to its end, for the first that is not as it was written."""

import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from campaigns.audit.chain import head
from campaigns.audit.seal import START, keys, seal
from campaigns.models.audit import AuditEvent

STEP = 2_000


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found: ``bad_seq`` is the first event at fault, and ``why`` says what is wrong with it.

    ``bad_seq`` may be None beside a ``why``: the chain is whole, and yet not the one that was noted.
    ``back_at`` is the first event that is older than the one before it: the clock was put back, which proves nothing.
    """

    count: int
    hash: str
    bad_seq: int | None = None
    why: str = ""
    back_at: int | None = None

    @property
    def is_whole(self) -> bool:
        """Whether everything is as it was written."""
        return not self.why


def check(*, since: str = "") -> Report:
    """Walk through the whole chain, in steps; ``since`` is a seal noted earlier, which has to be in it."""
    end, secrets = head(), keys()
    before, back_at, is_there = AuditEvent(seq=0, hash=START), None, not since
    for event in _events():
        if why := _fault(event, before, secrets):
            seq = min(event.seq, before.seq + 1)
            return Report(before.seq, before.hash, seq, why, back_at)
        if end is not None and event.seq == end.seq and event.hash != end.hash:
            return Report(
                before.seq,
                before.hash,
                event.seq,
                _("it is not the event that the end of the chain names"),
                back_at,
            )
        if back_at is None and before.seq and event.at < before.at:
            back_at = event.seq
        is_there = is_there or event.hash == since
        before = event
    if end is None and before.seq:
        return Report(
            before.seq, before.hash, before.seq, _("the row that names the end of the chain is gone"), back_at
        )
    if end is not None and before.seq < end.seq:
        return Report(
            before.seq,
            before.hash,
            before.seq + 1,
            _("deleted: the chain went on to %(seq)s") % {"seq": end.seq},
            back_at,
        )
    lost = (
        ""
        if is_there
        else _(
            "the seal that was noted is not in the chain: events were taken off its end, or all was written anew"
        )
    )
    return Report(before.seq, before.hash, None, lost, back_at)


def _fault(event: AuditEvent, before: AuditEvent, secrets: Mapping[str, bytes]) -> str:
    if event.seq != before.seq + 1:
        return _("deleted: the next event is %(seq)s") % {"seq": event.seq}
    if event.prev_hash != before.hash:
        return _("out of order: it was not written after the event before it")
    key = secrets.get(event.key)
    if key is None:
        return _("sealed with key %(key)s, which is not in FIELD_KEYS: add the old key again") % {
            "key": event.key
        }
    return (
        "" if hmac.compare_digest(seal(event, key), event.hash) else _("altered: it is not what was written")
    )


def _events() -> Iterator[AuditEvent]:
    after = None
    rows = AuditEvent.objects.order_by("seq")
    while step := list((rows if after is None else rows.filter(seq__gt=after))[:STEP]):
        yield from step
        after = step[-1].seq
