"""Stage 6, deliver: one worker's turn at an account. Takes a batch, sends it, writes down what came of it."""

import asyncio
import logging
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from django.conf import settings
from django.db.models import Exists, OuterRef

from campaigns.models import Account, Attempt, Delivery, Send
from campaigns.models.clock import now
from campaigns.pipeline import doubts, gate, record
from campaigns.pipeline.calls import Calls
from integrations.rokt import token, wire
from integrations.rokt.errors import AddressError, CredentialsRefusedError, RoktError
from integrations.rokt.sender import Sender
from integrations.web.session import WebSession

log = logging.getLogger(__name__)

LONGEST_NAP_SECONDS = 1.0
LONGEST_HOLD_SECONDS = 3_600.0  # as for a Retry-After: one much tried row must not hold everybody for hours


def drain(account: Account, *, seconds: float) -> bool:
    """Send for an account until nothing may leave any more or the time is up; True when work remains."""
    until = time.monotonic() + seconds
    with Turn(account) as turn:
        while time.monotonic() < until:
            if not turn.take():
                return False
    return True


class Turn:
    """Sends batches for one account over connections that stay open from batch to batch."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.calls: dict[int, Calls] = {}
        self.broken: set[int] = set()
        self.last_send_id = 0

    def __enter__(self) -> Self:
        self.runner = asyncio.Runner()
        self.sender = Sender(
            concurrency=self.account.at_once_count,
            timeout_seconds=settings.ANSWER_SECONDS,
            allowed_hosts=settings.ROKT_HOSTS,
        )
        self.runner.run(self.sender.__aenter__())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.runner.run(self.sender.__aexit__(kind, error, trace))
        self.runner.close()

    def take(self) -> bool:
        """Do one batch; False when there is nothing to do, or nothing may leave for a while."""
        self.account.refresh_from_db()
        if self.account.stopped_at is not None:
            return False
        has_doubts, send = record.has_doubts(self.account), self._next_send()
        if send is None and not has_doubts:
            return False
        bearer = self._bearer()
        if not bearer:
            return False
        grant = gate.reserve(self.account, wanted=self.account.at_once_count)
        if not grant.count:
            return _nap(grant.wait_seconds)
        limit = min(grant.count, gate.may_call(self.account))
        if limit and has_doubts:
            self._look(limit=limit, bearer=bearer)
        elif limit and send is not None:
            self._try_to_post(send, limit=limit, bearer=bearer)
        return limit > 0

    def _next_send(self) -> Send | None:
        """Return the next send with due rows: in turn, so that a large one does not keep a small one waiting."""
        due = Delivery.objects.filter(send=OuterRef("pk"), state=Delivery.State.QUEUED, due_at__lte=now())
        sends = Send.objects.filter(Exists(due), account=self.account, state=Send.State.SENDING)
        sends = sends.exclude(pk__in=self.broken).select_related("account").order_by("pk")
        chosen = sends.filter(pk__gt=self.last_send_id).first() or sends.first()
        self.last_send_id = chosen.pk if chosen else 0
        return chosen

    def _bearer(self) -> str:
        """Return the account's token, or "" when there is none now; credentials that are wrong stop it."""
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

    def _try_to_post(self, send: Send, *, limit: int, bearer: str) -> None:
        """Post a batch; a send that breaks the code is left alone for this turn, so that others go on."""
        try:
            self._post(send, limit=limit, bearer=bearer)
        except Exception:
            log.exception("send %s: a batch went wrong; its rows are found again by their lease", send.pk)
            self.broken.add(send.pk)

    def _post(self, send: Send, *, limit: int, bearer: str) -> None:
        if record.expire(send):
            return
        if send.pk not in self.calls:
            self.calls[send.pk] = Calls(send)
        write = self.calls[send.pk]
        if write.asks_first:
            write.prepare(record.peek(send, limit=limit))
        batch = record.claim(send, limit=limit, write=write.write)
        if not batch.claimed:
            return
        calls = [
            wire.Call(claimed.intent.method, claimed.intent.url, claimed.intent.body.encode())
            for claimed in batch.claimed
        ]
        replies = self._send(calls, bearer=bearer)
        record.close(batch, [_outcome(reply) for reply in replies])
        self._tell_the_gate(
            replies, bearer=bearer, tries=[row.delivery.attempt_count for row in batch.claimed]
        )

    def _look(self, *, limit: int, bearer: str) -> None:
        found: list[wire.Reply] = []

        def send(calls: Sequence[wire.Call]) -> Sequence[wire.Reply]:
            found.extend(self._send(calls, bearer=bearer))
            return found

        leased = record.claim_doubts(self.account, limit=limit)
        record.settle(doubts.look(leased, account=self.account, send=send))
        self._tell_the_gate(found, bearer=bearer, tries=[1] * len(found))

    def _send(self, calls: Sequence[wire.Call], *, bearer: str) -> list[wire.Reply]:
        return self.runner.run(self.sender.send(calls, token=bearer)) if calls else []

    def _tell_the_gate(self, replies: Sequence[wire.Reply], *, bearer: str, tries: Sequence[int]) -> None:
        """Let every worker of the account know how its calls fared."""
        verdicts = [reply.verdict for reply in replies]
        gate.tell_breaker(
            self.account,
            good_count=sum(verdict in (wire.Verdict.ACCEPTED, wire.Verdict.REFUSED) for verdict in verdicts),
            bad_count=sum(_speaks_of_trouble(reply) for reply in replies),
        )
        held = [_hold_seconds(reply, tried) for reply, tried in zip(replies, tries, strict=True)]
        if any(held):
            gate.hold(self.account, seconds=max(held))
        if wire.Verdict.ACCEPTED in verdicts:
            gate.token_worked(self.account)
        if wire.Verdict.UNAUTHORIZED in verdicts and gate.token_refused(self.account, bearer):
            gate.stop(self.account, "Rokt does not accept a token that it has just given out (HTTP 401).")
        if wire.Verdict.FORBIDDEN in verdicts:
            refusal = replies[verdicts.index(wire.Verdict.FORBIDDEN)]
            gate.stop(self.account, f"Rokt forbids this account to send (HTTP 403): {refusal.reason}")


def _nap(seconds: float) -> bool:
    """Wait for the rate limit if that is short; the next tick comes back for anything longer."""
    if seconds > LONGEST_NAP_SECONDS:
        return False
    time.sleep(seconds)
    return True


def _outcome(reply: wire.Reply) -> record.Outcome:
    account_is_held = reply.verdict in (wire.Verdict.UNAUTHORIZED, wire.Verdict.FORBIDDEN)
    return record.Outcome(
        verdict=Attempt.Outcome(reply.verdict.value),
        status=reply.status,
        answer=reply.body,
        reason=reply.drift or reply.reason,
        elapsed_ms=reply.elapsed_ms,
        spares_retries=account_is_held or _asks_to_slow_down(reply),
    )


def _asks_to_slow_down(reply: wire.Reply) -> bool:
    return reply.verdict is wire.Verdict.RETRY and (reply.status == 429 or reply.retry_after is not None)


def _hold_seconds(reply: wire.Reply, attempt_count: int) -> float:
    """How long the whole account waits for this answer: as Rokt says, else longer with every attempt."""
    if not _asks_to_slow_down(reply):
        return 0
    return reply.retry_after or min(record.wait_seconds(attempt_count), LONGEST_HOLD_SECONDS)


def _speaks_of_trouble(reply: wire.Reply) -> bool:
    if reply.verdict is wire.Verdict.RETRY:
        return not _asks_to_slow_down(reply)
    return reply.verdict in (wire.Verdict.NOT_SENT, wire.Verdict.UNKNOWN)
