"""A sender in a thread of its own: calls are on the wire while the caller writes the next ones."""

import asyncio
import math
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, Self

from integrations.rokt.reply import Reply
from integrations.rokt.sender import Sender
from integrations.web.exchange import Call
from integrations.web.pace import Pace

try:
    import uvloop

    new_loop: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
except ImportError:  # it is not built for every machine; calls then cost a fifth more
    new_loop = asyncio.new_event_loop


class Line:
    """Sends batches over connections that stay open; a context manager. Batches may overlap."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    def __enter__(self) -> Self:
        self._loop = new_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="line", daemon=True)
        self._thread.start()
        self._do(self._sender.__aenter__()).result()
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self._sender.__aexit__()).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def is_slow(self) -> bool:
        """Whether answers take so long that there is time for something else meanwhile."""
        return self._sender.is_slow

    def send(
        self, calls: Sequence[Call], *, token: str, pace: Pace | None = None, until: float = math.inf
    ) -> "Future[list[Reply]]":
        """Begin to send; the replies come as `Sender.send` gives them."""
        return self._do(self._sender.send(calls, token=token, pace=pace, until=until))

    def _do(self, what: Any) -> "Future[Any]":
        return asyncio.run_coroutine_threadsafe(what, self._loop)
