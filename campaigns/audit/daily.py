"""What the clock adds: the books of sends that finished, and once a day the seal of the newest event in the log."""

import json
import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from django.db import transaction

from campaigns.audit.chain import ONLY, append, head, locked
from campaigns.models import Send
from campaigns.models.audit import AuditEvent, AuditHead
from campaigns.models.clock import now

log = logging.getLogger(__name__)

FINISHED = "send.finished"
LOOK_BACK = timedelta(days=7)  # a clock that stood still for longer is another trouble


def catch_up() -> None:
    """Chain what finished since the last tick, and note the end of the chain once a day; any number may run at once.

    Workers that finish a send do not wait for the chain: the books are told here, seconds later.
    """
    at = now()
    for send in _untold(at):
        _tell(send)
    _note(at)


def _untold(at: datetime) -> list[Send]:
    finished = Send.objects.filter(state=Send.State.FINISHED, finished_at__gt=at - LOOK_BACK)
    sends = list(finished.defer("content", "rule").order_by("finished_at", "pk"))
    told = _told([send.pk for send in sends]) if sends else set()
    return [send for send in sends if (send.pk, _when(send)) not in told]


def _told(ids: Sequence[int]) -> set[tuple[int, str]]:
    """Return which of these sends were told of, and with which end: a send that is tried again ends once more."""
    events = AuditEvent.objects.filter(
        kind=FINISHED, subject_kind="send", subject__in=[str(pk) for pk in ids]
    )
    rows = events.order_by().values_list("subject", "data")
    return {(int(subject), json.loads(data)["finished_at"]) for subject, data in rows}


def _when(send: Send) -> str:
    return send.finished_at.astimezone(UTC).isoformat(timespec="microseconds") if send.finished_at else ""


@transaction.atomic
def _tell(send: Send) -> None:
    locked()  # another clock may be telling the same
    if (send.pk, _when(send)) not in _told([send.pk]):
        counts = {state.value: count for state, count in send.books.items() if count}
        data = {"people": send.audience_count, "books": counts, "finished_at": _when(send)}
        append(FINISHED, by=None, about=("send", send.pk), data=data)


def _note(at: datetime) -> None:
    today, end = at.astimezone(UTC).date(), head()
    if end is None or end.noted_on == today:
        return
    mine = AuditHead.objects.filter(pk=ONLY).exclude(noted_on=today)
    if mine.update(noted_on=today):
        log.info("the audit chain ends with event %d, seal %s", end.seq, end.hash)
