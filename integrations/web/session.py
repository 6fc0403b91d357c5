"""A requests session that goes only where it may, follows and remembers nothing, and keeps its deadline."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextvars import ContextVar
from http.cookiejar import DefaultCookiePolicy
from typing import Any, ClassVar, Final

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, NewConnectionError

from integrations.web import address
from integrations.web.errors import AddressError, NoAnswerError, NotReachableError, cause
from integrations.web.exchange import Call, Received

CONNECT_SECONDS: Final = 5.0
IDLE_SECONDS: Final = 4.0  # less than servers keep a connection: one that is gone would look like a doubt


def ask(
    session: requests.Session, call: Call, *, headers: Mapping[str, str], seconds: float, cap: int
) -> Received:
    """Send one request and read its answer: at most `cap` bytes, within `seconds` in all, without redirects.

    An answer whose status arrived is an answer, however its body ends. The errors say why in a few words.

    Raises:
        AddressError: `session` may not go there. Nothing was sent.
        NotReachableError: nothing was sent.
        NoAnswerError: the request left, and no answer came.
    """
    with deadline(seconds) as watch:
        try:
            response = session.request(
                call.method,
                call.url,
                data=call.body or None,
                headers=headers,
                allow_redirects=False,
                stream=True,
                timeout=(min(CONNECT_SECONDS, seconds), seconds + 1),  # the watch strikes first, and says so
            )
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            words = f"timed out after {seconds:g} s" if watch.expired else cause(error)
            raise (NoAnswerError if watch.sent else NotReachableError)(words) from error
        with response:
            body, complete = _read(response, cap)
        return Received(response.status_code, response.headers, body, complete and not watch.expired)


class WebSession(requests.Session):
    """Requests without proxies, .netrc, cookies, redirects or default headers, to where `check` lets it go.

    `check` is one of `address`'s; what it lets pass is checked again when the connection is made.
    """

    def __init__(self, allowed_hosts: Collection[str], *, check: Callable[..., str] = address.check) -> None:
        super().__init__()
        self.trust_env = False
        self.headers.clear()
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._allowed_hosts = frozenset(allowed_hosts)
        self._check = check
        self._used_at = 0.0  # monotonic
        for scheme in ("http://", "https://"):
            self.mount(scheme, _PublicAdapter(self._allowed_hosts))

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send, if the address is allowed.

        Raises:
            AddressError: it is not.
        """
        self._check(address.origin(request.url or ""), allowed_hosts=self._allowed_hosts)
        if time.monotonic() - self._used_at > IDLE_SECONDS:
            self.close()
        try:
            return super().send(request, **kwargs)
        finally:
            self._used_at = time.monotonic()

    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: a redirect is an answer like any other, and requests would read its body of any size."""


class Watch:
    """What one exchange has come to: whether its bytes began to leave, and whether its time is up."""

    def __init__(self) -> None:
        self.expired = False
        self._socket: socket.socket | None = None

    @property
    def sent(self) -> bool:
        """Whether the request began to leave."""
        return self._socket is not None

    def sending(self, sock: socket.socket) -> None:
        """Note that bytes leave now; TimeoutError where the time was up before."""
        if self.expired:
            raise TimeoutError
        self._socket = sock

    def expire(self) -> None:
        """Wake whoever waits for the other end: a socket's own timeout starts anew with every byte."""
        self.expired = True
        if self._socket is not None:
            # An SSLSocket's own shutdown would drop the TLS state under the reader's feet.
            with contextlib.suppress(OSError):
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


_watch: ContextVar[Watch | None] = ContextVar("_watch", default=None)


@contextlib.contextmanager
def deadline(seconds: float) -> Iterator[Watch]:
    """Watch over what is asked within: after so many seconds its connection is cut, wherever it waits."""
    watch = Watch()
    timer = threading.Timer(seconds, watch.expire)
    timer.daemon = True
    timer.start()
    before = _watch.set(watch)
    try:
        yield watch
    finally:
        _watch.reset(before)
        timer.cancel()
        timer.join()


class _PublicConnection(HTTPConnection):
    """Looks where it ended up before the first byte leaves, and tells the watch when that happens."""

    allowed_hosts: ClassVar[Collection[str]] = frozenset()

    def _new_conn(self) -> socket.socket:
        sock = super()._new_conn()
        try:
            place = f"{self.host}:{self.port}"
            address.check_peer(sock.getpeername()[0], place=place, allowed_hosts=self.allowed_hosts)
        except (AddressError, OSError) as error:
            sock.close()
            raise NewConnectionError(self, str(error)) from error
        return sock

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        if (watch := _watch.get()) is not None:
            watch.sending(self.sock)
        super().send(data)


class _PublicTLSConnection(_PublicConnection, HTTPSConnection):
    """The same, encrypted."""


class _PublicAdapter(HTTPAdapter):
    """Makes requests use the connections above."""

    def __init__(self, allowed_hosts: Collection[str]) -> None:
        self._allowed_hosts = allowed_hosts
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        known = {"allowed_hosts": self._allowed_hosts}
        plain = type("Plain", (_PublicConnection,), known)
        tls = type("TLS", (_PublicTLSConnection,), known)
        self.poolmanager.pool_classes_by_scheme = {
            "http": type("PlainPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
            "https": type("TLSPool", (HTTPSConnectionPool,), {"ConnectionCls": tls}),
        }


def _read(response: requests.Response, cap: int) -> tuple[bytes, bool]:
    """The body as it comes off the wire, up to `cap` bytes, and whether that is all of it."""
    body = bytearray()
    try:
        while len(body) <= cap and (chunk := response.raw.read1(cap + 1 - len(body), decode_content=False)):
            body += chunk
    except (HTTPError, OSError, ValueError):
        return bytes(body), False
    return bytes(body[:cap]), len(body) <= cap
