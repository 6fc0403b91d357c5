"""The one way out of a template: a request it wants made and the answer it got, as values."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn
from urllib.parse import urlsplit

from campaigns.liquid.errors import LiquidError

_PORTS = {80, 443, None}
_URL_LIMIT = 8_192
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


@dataclass(frozen=True, slots=True)
class Request:
    """A call that `connected_content` wants made.

    `basic_auth` and `auth_credentials` name stored credentials; the fetcher knows them, the template never does.
    `attempt` is 0 for the first try and counts the repeats that `:retry` asks for: the fetcher waits before those.
    `cache_seconds` is how long Braze would keep the answer (0: not at all); this room keeps none.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None
    basic_auth: str | None = None
    auth_credentials: str | None = None
    cache_seconds: int = 0
    attempt: int = 0


@dataclass(frozen=True, slots=True)
class Response:
    """The answer: its status, its headers (any case) and its body, text or UTF-8 bytes."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | bytes = ""


def checked_url(url: str) -> str:
    """The URL if Braze would call it: http or https, port 80 or 443, a host, no password in it; else LiquidError."""
    url = url.strip()
    if len(url) > _URL_LIMIT or not url.isprintable() or " " in url:
        _refuse(
            "holds a space or a control character; write | url_param_escape behind what you put into it", url
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        _refuse("cannot be read", url)
    if parts.scheme not in {"http", "https"}:
        _refuse("must begin with http:// or https://", url)
    if not parts.hostname or "@" in parts.netloc:
        _refuse("must name a host, and no user or password", url)
    if port not in _PORTS:
        _refuse("may only use port 80 or 443", url)
    return url


def checked_headers(headers: Mapping[str, str]) -> Mapping[str, str]:
    """The headers if each can go over the wire on its own line; else LiquidError."""
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name) or not (value.isprintable() and value.isascii()):
            raise LiquidError(f"The header {name[:40]!r} holds a character that headers may not hold.")
    return headers


def _refuse(why: str, url: str) -> NoReturn:
    raise LiquidError(f"The URL {url[:80]!r} {why}.")
