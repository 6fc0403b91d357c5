"""What the stand-in says back, as values; the socket is somebody else's business."""

from pathlib import Path
from typing import Any, NamedTuple

import orjson

STAND_IN = "stand-in for Rokt Calendar, not Rokt"
JSON = "application/json"


class Reply(NamedTuple):
    """One answer; `file`, if there is one, is its body; `note` is for the sandbox's own log and never leaves."""

    status: int
    body: bytes = b""
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()
    note: str = ""
    file: Path | None = None


class RefusedError(Exception):
    """The call is turned down: Rokt's error model is a Code and a Reason."""

    def __init__(self, reason: str, *, status: int = 400, code: str = "BadRequest") -> None:
        super().__init__(reason)
        self.status = status
        self.code = code


def said(status: int, value: Any) -> Reply:
    """An answer that carries `value` as JSON."""
    return Reply(status, orjson.dumps(value))


def refused(error: RefusedError) -> Reply:
    """`{"Code", "Reason"}`, both always there and capitalised, as Rokt documents its errors."""
    reply = said(error.status, {"Code": error.code, "Reason": f"{error} ({STAND_IN})"})
    if error.status == 401:
        return reply._replace(headers=(("WWW-Authenticate", "Bearer"),))
    return reply
