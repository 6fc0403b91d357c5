"""What can go wrong when we call out: a small tree whose every message is one plain sentence for staff."""

import http.client
import socket
import ssl
from collections.abc import Iterator


class WebError(Exception):
    """Anything that went wrong between us and another host; `str()` is a sentence that may be shown as it is."""


class AddressError(WebError):
    """The address is not one that may be called. Nothing was sent."""


class NotReachableError(WebError):
    """No connection came about (name, network, certificate). Nothing was sent."""


class NoAnswerError(WebError):
    """The request left and no answer came back: it may have been carried out or not."""


# First match wins, so the special cases stand before what they are a case of.
_CAUSES: tuple[tuple[type[BaseException], str], ...] = (
    (socket.gaierror, "host name not found"),
    (ssl.SSLError, "no secure connection"),
    (ConnectionRefusedError, "connection refused"),
    (http.client.RemoteDisconnected, "connection closed without an answer"),
    (ConnectionResetError, "connection reset"),
    (BrokenPipeError, "connection reset"),
    (http.client.HTTPException, "not an HTTP answer"),
    (TimeoutError, "timed out while connecting"),
)


def refusal(error: BaseException) -> AddressError | None:
    """The refusal that made a request fail while it was connecting, if that is why."""
    return next((link for link in _chain(error) if isinstance(link, AddressError)), None)


def cause(error: BaseException) -> str:
    """Why a request failed, in a few words: what the deepest error of the chain that is known here means."""
    chain = list(_chain(error))
    for link in reversed(chain):
        if isinstance(link, AddressError):
            return str(link)
        if isinstance(link, ssl.SSLCertVerificationError):
            return f"certificate not valid: {link.verify_message}"
        for kind, words in _CAUSES:
            if isinstance(link, kind):
                return words
    return f"connection failed ({type(chain[-1]).__name__})"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
