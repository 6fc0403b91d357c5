"""Many calls at once, with aiohttp over kept-open connections: where a campaign leaves the house."""

import asyncio
import time
from collections.abc import Collection, Iterator, Sequence
from typing import Final, Self

import aiohttp
from yarl import URL

from integrations.rokt.call import HEADERS, ROKT_HOSTS, authorized
from integrations.rokt.reply import Reply, cap_for, not_sent, reply_to, unknown
from integrations.web import address
from integrations.web.address import PublicResolver
from integrations.web.errors import AddressError, cause
from integrations.web.exchange import Call, Received

CONNECT_SECONDS: Final = 10.0
IDLE_SECONDS: Final = 4.0  # less than servers keep a connection: one that is gone would look like a doubt
_NOTHING_LEFT: Final = (
    AddressError,
    aiohttp.ClientConnectorError,  # name, connection, TLS
    aiohttp.ConnectionTimeoutError,
    aiohttp.InvalidURL,
)


class SendCancelledError(asyncio.CancelledError):
    """`Sender.send` was cancelled; `replies` holds what is known of each call by then, in their order.

    Answered calls have their reply, calls under way are UNKNOWN, calls not begun are NOT_SENT. (A task
    that is cancelled before its first step ends in a plain CancelledError: nothing was sent at all.)
    """

    def __init__(self, replies: list[Reply]) -> None:
        super().__init__()
        self.replies = replies


class Sender:
    """Sends batches of calls over connections it keeps open; an async context manager."""

    def __init__(
        self, concurrency: int, timeout_seconds: float = 30.0, allowed_hosts: Collection[str] = ROKT_HOSTS
    ) -> None:
        self._concurrency = concurrency
        self._timeout_seconds = timeout_seconds
        self._allowed_hosts = frozenset(allowed_hosts)
        self._checked_origins: set[str] = set()

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(
            limit=self._concurrency,
            keepalive_timeout=IDLE_SECONDS,
            resolver=PublicResolver(self._allowed_hosts),
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=HEADERS,
            auto_decompress=False,  # a coding that aiohttp cannot undo would cost us the status
            timeout=aiohttp.ClientTimeout(
                total=self._timeout_seconds,
                connect=min(CONNECT_SECONDS, self._timeout_seconds / 2),  # strikes first: proves NOT_SENT
            ),
        )
        self._session._retry_connection = False  # aiohttp would repeat a GET or DELETE by itself
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def send(self, calls: Sequence[Call], *, token: str) -> list[Reply]:
        """The replies to `calls`, in their order. Whatever befell one call is in its reply.

        Raises:
            ValueError: the token cannot stand in a header. Nothing was sent.
            SendCancelledError: the task was cancelled; the error carries the replies there are.
        """
        authorized(token)  # raises here, before anything leaves, rather than once in every call
        replies = [not_sent("not begun")] * len(calls)
        queue = iter(enumerate(calls))
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self._concurrency, len(calls))):
                    group.create_task(self._work(queue, replies, token))
        except asyncio.CancelledError:
            raise SendCancelledError(replies) from None
        return replies

    async def _work(self, queue: Iterator[tuple[int, Call]], replies: list[Reply], token: str) -> None:
        task = asyncio.current_task()
        for place, call in queue:
            replies[place] = await self._exchange(call, token)
            if task is not None and task.cancelling():
                break

    async def _exchange(self, call: Call, token: str) -> Reply:
        """The reply to one call. A cancel ends the waiting, not the knowing: `_work` looks for it after."""
        started = time.monotonic()
        try:
            response = await self._open(call, token)
        except asyncio.CancelledError:
            return unknown("stopped before an answer came", elapsed_ms=_since(started))
        except Exception as error:  # noqa: BLE001 - a surprise in one call must not cost the others their replies
            return self._fault(error, elapsed_ms=_since(started))
        body, complete = await _read(response, cap_for(call))
        received = Received(response.status, response.headers, body, complete)
        return reply_to(call, received, elapsed_ms=_since(started), secrets=[token])

    async def _open(self, call: Call, token: str) -> aiohttp.ClientResponse:
        """Send a call and wait for its status and headers."""
        origin = address.origin(call.url)
        if origin not in self._checked_origins:
            self._checked_origins.add(address.check(origin, allowed_hosts=self._allowed_hosts))
        return await self._session.request(
            call.method,
            URL(call.url, encoded=True),
            data=call.body or None,
            headers=authorized(token),
            allow_redirects=False,
        )

    def _fault(self, error: Exception, *, elapsed_ms: int) -> Reply:
        if isinstance(error, _NOTHING_LEFT):
            return not_sent(cause(error), elapsed_ms=elapsed_ms)
        return unknown(self._words(error), elapsed_ms=elapsed_ms)

    def _words(self, error: Exception) -> str:
        match error:
            case TimeoutError():
                return f"timed out after {self._timeout_seconds:g} s"
            case aiohttp.ServerDisconnectedError():
                return "connection closed without an answer"
            case aiohttp.ClientResponseError():
                return "not an HTTP answer"
        return cause(error)


async def _read(response: aiohttp.ClientResponse, cap: int) -> tuple[bytes, bool]:
    """The body as it comes off the wire, up to `cap` bytes, and whether that is all of it."""
    body = bytearray()
    try:
        while len(body) <= cap and (chunk := await response.content.readany()):
            body += chunk
    except (aiohttp.ClientError, OSError, asyncio.CancelledError):
        return bytes(body[:cap]), False
    finally:
        if not response.closed:  # more would come: this connection is of no further use
            response.close()
    return bytes(body[:cap]), len(body) <= cap


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
