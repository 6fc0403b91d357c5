"""Braze's Connected Content: one call to any public host while a webhook is rendered, within Braze's limits."""

import time
from collections.abc import Callable, Collection, Mapping
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from requests import PreparedRequest
from requests.structures import CaseInsensitiveDict

from integrations.web import address
from integrations.web.errors import AddressError, NoAnswerError, NotReachableError, refusal
from integrations.web.exchange import Call, Received
from integrations.web.session import WebSession, ask

CALL_SECONDS: Final = 2.0
BODY_LIMIT: Final = 1_048_576  # bytes
FIRST_WAIT_SECONDS: Final = 0.2  # before the first repeat; twice as long before each that follows
_METHODS: Final = {"GET", "POST"}
_FRAMING: Final = ("Host", "Content-Length", "Transfer-Encoding", "Connection")  # follow from the call itself


class Place(NamedTuple):
    """Where a call goes: `https` or `http`, the host in lower case, the port."""

    scheme: str
    host: str
    port: int


def call(
    request: Call,
    headers: Mapping[str, str],
    *,
    attempt: int = 0,
    allowed_hosts: Collection[str] = (),
    wait: Callable[[float], None] = time.sleep,
) -> Received:
    """Make one GET or POST and return its answer, whatever its status; a redirect is an answer and is not followed.

    `attempt` counts the repeats: 0 goes out at once, later ones after a `wait` in seconds. `allowed_hosts` are the
    loopback places (`host:port`) that may be called besides every public host. The body of an answer that is over
    the limit is one byte longer than the limit.

    Raises:
        AddressError: that address must not be called. Nothing was sent.
        OSError: no whole answer came within two seconds.
        ValueError: neither GET nor POST.
    """
    if request.method not in _METHODS:
        raise ValueError(f"Connected Content knows GET and POST, not {request.method}.")
    host_of(request.url, allowed_hosts=allowed_hosts)
    if attempt:
        wait(FIRST_WAIT_SECONDS * 2 ** (attempt - 1))
    try:
        with WebSession(allowed_hosts, check=address.check_public) as session:
            received = ask(session, request, headers=_ours(headers), seconds=CALL_SECONDS, cap=BODY_LIMIT + 1)
    except (NotReachableError, NoAnswerError) as error:
        raise (refusal(error) or ConnectionError(str(error))) from error
    if not received.complete and len(received.body) <= BODY_LIMIT:
        raise ConnectionError("the answer was cut short")
    return received


def host_of(url: str, *, allowed_hosts: Collection[str] = ()) -> str:
    """The host of `place_of`; raises as that does."""
    return place_of(url, allowed_hosts=allowed_hosts).host


def place_of(url: str, *, allowed_hosts: Collection[str] = ()) -> Place:
    """The place that a call to this URL goes to, as the library that calls understands it.

    Raises:
        AddressError: there is none, or its port must not be called.
    """
    prepared = PreparedRequest()
    try:
        prepared.prepare_url(url, None)
    except ValueError as error:
        raise AddressError("The address must be http:// or https:// and a host name.") from error
    base_url = address.check_public(address.origin(prepared.url or ""), allowed_hosts=allowed_hosts)
    parts = urlsplit(base_url)
    return Place(parts.scheme, str(parts.hostname), int(parts.port or 0))


def _ours(headers: Mapping[str, str]) -> Mapping[str, str]:
    """The headers as they go out: under our name, without those that say how the call is framed."""
    stripped = {name: value.strip() for name, value in headers.items()}  # requests refuses a blank in front
    merged = CaseInsensitiveDict({"User-Agent": "calendar-admin", **stripped})
    for name in _FRAMING:
        merged.pop(name, None)
    merged["Accept-Encoding"] = "identity"
    return merged
