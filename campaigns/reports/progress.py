"""How far a send has come: what is done, how fast, how long it will take, and what keeps it waiting."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import Count, Min
from django.utils.translation import gettext as _

from campaigns.models import Attempt, Breaker, Delivery, RateLimit, Send
from campaigns.models.clock import now
from campaigns.models.keeping import open_halt

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

WINDOW = timedelta(seconds=30)
PATIENCE = timedelta(seconds=30)
SAMPLE_COUNT = 2_000  # attempts looked at: as many as a fast worker makes in a window, and quick to read
EXAMPLES_COUNT = 3

SETTLED_BY = {Attempt.Outcome.ACCEPTED, Attempt.Outcome.REFUSED, Attempt.Outcome.FOUND}
TONES = {
    Delivery.State.CONFIRMED: "good",
    Delivery.State.ACCEPTED: "good",
    Delivery.State.FAILED: "bad",
    Delivery.State.EXPIRED: "bad",
    Delivery.State.IN_DOUBT: "warn",
    Delivery.State.SENDING: "info",
    Delivery.State.QUEUED: "none",
    Delivery.State.SKIPPED: "mute",
    Delivery.State.CANCELLED: "mute",
}


@dataclass(frozen=True, slots=True)
class Part:
    """One line of the books: a state, how many are in it, and their share of the audience in per cent."""

    state: Delivery.State
    count: int
    share: float
    tone: str


@dataclass(frozen=True, slots=True)
class Progress:
    """A send at one moment. ``rate`` is deliveries settled a second; 0 where nothing can be said."""

    send: Send
    at: datetime
    rate: float
    time_left: timedelta | None
    retry_count: int
    next_retry_at: datetime | None
    holdup: str

    @property
    def parts(self) -> list[Part]:
        """The books in the order of the bar."""
        books, people = self.send.books, max(self.send.audience_count, 1)
        return [Part(state, books[state], 100 * books[state] / people, tone) for state, tone in TONES.items()]

    @property
    def finished_count(self) -> int:
        """How many deliveries are in a final state."""
        return sum(count for state, count in self.send.books.items() if state in Delivery.FINAL_STATES)

    @property
    def percent(self) -> int:
        """How much is done, rounded down: 100 means all."""
        return 100 * self.finished_count // max(self.send.audience_count, 1)

    @property
    def is_open(self) -> bool:
        """Whether anything may still change by itself."""
        moving = self.send.sending_count or (self.send.queued_count and self.send.started_at)
        return self.send.state in Send.OPEN_STATES or bool(moving)


def progress(send: Send) -> Progress:
    """Look at a send now; costs the same however large it is."""
    at = now()
    newest = _newest_attempts()
    rate = _rate(send, newest, at=at) if send.state == Send.State.SENDING else 0
    left = send.queued_count + send.sending_count
    retries = send.deliveries.filter(state=Delivery.State.QUEUED, due_at__gt=at).order_by()
    retry = retries.aggregate(count=Count("pk"), next_at=Min("due_at"))
    return Progress(
        send=send,
        at=at,
        rate=rate,
        time_left=timedelta(seconds=left / rate) if rate else None,
        retry_count=retry["count"],
        next_retry_at=retry["next_at"],
        holdup=holdup(send, newest, at=at),
    )


@dataclass(frozen=True, slots=True)
class Seen:
    """The little that is needed of an attempt."""

    send_id: int
    opened_at: datetime
    closed_at: datetime | None
    outcome: str


def _newest_attempts() -> list[Seen]:
    """Attempts are numbered as they are opened: the newest are found without any index over time."""
    rows = Attempt.objects.order_by("-pk").values_list("delivery__send", "opened_at", "closed_at", "outcome")
    return [Seen(*row) for row in rows[:SAMPLE_COUNT]]


def _rate(send: Send, newest: list[Seen], *, at: datetime) -> float:
    """Deliveries settled a second over the last half minute, or over as much of it as was looked at."""
    since = max(at - WINDOW, send.started_at or at - WINDOW)
    if len(newest) == SAMPLE_COUNT:
        since = max(since, newest[-1].opened_at)
    settled = sum(
        seen.send_id == send.pk
        and seen.closed_at is not None
        and seen.closed_at >= since
        and seen.outcome in SETTLED_BY
        for seen in newest
    )
    return settled / max((at - since).total_seconds(), 1)


def holdup(send: Send, newest: Iterable[Seen], *, at: datetime) -> str:
    """Say what keeps a send from moving, or "" when it moves, rests by somebody's wish, or has finished."""
    if send.state not in (Send.State.SCHEDULED, Send.State.SENDING):
        return ""
    if open_halt() is not None:
        return _(
            "All sends are held until an administrator has looked at them and releases them. Nothing is lost;"
            " everything waits."
        )
    if send.account.stopped_at is not None:
        return _("The account is stopped: %(reason)s Nothing is lost; everything waits.") % {
            "reason": send.account.stopped_reason
        }
    if send.in_doubt_count and not (send.queued_count or send.sending_count):
        return _("Everybody else is through: it ends when the deliveries in doubt are settled.")
    return _rest(send, at=at) or _catching_up(send, newest, at=at)


def _rest(send: Send, *, at: datetime) -> str:
    held = RateLimit.objects.filter(account=send.account_id, held_until__gt=at).first()
    if held is not None:
        return _("Rokt asked us to wait: it goes on at %(time)s.") % {"time": _clock(held.held_until)}
    broken = Breaker.objects.filter(account=send.account_id, open_until__gt=at).first()
    if broken is not None:
        return _("Rokt is not answering well; the next call is tried at %(time)s.") % {
            "time": _clock(broken.open_until)
        }
    return ""


def _clock(at: datetime | None) -> str:
    return f"{at:%H:%M:%S} UTC" if at else ""


def _catching_up(send: Send, newest: Iterable[Seen], *, at: datetime) -> str:
    due_at = _due_since(send)
    if due_at is None or send.sending_count:
        return ""
    moves = [due_at, send.started_at, *(action.at for action in send.actions.all())]
    moves.extend(seen.closed_at or seen.opened_at for seen in newest if seen.send_id == send.pk)
    if at - max(move for move in moves if move is not None) <= PATIENCE:
        return ""
    return _(
        "The sender is catching up: work is due, and nothing has moved for more than %(seconds)d seconds."
        " Nothing is lost; it goes on as soon as a worker is free."
    ) % {"seconds": PATIENCE.total_seconds()}


def _due_since(send: Send) -> datetime | None:
    """Since when something could have been done, if anything is due at all."""
    if send.state == Send.State.SCHEDULED:
        return send.scheduled_at
    waiting = send.deliveries.filter(state=Delivery.State.QUEUED).order_by()
    if send.held_after_id is not None:  # the others wait for the first people, not for a worker
        waiting = waiting.filter(pk__lte=send.held_after_id)
    first: datetime | None = waiting.aggregate(at=Min("due_at"))["at"]
    return first


@dataclass(frozen=True, slots=True)
class Failure:
    """Deliveries that failed for one reason, and a few of them."""

    reason: str
    label: "StrOrPromise"
    count: int
    examples: list[Delivery]


def failures(send: Send) -> list[Failure]:
    """Return what went wrong, most frequent first."""
    failed = send.deliveries.filter(state=Delivery.State.FAILED).order_by()
    counts = failed.values_list("reason").annotate(count=Count("pk")).order_by("-count", "reason")
    return [
        Failure(
            reason=reason,
            label=Delivery.Reason(reason).label or _("no reason"),
            count=count,
            examples=list(failed.filter(reason=reason).order_by("pk")[:EXAMPLES_COUNT]),
        )
        for reason, count in counts
    ]
