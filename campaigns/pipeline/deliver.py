"""Stage 6, deliver: one worker's turn at an account. Takes a batch, sends it, writes down what came of it."""

import logging
import math
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.db.models import BooleanField, ExpressionWrapper, Q

from campaigns.models import Account, Send
from campaigns.models.clock import now
from campaigns.pipeline import doubts, gate, record
from campaigns.pipeline.calls import Calls
from campaigns.pipeline.verdicts import hold_seconds, outcome, speaks_of_trouble
from integrations.rokt import token, wire
from integrations.rokt.errors import AddressError, CredentialsRefusedError, RoktError
from integrations.rokt.line import Line
from integrations.rokt.sender import Sender
from integrations.web.clock import steady
from integrations.web.pace import Pace
from integrations.web.session import WebSession

log = logging.getLogger(__name__)

BATCHES_AT_ONCE = 2  # one on the wire, one being written or closed
LOOK_SECONDS = 1.0
CLOSE_AGAIN_SECONDS = 0.5
DATABASE_AWAY = (OperationalError, InterfaceError)
LONGEST_NAP_SECONDS = 1.0


def drain(account: Account, *, seconds: float) -> bool:
    """Send for an account until nothing may leave any more or the time is up; True when work remains."""
    record.count_crashes()
    until = time.monotonic() + seconds
    with Turn(account) as turn:
        while time.monotonic() < until:
            if not turn.take():
                return False
    return True


@dataclass(frozen=True, slots=True)
class Flight:
    """A batch on the wire; ``until`` is when its lease ends, by the clock ``steady``."""

    batch: record.Batch
    bearer: str
    replies: Future[list[wire.Reply]]
    until: float


class Turn:
    """Sends batches for one account over connections that stay open from batch to batch.

    Where answers are slow, the next batch is written while one is on the wire.
    """

    def __init__(self, account: Account) -> None:
        self.account = account
        self.calls: dict[int, Calls] = {}
        self.places: dict[int, record.Place] = {}
        self.left: set[int] = set()  # sends with nothing due, or broken: not again in this turn
        self.last_send_id = 0
        self.flights: deque[Flight] = deque()
        self.is_answered = False  # a service that is down should not be met by two batches
        self.looked_at = -math.inf
        self.bearer, self.bearer_at, self.bearer_that_worked = "", -math.inf, ""

    def __enter__(self) -> Self:
        sender = Sender(
            concurrency=self.account.at_once_count,
            timeout_seconds=settings.ANSWER_SECONDS,
            allowed_hosts=settings.ROKT_HOSTS,
        )
        self.line = Line(sender).__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with ExitStack() as last_things:  # one that goes wrong does not keep the answers of the others
            last_things.callback(self.line.__exit__)
            for _flight in self.flights:
                last_things.callback(self._land)

    def take(self) -> bool:
        """Do one batch; False when there is nothing to do, or nothing may leave for a while."""
        while len(self.flights) >= self._most_flights():  # which falls where answers come faster than before
            self._land()
        send = self._next_send()
        self._see_the_account(send)
        if self.account.stopped_at is not None:
            return False
        if not (has_doubts := self._has_doubts()) and send is None:
            return self._land_instead()
        bearer = self._bearer()
        if not bearer:
            return False
        grant = gate.admit(self.account, wanted=self.account.at_once_count)
        if not grant.count:
            return self._land_instead() or _nap(grant.wait_seconds)
        if has_doubts:
            self._look(grant, bearer=bearer)
        elif send is not None:
            self._try_to_post(send, grant=grant, bearer=bearer)
        return True

    def _see_the_account(self, send: Send | None) -> None:
        """Notice what was changed meanwhile: whether it was stopped, its limits, its address."""
        if send is None:
            self.account.refresh_from_db()
        else:
            self.account = send.account

    def _most_flights(self) -> int:
        """How many batches may be out: two threads that both have work to do only slow each other down."""
        return BATCHES_AT_ONCE if self.is_answered and self.line.is_slow else 1

    def _land_instead(self) -> bool:
        """Use the time for the answers that are under way; False when there are none."""
        if not self.flights:
            return False
        self._land()
        return True

    def _has_doubts(self) -> bool:
        """Whether anything in doubt may be looked into; asked once a second."""
        at = time.monotonic()
        if at - self.looked_at < LOOK_SECONDS:
            return False
        found = record.has_doubts(self.account)
        self.looked_at = -math.inf if found else at
        return found

    def _next_send(self) -> Send | None:
        """Return the next send with waiting rows: in turn, so that a large one does not keep a small one waiting."""
        sends = Send.objects.filter(account=self.account, state=Send.State.SENDING, queued_count__gt=0)
        had_its_turn = ExpressionWrapper(Q(pk__lte=self.last_send_id), output_field=BooleanField())
        sends = sends.exclude(pk__in=self.left).select_related("account").order_by(had_its_turn, "pk")
        chosen = sends.first()
        self.last_send_id = chosen.pk if chosen else 0
        return chosen

    def _bearer(self) -> str:
        """Return the account's token, or "" when there is none now; it is looked up once a second."""
        at = time.monotonic()
        if not self.bearer or at - self.bearer_at > LOOK_SECONDS:
            self.bearer, self.bearer_at = self._obtain(), at
        return self.bearer

    def _obtain(self) -> str:
        """Return the account's token from the shelf or from Rokt; credentials that are wrong stop it."""
        try:
            return token.obtain(gate.TokenShelf(self.account.pk), self._fetch_token, now=now, wait=time.sleep)
        except (CredentialsRefusedError, AddressError) as error:
            gate.stop(self.account, str(error))
        except RoktError as error:
            log.warning("account %s: %s", self.account.pk, error)
        return ""

    def _fetch_token(self) -> token.Token:
        credentials = token.Credentials(self.account.client_id, self.account.client_secret)
        with WebSession(settings.ROKT_HOSTS) as session:
            return token.fetch(self.account.base_url, credentials, session=session)

    def _try_to_post(self, send: Send, *, grant: gate.Grant, bearer: str) -> None:
        """Post a batch; a send that breaks the code is left alone for this turn, so that others go on."""
        try:
            if not self._post(send, grant=grant, bearer=bearer):
                self.left.add(send.pk)
        except Exception:
            log.exception("send %s: a batch went wrong; its rows are found again by their lease", send.pk)
            self.left.add(send.pk)

    def _post(self, send: Send, *, grant: gate.Grant, bearer: str) -> bool:
        """Put the next batch on the wire; False when nothing of this send is due."""
        if grant.at >= send.deliver_until:
            record.expire(send)
            return False
        started, after = steady(), self.places.pop(send.pk, None)
        write = self._calls_of(send)
        if write.asks_first:
            write.prepare(record.peek(send, limit=grant.count, after=after))
        batch = record.claim(send, limit=grant.count, write=write.write, after=after)
        if batch.until is not None:
            self.places[send.pk] = batch.until
        if not batch.claimed:
            _judge(send)
        else:
            self._take_off(batch, grant=grant, bearer=bearer, until=started + settings.LEASE_SECONDS)
        return after is not None or batch.until is not None

    def _calls_of(self, send: Send) -> Calls:
        if send.pk not in self.calls:
            self.calls[send.pk] = Calls(send)
        return self.calls[send.pk]

    def _take_off(self, batch: record.Batch, *, grant: gate.Grant, bearer: str, until: float) -> None:
        """Begin to send a batch; no call of it begins when there is no time left for its answer."""
        calls = [
            wire.Call(claimed.intent.method, claimed.intent.url, claimed.intent.body.encode())
            for claimed in batch.claimed
        ]
        replies = self.line.send(calls, token=bearer, pace=self._pace(grant), until=_latest(until))
        self.flights.append(Flight(batch, bearer, replies, until))

    def _pace(self, grant: gate.Grant) -> Pace:
        return Pace(grant.interval, first=grant.first, burst=self.account.burst_count)

    def _land(self) -> None:
        """Wait for the answers of the oldest batch under way, and write them down."""
        flight = self.flights.popleft()
        replies = flight.replies.result()
        self.is_answered |= any(reply.verdict is wire.Verdict.ACCEPTED for reply in replies)
        send = flight.batch.send
        try:
            self._close(flight, [outcome(reply) for reply in replies])
            _judge(send)
            self.left.discard(send.pk)
        except Exception:
            log.exception("send %s: answers could not be kept; their rows are found again", send.pk)
            self.left.add(send.pk)
        tries = [claimed.number for claimed in flight.batch.claimed]
        self._tell_the_gate(replies, bearer=flight.bearer, tries=tries)

    def _close(self, flight: Flight, outcomes: Sequence[record.Outcome]) -> None:
        """Keep the answers; while the lease lasts, a database that is away for a moment costs nothing."""
        while True:
            try:
                record.close(flight.batch, outcomes)
            except DATABASE_AWAY as error:
                if steady() + CLOSE_AGAIN_SECONDS > flight.until:
                    raise
                log.warning("answers cannot be kept yet: %s", error)
                time.sleep(CLOSE_AGAIN_SECONDS)
                connection.close_if_unusable_or_obsolete()
            else:
                return

    def _look(self, grant: gate.Grant, *, bearer: str) -> None:
        found: list[wire.Reply] = []

        def send(calls: Sequence[wire.Call]) -> Sequence[wire.Reply]:
            gate.owe(self.account, count=len(calls) - grant.count)  # one person's cannot be parted
            latest, pace = _latest(steady() + settings.LEASE_SECONDS), self._pace(grant)
            found.extend(self.line.send(calls, token=bearer, pace=pace, until=latest).result())
            return found

        leased = record.claim_doubts(self.account, limit=grant.count)
        record.settle(doubts.look(leased, account=self.account, send=send))
        self._tell_the_gate(found, bearer=bearer, tries=[1] * len(found))

    def _tell_the_gate(self, replies: Sequence[wire.Reply], *, bearer: str, tries: Sequence[int]) -> None:
        """Let every worker of the account know how its calls fared."""
        verdicts = [reply.verdict for reply in replies if reply.begun]
        gate.tell_breaker(
            self.account,
            good_count=sum(verdict in (wire.Verdict.ACCEPTED, wire.Verdict.REFUSED) for verdict in verdicts),
            bad_count=sum(speaks_of_trouble(reply) for reply in replies),
        )
        if longest := max(map(hold_seconds, replies, tries), default=0.0):
            gate.hold(self.account, seconds=longest)
        if wire.Verdict.ACCEPTED in verdicts and bearer != self.bearer_that_worked:
            gate.token_worked(self.account)
            self.bearer_that_worked = bearer
        if wire.Verdict.UNAUTHORIZED in verdicts:
            self.bearer = self.bearer_that_worked = ""
        if wire.Verdict.UNAUTHORIZED in verdicts and gate.token_refused(self.account, bearer):
            gate.stop(self.account, "Rokt does not accept a token that it has just given out (HTTP 401).")
        if wire.Verdict.FORBIDDEN in verdicts:
            reason = next(reply.reason for reply in replies if reply.verdict is wire.Verdict.FORBIDDEN)
            gate.stop(self.account, f"Rokt forbids this account to send (HTTP 403): {reason}")


def _latest(until: float) -> float:
    """Return when the last call may begin whose answer is to come before a lease ends."""
    return float(until - min(settings.ANSWER_SECONDS, settings.LEASE_SECONDS / 2))


def _judge(send: Send) -> None:
    """See whether the first people of a careful start are settled."""
    if send.held_after_id is not None:
        record.judge(send)


def _nap(seconds: float) -> bool:
    """Wait for the rate limit if that is short; the next tick comes back for anything longer."""
    if seconds > LONGEST_NAP_SECONDS:
        return False
    time.sleep(seconds)
    return True
