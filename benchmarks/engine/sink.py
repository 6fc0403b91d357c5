"""The far end of a benchmark: takes every call and answers at once or after a while; as cheap as it can be."""

import argparse
import asyncio
import json
import socket
import subprocess
import sys
import time
from array import array
from functools import partial
from types import TracebackType
from typing import Any, Self, cast

import uvloop

ACCEPTED = b"HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
TOKEN = json.dumps({"access_token": "bench", "token_type": "bearer", "expires_in": 3600}).encode()
TOKEN_ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(TOKEN) + TOKEN
)


class Connection(asyncio.Protocol):
    """One kept-open connection: a request is its head and as many bytes as the head says."""

    def __init__(self, delay: float, arrivals: "array[float]") -> None:
        self.delay = delay
        self.arrivals = arrivals
        self.waiting = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.waiting += data
        while (end := self.waiting.find(b"\r\n\r\n")) >= 0:
            head = self.waiting[:end].lower()
            length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
            size = end + 4 + int(length or 0)
            if len(self.waiting) < size:
                return
            self.waiting = self.waiting[size:]
            answer = self.answer(head)
            if self.delay and answer is ACCEPTED:
                asyncio.get_running_loop().call_later(self.delay, self.transport.write, answer)
            else:
                self.transport.write(answer)

    def answer(self, head: bytes) -> bytes:
        if b"/oauth2/token" in head[:60]:
            return TOKEN_ANSWER
        if head.startswith(b"get /arrivals"):
            after = int(head[14:].split(b" ", 1)[0])
            return _json(self.arrivals[after:].tolist())
        if head.startswith(b"get /count"):
            return _json(len(self.arrivals))
        self.arrivals.append(time.monotonic())
        return ACCEPTED


def _json(value: object) -> bytes:
    body = json.dumps(value).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body


async def serve(delay: float) -> None:
    arrivals = array("d")
    loop = asyncio.get_running_loop()
    server = await loop.create_server(partial(Connection, delay, arrivals), "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


class Sink:
    """`with Sink(delay_ms=50) as sink:` runs it in a process of its own; `sink.url` is where."""

    def __init__(self, delay_ms: int = 0) -> None:
        self.delay_ms = delay_ms

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "benchmarks.engine.sink", "--delay-ms", str(self.delay_ms)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout
        self.url = self.process.stdout.readline().strip()
        return self

    def count(self) -> int:
        """How many calls have arrived."""
        return int(self._ask("/count"))

    def arrivals(self, after: int = 0) -> list[float]:
        """When each call arrived (by the monotonic clock), from the given one on."""
        return list(self._ask(f"/arrivals {after}"))

    def _ask(self, path: str) -> Any:
        with socket.create_connection(("127.0.0.1", int(self.url.rpartition(":")[2]))) as wire:
            wire.sendall(f"GET {path} HTTP/1.1\r\n\r\n".encode())
            answer = b""
            while b"\r\n\r\n" not in answer:
                answer += wire.recv(65_536)
            head, _, body = answer.partition(b"\r\n\r\n")
            size = int(head.rpartition(b"Content-Length: ")[2])
            while len(body) < size:
                body += wire.recv(1_048_576)
        return json.loads(body)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self.process:
            self.process.kill()


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    options.add_argument("--delay-ms", type=int, default=0)
    uvloop.run(serve(options.parse_args().delay_ms / 1000))
