"""What became of a call, as a plain value: the verdict on an answer, or on the lack of one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final, NamedTuple

import orjson

from integrations.rokt.excerpt import excerpt, mask, unzip
from integrations.rokt.retry_after import retry_after
from integrations.web.exchange import Call, Received

SHORT_ANSWER: Final = 4_096  # characters
BODY_CAP: Final = 64 * 1024  # bytes read of the answer to a create, update or delete
READ_CAP: Final = 4 * 1024 * 1024  # bytes read of a subscription: it lists every event its subscriber sees


def cap_for(call: Call) -> int:
    """How many bytes of the answer to a call are read."""
    return READ_CAP if call.method == "GET" else BODY_CAP


class Verdict(StrEnum):
    """What an attempt proves about the call."""

    ACCEPTED = "accepted"  # a 2xx status: Rokt has it
    REFUSED = "refused"  # will never work as it is
    RETRY = "retry"  # the server asked for another try
    UNAUTHORIZED = "unauthorized"  # the token was not accepted
    FORBIDDEN = "forbidden"  # the account may not do this
    NOT_SENT = "not_sent"  # no byte of the request left
    UNKNOWN = "unknown"  # the request left, and what became of it cannot be told


@dataclass(frozen=True, slots=True)
class Reply:
    """What became of one call. Everything in it may be stored and shown, but for `answer`."""

    status: int | None
    body: str  # printable excerpt of at most 4 KiB, our secrets masked
    retry_after: float | None  # seconds, 1 to 3600
    elapsed_ms: int
    verdict: Verdict
    reason: str  # short plain English
    drift: str = ""  # a warning: accepted, but not in the way Rokt documents
    answer: bytes = field(default=b"", repr=False)  # a read's whole body; empty when any of it is missing
    begun: bool = True  # False: it was not even tried, and says nothing of Rokt


def judge(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    elapsed_ms: int,
    secrets: Sequence[str],
    expected: int = HTTPStatus.ACCEPTED,
) -> Reply:
    """What an answer means. The status decides; the body only explains.

    `secrets` are masked wherever the answer repeats them. `expected` is the documented status of success.
    """
    text = mask(body.decode(errors="replace"), secrets) if body else ""
    told = (_told if len(text) <= SHORT_ANSWER else _told.__wrapped__)(status, text, expected)
    verdict = told.verdict
    return Reply(
        status=status,
        body=told.excerpt,
        retry_after=retry_after(headers) if verdict is Verdict.RETRY else None,
        elapsed_ms=elapsed_ms,
        verdict=verdict,
        reason=told.reason,
        drift=told.drift,
    )


class _Told(NamedTuple):
    """What status and body say, whatever the call."""

    verdict: Verdict
    excerpt: str
    reason: str
    drift: str


@lru_cache(maxsize=256)  # most answers of a campaign are the same
def _told(status: int, text: str, expected: int) -> _Told:
    told, verdict = _object(text), _verdict(status)
    drift = _drift(status, expected, told) if verdict is Verdict.ACCEPTED else ""
    return _Told(verdict, excerpt(text), _reason(status, told), drift)


def reply_to(call: Call, received: Received, *, elapsed_ms: int, secrets: Sequence[str]) -> Reply:
    """`judge`, told what was asked: a read is expected to answer 200 and keeps its whole body."""
    reading = call.method == "GET"
    body = unzip(received.body, received.headers, cap=cap_for(call))
    expected = HTTPStatus.OK if reading else HTTPStatus.ACCEPTED
    reply = judge(
        received.status, received.headers, body, elapsed_ms=elapsed_ms, secrets=secrets, expected=expected
    )
    if reply.verdict is not Verdict.ACCEPTED:
        return reply
    if not received.complete:
        return replace(reply, drift=reply.drift or "the body of the answer was cut short")
    return replace(reply, answer=body) if reading else reply


def not_sent(reason: str, *, elapsed_ms: int = 0) -> Reply:
    """The reply of a call of which no byte left."""
    return Reply(None, "", None, elapsed_ms, Verdict.NOT_SENT, reason)


def not_begun(reason: str) -> Reply:
    """The reply of a call that was given up before it was tried."""
    return Reply(None, "", None, 0, Verdict.NOT_SENT, reason, begun=False)


def unknown(reason: str, *, elapsed_ms: int = 0) -> Reply:
    """The reply of a call that left and was never answered."""
    return Reply(None, "", None, elapsed_ms, Verdict.UNKNOWN, reason)


def _verdict(status: int) -> Verdict:
    match status:
        case 401:
            return Verdict.UNAUTHORIZED
        case 403:
            return Verdict.FORBIDDEN
        case 408 | 425 | 429:
            return Verdict.RETRY
        case 501 | 505:
            return Verdict.REFUSED
    bands = {2: Verdict.ACCEPTED, 3: Verdict.REFUSED, 4: Verdict.REFUSED, 5: Verdict.RETRY}
    return bands.get(status // 100, Verdict.UNKNOWN)  # 1xx never ends a call; 600 and more is not HTTP


def _object(text: str) -> Mapping[str, Any]:
    """The JSON object that an answer is, with its keys in small letters; empty if it is something else."""
    if not text.lstrip().startswith("{"):
        return {}
    try:
        return {key.lower(): value for key, value in orjson.loads(text).items()}
    except orjson.JSONDecodeError:
        return {}


def _reason(status: int, told: Mapping[str, Any]) -> str:
    """What Rokt says, in `{"Code", "Reason"}` or as other JSON errors do; else what the status means."""
    if 300 <= status < 400:
        return f"HTTP {status} is not followed"
    found = [told.get(key) for key in ("code", "error", "reason", "error_description", "message")]
    words = ": ".join(word for word in found if isinstance(word, str) and word.strip())
    if words:
        return excerpt(words, limit=300).replace("\n", " ")
    try:
        return f"HTTP {status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"HTTP {status}"


def _drift(status: int, expected: int, told: Mapping[str, Any]) -> str:
    if status != expected:
        return f"answered {status} where {int(expected)} is documented"
    complains = told.get("error") or told.get("errors") or told.get("success") is False
    if complains or ("code" in told and "reason" in told):
        return f"answered {status} with an error in the body: {_reason(status, told)}"
    return ""
