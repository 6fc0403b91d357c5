"""A server that says exactly the bytes it is told to, however wrong, and remembers what it was asked."""

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

ACCEPTED = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"


@dataclass(frozen=True)
class Asked:
    """One request, the connection to answer it on, and the end of the test."""

    request: bytes
    conn: socket.socket
    over: threading.Event

    @property
    def path(self) -> str:
        return self.request.split(b" ")[1].decode()


# What a server does with one request; true keeps the connection open for the next.
Script = Callable[[Asked], bool]


class RawServer:
    """Listens on a free port of this machine; `script` may be changed at any time."""

    def __init__(self, script: Script, tls: ssl.SSLContext | None = None) -> None:
        self.script = script
        self.requests: list[bytes] = []
        self.connections = 0
        self.closed = 0
        self._tls = tls
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.place = f"127.0.0.1:{self.port}"
        self.url = f"http://{self.place}"
        self._start(self._accept)

    def close(self) -> None:
        self._stop.set()
        # Closing alone would leave the accepting thread asleep.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(timeout=5)
            assert not thread.is_alive()

    def _start(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._stop.is_set():
            try:
                conn, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._start(self._serve, conn)

    def _serve(self, conn: socket.socket) -> None:
        conn.settimeout(0.05)  # how soon a sleeping reader notices that the test is over
        with contextlib.suppress(OSError, ssl.SSLError):
            if self._tls is not None:
                conn.settimeout(2)
                conn = self._tls.wrap_socket(conn, server_side=True)
                conn.settimeout(0.05)
            for request in self._incoming(conn):
                self.requests.append(request)
                if not self.script(Asked(request, conn, self._stop)):
                    break
        conn.close()
        self.closed += 1

    def _incoming(self, conn: socket.socket) -> Iterator[bytes]:
        held = b""
        while not self._stop.is_set():
            head, end, rest = held.partition(b"\r\n\r\n")
            length = _content_length(head)
            if end and len(rest) >= length:
                held = rest[length:]
                yield head + end + rest[:length]
                continue
            try:
                data = conn.recv(65536)
            except TimeoutError:
                continue
            if not data:
                return
            held += data


def _content_length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


def answer(status: int, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def says(data: bytes) -> Script:
    """Say this and close."""

    def script(asked: Asked) -> bool:
        asked.conn.sendall(data)
        return False

    return script


def keeps(data: bytes) -> Script:
    """Say this and stay."""

    def script(asked: Asked) -> bool:
        asked.conn.sendall(data)
        return True

    return script


def resets(data: bytes = b"") -> Script:
    """Say this, if anything, and break the connection off hard."""

    def script(asked: Asked) -> bool:
        asked.conn.sendall(data)
        asked.conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False

    return script


def silent(asked: Asked) -> bool:
    """Never answer."""
    asked.over.wait(10)
    return False


def drips(head: bytes, drop: bytes = b"x") -> Script:
    """Say the head at once, and then a drop every 20 ms for as long as somebody listens."""

    def script(asked: Asked) -> bool:
        asked.conn.sendall(head)
        while not asked.over.wait(0.02):
            asked.conn.sendall(drop)
        return False

    return script


def pours(head: bytes) -> Script:
    """Say the head, and then more than anybody wants, as fast as it goes."""

    def script(asked: Asked) -> bool:
        asked.conn.sendall(head)
        asked.conn.settimeout(2)
        while not asked.over.is_set():
            asked.conn.sendall(b"x" * 65536)
        return False

    return script
