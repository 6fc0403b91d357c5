"""Text from strangers, made fit to store and to show: unpacked, our secrets masked, printable, short."""

import zlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final
from urllib.parse import quote

LIMIT: Final = 4096  # bytes of an excerpt in UTF-8


def unzip(body: bytes, headers: Mapping[str, str], *, cap: int) -> bytes:
    """The body without its gzip or deflate coding, at most `cap` bytes; as it came if it cannot be undone."""
    if body[:1] not in (b"\x1f", b"x"):  # how gzip and zlib begin
        return body
    coding = next((value for name, value in headers.items() if name.lower() == "content-encoding"), "")
    if not body or coding.strip().lower() not in {"gzip", "x-gzip", "deflate"}:
        return body
    try:
        return zlib.decompressobj(wbits=47).decompress(body, cap)  # 47: gzip or zlib, by its first bytes
    except zlib.error:
        return body


def mask(text: str, secrets: Sequence[str]) -> str:
    """`text` with every secret starred out in each spelling it may come back in, so that its length stays.

    (Were it shortened, the cut-off head of another secret could move into an excerpt.)
    """
    for secret in secrets:
        for spelling in _spellings(secret):
            text = text.replace(spelling, "*" * len(spelling))
    return text


def excerpt(text: str, *, limit: int = LIMIT) -> str:
    """The first `limit` bytes of a text, with everything that does not print written as its escape."""
    text = text[:limit]
    if not text.isprintable():
        text = "".join(map(_printable, text))
    return text.encode()[:limit].decode(errors="ignore")


@lru_cache(maxsize=16)
def _spellings(secret: str) -> tuple[str, ...]:
    return tuple({secret, quote(secret, safe=""), secret.replace("/", "\\/")}) if secret else ()


def _printable(letter: str) -> str:
    return letter if letter.isprintable() or letter in "\n\t" else letter.encode("unicode_escape").decode()
