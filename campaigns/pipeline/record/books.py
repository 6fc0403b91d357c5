"""The books: every person of an audience in exactly one state, counted as it changes."""

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Count, F
from django.db.models.functions import Now

from campaigns.models import Delivery, Send

log = logging.getLogger(__name__)

UNSETTLED = {"queued_count": 0, "sending_count": 0, "in_doubt_count": 0}


def move(send_id: int, changes: Mapping[Delivery.State, int]) -> None:
    """Add ``changes`` (they sum to zero) to the counts of a send; call it last in the transaction.

    The row stays locked until the commit, and every worker of the send wants it. A row that only goes onto
    the wire is no progress yet.
    """
    if columns := _columns(changes):
        Send.objects.filter(pk=send_id).update(**columns)


def move_if_running(send_id: int, changes: Mapping[Delivery.State, int]) -> bool:
    """Do as `move` for a send that runs; False, and nothing changed, where staff have stopped it meanwhile."""
    columns = _columns(changes)
    running = Send.objects.filter(pk=send_id, state=Send.State.SENDING)
    return not columns or bool(running.update(**columns))


def _columns(changes: Mapping[Delivery.State, int]) -> dict[str, Any]:
    assert sum(changes.values()) == 0, changes  # noqa: S101 - a slip here would unbalance the books
    columns: dict[str, Any] = {
        f"{state.value}_count": F(f"{state.value}_count") + n for state, n in changes.items() if n
    }
    if columns and changes.get(Delivery.State.SENDING, 0) <= 0:
        columns["moved_at"] = Now()
    return columns


def finish(send_id: int, *, at: datetime) -> bool:
    """Mark a running send finished once nothing of it is waiting, on the wire or in doubt."""
    running = Send.objects.filter(pk=send_id, state=Send.State.SENDING, **UNSETTLED)
    is_done = bool(running.update(state=Send.State.FINISHED, finished_at=at))
    if is_done:
        transaction.on_commit(partial(tell, send_id))
    return is_done


def tell(send_id: int) -> None:
    """Log what a send came to."""
    send = Send.objects.select_related("account").get(pk=send_id)
    counts = ", ".join(f"{state.value} {count}" for state, count in send.books.items() if count)
    log.info("send %d finished: %s", send_id, counts, extra={"account": send.account.code, "send": send_id})


@dataclass(frozen=True, slots=True)
class Balance:
    """What the send says and what its deliveries say; equal when the books balance."""

    send: Send
    kept: dict[Delivery.State, int]
    counted: dict[Delivery.State, int]

    @property
    def holds(self) -> bool:
        """Whether audience, kept counts and counted rows all agree."""
        people = self.send.audience_count
        return self.kept == self.counted and sum(self.kept.values()) == people


def check(send: Send) -> Balance:
    """Count a send's deliveries anew and lay them beside the counts that were kept."""
    rows = send.deliveries.order_by().values_list("state").annotate(Count("pk"))
    counted = Counter({Delivery.State(state): count for state, count in rows})
    return Balance(send=send, kept=send.books, counted={state: counted[state] for state in Delivery.State})
