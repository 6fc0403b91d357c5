"""The access token: fetched with the account's client id and secret, and shared by all workers."""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

import orjson
import requests

from integrations.rokt.call import fits_a_header
from integrations.rokt.errors import (
    AnswerUnreadableError,
    CredentialsRefusedError,
    NoAnswerError,
    NotReachableError,
)
from integrations.rokt.reply import BODY_CAP, Verdict, judge
from integrations.web.exchange import Call, Received
from integrations.web.session import ask

FETCH_SECONDS: Final = 10.0
SHORT_LIFE: Final = 60  # seconds, when Rokt does not say how long a token lives
LONG_LIFE: Final = 3600
LONGEST_TOKEN: Final = 8 * 1024  # more does not fit into a request header everywhere
POLL_SECONDS: Final = 0.1
POLL_COUNT: Final = 200  # 20 s, as long as the right to fetch lasts


@dataclass(frozen=True, slots=True)
class Credentials:
    """The OAuth client of an account."""

    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Token:
    """A token as Rokt gave it out: `expires_in` is in seconds, 1 to 3600."""

    access_token: str = field(repr=False)
    expires_in: int


@dataclass(frozen=True, slots=True)
class Held:
    """A token on the shelf, with the times it was obtained and runs out (aware)."""

    access_token: str = field(repr=False)
    expires_at: datetime
    obtained_at: datetime


class Shelf(Protocol):
    """Where all workers of an account keep their one token."""

    def read(self) -> Held | None:
        """The token that is stored, however old."""

    def claim(self) -> bool:
        """Take the right to fetch, for 20 seconds; false when another worker has it."""

    def store(self, token: Token) -> None:
        """Keep a token, and give the right to fetch back."""

    def release(self) -> None:
        """Give the right to fetch back."""

    def forget(self, access_token: str) -> None:
        """Drop a token that Rokt refused, but only if it is still the one stored."""


def fetch(base_url: str, credentials: Credentials, *, session: requests.Session) -> Token:
    """Ask Rokt for a token (`POST /oauth2/token`, HTTP Basic, client credentials), within 10 seconds.

    Raises:
        AddressError: `session` may not call that address.
        NotReachableError, NoAnswerError: no answer; try again later.
        CredentialsRefusedError: the client id or secret is wrong.
        AnswerUnreadableError: an answer without a usable token; try again later.
    """
    basic = b64encode(f"{credentials.client_id}:{credentials.client_secret}".encode()).decode()
    headers = {
        "Authorization": f"Basic {basic}",
        "Content-Type": "application/x-www-form-urlencoded",
        "Accept": "application/json",
        "Accept-Encoding": "identity",
    }
    call = Call("POST", f"{base_url}/oauth2/token", b"grant_type=client_credentials")
    try:
        received = ask(session, call, headers=headers, seconds=FETCH_SECONDS, cap=BODY_CAP)
    except NotReachableError as error:
        raise NotReachableError(f"Rokt cannot be reached: {error}.") from error
    except NoAnswerError as error:
        raise NoAnswerError(f"Rokt's token service did not answer: {error}.") from error
    return _token(received, secrets=[credentials.client_secret, basic])


def obtain(
    shelf: Shelf, fetch: Callable[[], Token], *, now: Callable[[], datetime], wait: Callable[[float], None]
) -> str:
    """An access token that is good for a while: the shelf's, or a fresh one that only this worker fetches.

    Whoever may not fetch uses the old token while it lives, or waits up to 20 seconds for the new one.

    Raises:
        RoktError: what `fetch` raised.
        NoAnswerError: another worker was fetching all the while.
    """
    for _ in range(POLL_COUNT):
        held = shelf.read()
        if held is not None and _is_fresh(held, now()):
            return held.access_token
        if shelf.claim():
            return _fetch_once(shelf, fetch, now)
        if held is not None and held.expires_at > now():
            return held.access_token
        wait(POLL_SECONDS)
    raise NoAnswerError("Another worker has been waiting for Rokt's token service for 20 seconds.")


def _fetch_once(shelf: Shelf, fetch: Callable[[], Token], now: Callable[[], datetime]) -> str:
    try:
        held = shelf.read()  # the right may be ours only because another worker has just finished
        if held is not None and _is_fresh(held, now()):
            shelf.release()
            return held.access_token
        token = fetch()
        shelf.store(token)
    except BaseException:
        shelf.release()
        raise
    return token.access_token


def _is_fresh(held: Held, now: datetime) -> bool:
    margin = min(timedelta(seconds=30), (held.expires_at - held.obtained_at) / 10)
    return held.expires_at - margin > now


def _token(received: Received, *, secrets: list[str]) -> Token:
    reply = judge(received.status, received.headers, received.body, elapsed_ms=0, secrets=secrets)
    if received.status in {400, 401, 403}:
        raise CredentialsRefusedError(f"Rokt does not accept the client id and secret: {reply.reason}.")
    if reply.verdict is not Verdict.ACCEPTED:
        raise AnswerUnreadableError(f"Rokt's token service is not working: {reply.reason}.")
    told = _object(received.body)
    access_token = told.get("access_token")
    if isinstance(access_token, str) and fits_a_header(access_token) and len(access_token) <= LONGEST_TOKEN:
        return Token(access_token, _lifetime(told))
    raise AnswerUnreadableError("Rokt's token service answered without a usable token.")


def _object(body: bytes) -> dict[str, Any]:
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise AnswerUnreadableError("Rokt's token service did not answer in JSON.") from error
    if not isinstance(told, dict):
        raise AnswerUnreadableError("Rokt's token service answered without a token.")
    return told


def _lifetime(told: dict[str, Any]) -> int:
    """Seconds; short when Rokt does not say, says nonsense, or does not call the token a bearer token."""
    if str(told.get("token_type", "bearer")).lower() != "bearer":
        return SHORT_LIFE
    match told.get("expires_in"):
        case bool():
            return SHORT_LIFE
        case int() | float() as seconds if seconds >= 1:
            return min(int(seconds), LONG_LIFE)
        case str() as digits if digits.isascii() and digits.isdigit() and int(digits) >= 1:
            return min(int(digits), LONG_LIFE)
    return SHORT_LIFE
