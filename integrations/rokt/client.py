"""One call at a time, with requests: test sends, reads, and the check behind the "test connection" button."""

import time
from collections.abc import Collection
from dataclasses import replace
from typing import Final, NamedTuple, Self

from integrations.rokt.call import HEADERS, ROKT_HOSTS, Target, authorized, read_subscription
from integrations.rokt.errors import (
    AddressError,
    AnswerUnreadableError,
    CredentialsRefusedError,
    NoAnswerError,
    NotReachableError,
    RoktError,
)
from integrations.rokt.reply import Reply, Verdict, cap_for, not_sent, reply_to, unknown
from integrations.rokt.token import Credentials, fetch
from integrations.web import address
from integrations.web.exchange import Call
from integrations.web.session import WebSession, ask

NOBODY: Final = "00000000-0000-0000-0000-000000000000"  # the id of a subscription that nobody has


class Step(NamedTuple):
    """One thing that "test connection" looked at: `step` is address, connection, credentials or account."""

    step: str
    ok: bool
    sentence: str


class Client:
    """Calls Rokt one request at a time; what Rokt or the network does is in the reply. Close it after use."""

    def __init__(self, *, timeout_seconds: float = 30.0, allowed_hosts: Collection[str] = ROKT_HOSTS) -> None:
        self.session = WebSession(allowed_hosts)
        self._allowed_hosts = allowed_hosts
        self._timeout_seconds = timeout_seconds

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections that are kept open."""
        self.session.close()

    def call(self, call: Call, *, token: str) -> Reply:
        """Send one call within the time limit, and say what became of it.

        Raises:
            ValueError: the token cannot stand in a header. Nothing was sent.
        """
        started = time.monotonic()
        headers = {**HEADERS, **authorized(token)}
        try:
            received = ask(
                self.session, call, headers=headers, seconds=self._timeout_seconds, cap=cap_for(call)
            )
        except (AddressError, NotReachableError) as error:
            return not_sent(str(error), elapsed_ms=_since(started))
        except NoAnswerError as error:
            return unknown(str(error), elapsed_ms=_since(started))
        return reply_to(call, received, elapsed_ms=_since(started), secrets=[token])

    def check_connection(self, target: Target, credentials: Credentials) -> list[Step]:
        """Try what can be tried of an account without changing anything, up to the first failure.

        Rokt documents no harmless call that names an account code, so the last step proves the token only.
        """
        try:
            base_url = address.check(target.base_url, allowed_hosts=self._allowed_hosts)
            held = fetch(base_url, credentials, session=self.session)
        except RoktError as error:
            return _failed(error)
        reply = self.call(
            read_subscription(replace(target, base_url=base_url), NOBODY), token=held.access_token
        )
        accepted = Step("credentials", True, "Rokt accepts the client id and secret.")
        return [*_REACHED, accepted, _account(target, reply)]


_REACHED: Final = (
    Step("address", True, "The address may be called."),
    Step("connection", True, "Rokt answers."),
)


def _failed(error: RoktError) -> list[Step]:
    match error:
        case CredentialsRefusedError() | AnswerUnreadableError():
            return [*_REACHED, Step("credentials", False, str(error))]
        case AddressError():
            return [Step("address", False, str(error))]
    return [_REACHED[0], Step("connection", False, str(error))]


def _account(target: Target, reply: Reply) -> Step:
    if reply.verdict is Verdict.ACCEPTED or reply.status in {400, 404}:
        code = target.account_code
        return Step(
            "account", True, f"Rokt accepts the token. Only a test send proves the account code {code}."
        )
    if reply.verdict in {Verdict.UNAUTHORIZED, Verdict.FORBIDDEN}:
        return Step("account", False, f"Rokt gave out a token and then refused it: {reply.reason}.")
    return Step("account", False, f"Rokt gave out a token, but reading with it failed: {reply.reason}.")


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
