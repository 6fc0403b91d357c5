"""Many calls at once, with aiohttp over kept-open connections: where a campaign leaves the house."""

import asyncio
import math
import time
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

import aiohttp
from yarl import URL

from integrations.rokt.call import HEADERS, ROKT_HOSTS, authorized
from integrations.rokt.reply import Reply, cap_for, not_begun, not_sent, reply_to, unknown
from integrations.web import address
from integrations.web.address import PublicResolver
from integrations.web.clock import steady
from integrations.web.errors import AddressError, cause
from integrations.web.exchange import Call, Received
from integrations.web.pace import Pace

FIRST_WIDTH: Final = 64  # calls at a time, until answers turn out to be slow
SLOW_MS: Final = 20
LOOK_SECONDS: Final = 0.25
CONNECT_SECONDS: Final = 10.0
IDLE_SECONDS: Final = 4.0  # less than servers keep a connection: one that is gone would look like a doubt
_NOTHING_LEFT: Final = (
    AddressError,
    aiohttp.ClientConnectorError,  # name, connection, TLS
    aiohttp.ConnectionTimeoutError,
    aiohttp.InvalidURL,
)


@dataclass(slots=True)
class _Batch:
    """Calls that were given together; `done` when each has its reply."""

    replies: list[Reply]
    headers: Mapping[str, str]
    token: str
    pace: Pace | None
    until: float
    left: int
    done: "asyncio.Future[None]"

    def put(self, place: int, reply: Reply) -> None:
        """Keep a reply."""
        self.replies[place] = reply
        self.left -= 1
        if not self.left and not self.done.done():
            self.done.set_result(None)


class Sender:
    """Sends batches of calls over connections it keeps open; an async context manager.

    It begins with few calls at a time and allows itself more, up to `concurrency`, where answers are slow: more
    connections than the answers ask for only make each call dearer.
    """

    def __init__(
        self, concurrency: int, timeout_seconds: float = 30.0, allowed_hosts: Collection[str] = ROKT_HOSTS
    ) -> None:
        self._concurrency = concurrency
        self._width = min(concurrency, FIRST_WIDTH)
        self._answer_ms = 0.0  # the mean of the last answers, roughly
        self._timeout_seconds = timeout_seconds
        self._allowed_hosts = frozenset(allowed_hosts)
        self._checked_origins: set[str] = set()
        self._waiting: deque[tuple[_Batch, int, Call]] = deque()
        self._began: dict[asyncio.Task[None], float] = {}  # the present call of every worker
        self._overdue: set[asyncio.Task[None]] = set()

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
                total=None,  # `_watch` looks after all of them at once
                connect=min(CONNECT_SECONDS, self._timeout_seconds / 2),  # strikes first: proves NOT_SENT
            ),
        )
        self._session._retry_connection = False  # aiohttp would repeat a GET or DELETE by itself
        self._watcher = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *_: object) -> None:
        while self._waiting:
            batch, place, _call = self._waiting.popleft()
            batch.put(place, not_begun("not begun"))
        tasks = [self._watcher, *self._began]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._session.close()

    async def send(
        self, calls: Sequence[Call], *, token: str, pace: Pace | None = None, until: float = math.inf
    ) -> list[Reply]:
        """The replies to `calls`, in their order. Whatever befell one call is in its reply.

        No call begins before its turn by `pace`, nor after `until` (by the clock `steady`): a process that was frozen
        meanwhile must not send what is not its own any more.

        Raises:
            ValueError: the token cannot stand in a header. Nothing was sent.
        """
        headers = authorized(token)  # raises here, before anything leaves, rather than once in every call
        if not calls:
            return []
        done = asyncio.get_running_loop().create_future()
        replies = [not_begun("not begun")] * len(calls)
        batch = _Batch(replies, headers, token, pace, until, len(calls), done)
        self._waiting.extend((batch, place, call) for place, call in enumerate(calls))
        self._open_more(len(calls))
        await done
        return replies

    @property
    def is_slow(self) -> bool:
        """Whether answers take so long that there is time for something else meanwhile."""
        return self._answer_ms > SLOW_MS

    def _open_more(self, count: int) -> None:
        for _ in range(min(count, self._width - len(self._began))):
            self._began[asyncio.create_task(self._work())] = math.inf

    async def _work(self) -> None:
        me = asyncio.current_task()
        assert me is not None  # noqa: S101 - this runs in a task
        try:
            while self._waiting:
                batch, place, call = self._waiting.popleft()
                batch.put(place, await self._reply(call, batch, me))
        finally:
            del self._began[me]

    async def _reply(self, call: Call, batch: _Batch, me: "asyncio.Task[None]") -> Reply:
        """The reply to one call, whatever befalls it."""
        if batch.pace is not None:
            await batch.pace.turn()
        if steady() > batch.until:
            return not_begun("the time of its batch was over")
        started = self._began[me] = time.monotonic()
        reply = await self._exchange(call, batch, started)
        self._began[me] = math.inf
        if me in self._overdue:
            self._overdue.discard(me)
            me.uncancel()
        self._answer_ms += (reply.elapsed_ms - self._answer_ms) / 32
        if reply.elapsed_ms > SLOW_MS and self._waiting and self._width < self._concurrency:
            self._width += 1
            self._open_more(1)
        return reply

    async def _exchange(self, call: Call, batch: _Batch, started: float) -> Reply:
        """The reply to one call. A cancel ends the waiting, not the knowing: what has arrived counts."""
        try:
            response = await self._open(call, batch.headers)
        except asyncio.CancelledError:
            return unknown(f"timed out after {self._timeout_seconds:g} s", elapsed_ms=_since(started))
        except Exception as error:  # noqa: BLE001 - a surprise in one call must not cost the others their replies
            return self._fault(error, elapsed_ms=_since(started))
        body, complete = await _read(response, cap_for(call))
        received = Received(response.status, response.headers, body, complete)
        return reply_to(call, received, elapsed_ms=_since(started), secrets=[batch.token])

    async def _open(self, call: Call, headers: Mapping[str, str]) -> aiohttp.ClientResponse:
        """Send a call and wait for its status and headers."""
        origin = address.origin(call.url)
        if origin not in self._checked_origins:
            self._checked_origins.add(address.check(origin, allowed_hosts=self._allowed_hosts))
        return await self._session.request(
            call.method,
            URL(call.url, encoded=True),
            data=call.body or None,
            headers=headers,
            allow_redirects=False,
        )

    async def _watch(self) -> None:
        """End the waiting of calls that take too long; one look at all of them is cheaper than a timer for each."""
        while True:
            await asyncio.sleep(min(LOOK_SECONDS, self._timeout_seconds / 10))
            latest = time.monotonic() - self._timeout_seconds
            for task, began in self._began.items():
                if began < latest and task not in self._overdue:
                    self._overdue.add(task)
                    task.cancel()

    def _fault(self, error: Exception, *, elapsed_ms: int) -> Reply:
        if isinstance(error, _NOTHING_LEFT):
            return not_sent(cause(error), elapsed_ms=elapsed_ms)
        return unknown(self._words(error), elapsed_ms=elapsed_ms)

    def _words(self, error: Exception) -> str:
        match error:
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
