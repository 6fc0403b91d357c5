"""One request and its answer, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Call:
    """One request, ready to send but for what lets it in. A GET or DELETE has an empty body."""

    method: str
    url: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Received:
    """An answer off the socket: `body` as it came, up to the cap; not `complete` if its end is missing."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    complete: bool
