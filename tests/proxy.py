"""A TCP proxy that cuts: between a worker and its database or its broker, at the worst moment."""

import socket
import struct
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

CLOSE_AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER on, no seconds: the close is a RST
CHUNK = 65_536


class Proxy:
    """`with Proxy(host, port) as proxy:` listens on `proxy.port` and passes everything on, until it is told to cut."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._lock = threading.Lock()
        self._links: set[Link] = set()
        self._is_cut = False
        self._lost_after = b""
        self.lost = threading.Event()  # an answer was withheld
        self.refused = threading.Event()  # somebody came while it was cut

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        """Break every connection, and refuse new ones until `mend`."""
        with self._lock:
            self._is_cut = True
            links, self._links = self._links, set()
        for link in links:
            link.end()

    def mend(self) -> None:
        """Let connections through again."""
        with self._lock:
            self._is_cut = False

    def lose_the_answer_to_commit_after(self, words: bytes) -> None:
        """Once: withhold the server's answer to the COMMIT of a transaction that says `words`, and break."""
        self._lost_after = words

    def _accept(self) -> None:
        with suppress(OSError):  # closed: the test is over
            while True:
                client, _address = self._listener.accept()
                self._join(client)

    def _join(self, client: socket.socket) -> None:
        with self._lock:
            if self._is_cut:
                self.refused.set()
                _reset(client)
                return
            try:
                server = socket.create_connection(self._target)
            except OSError:
                _reset(client)
                return
            link = Link(self, client, server)
            self._links.add(link)
        link.start()

    def loses(self, said: bytes) -> bool:
        """Whether this is the conversation whose answer is to be lost; once."""
        with self._lock:
            if not self._lost_after or self._lost_after not in said:
                return False
            self._lost_after = b""
            return True


class Link:
    """One connection through the proxy, and what its client has said since its last COMMIT."""

    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
        self._proxy, self._client, self._server = proxy, client, server
        self._said = b""
        self._is_losing = False

    def start(self) -> None:
        """Pass bytes on, both ways, in two threads."""
        threading.Thread(target=self._up, daemon=True).start()
        threading.Thread(target=self._down, daemon=True).start()

    def end(self) -> None:
        """Break both ends at once."""
        _reset(self._client)
        _reset(self._server)

    def _up(self) -> None:
        with suppress(OSError):
            while data := self._client.recv(CHUNK):
                self._said += data
                if b"COMMIT" in data:
                    self._is_losing = self._proxy.loses(self._said)
                    self._said = b""
                self._server.sendall(data)
        self.end()

    def _down(self) -> None:
        with suppress(OSError):
            while data := self._server.recv(CHUNK):
                if self._is_losing and b"COMMIT" in data:
                    self._proxy.lost.set()
                    break
                self._client.sendall(data)
        self.end()


def _reset(end: socket.socket) -> None:
    with suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, CLOSE_AT_ONCE)
        end.shutdown(socket.SHUT_RDWR)
    end.close()
