"""Braze's answers: the JSON object of a good one, the right error for every other."""

import re
import time
from collections.abc import Mapping, Sequence
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, Final

import orjson

from integrations.braze.errors import (
    AnswerUnreadableError,
    BusyError,
    ExportRunningError,
    KeyRefusedError,
    LimitedError,
    PermissionMissingError,
    RefusedError,
)
from integrations.web.exchange import Received

SHORTEST_WAIT: Final = 1.0  # seconds
LONGEST_WAIT: Final = 3600.0
USUAL_WAIT: Final = 60.0  # when nothing says how long
WORDS_LIMIT: Final = 300  # characters of Braze's own words in a sentence of ours
_NUMBER: Final = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?", re.ASCII)


def read(received: Received, *, permission: str, secrets: Sequence[str] = ()) -> dict[str, Any]:
    """The JSON object in a 2xx; anything else is raised. `permission` is what the call needs of the key.

    Raises:
        KeyRefusedError, PermissionMissingError, LimitedError, ExportRunningError, BusyError, RefusedError:
            as Braze says.
        AnswerUnreadableError: a 2xx that is cut short, too long, or no JSON object.
    """
    status = received.status
    if 200 <= status < 300:
        return _object(received)
    words = said(received.body, secrets=secrets)
    if status == 401:
        raise KeyRefusedError(
            f"Braze does not accept the REST key (401{words}). It is wrong, or it is of another instance than"
            " the REST endpoint."
        )
    if status == 403:
        raise PermissionMissingError(
            f"The REST key lacks the permission {permission} (403{words}).", permission=permission
        )
    if status == 429:
        raise _limited(received, permission, words)
    if status >= 500 or status == 408:
        raise BusyError(
            f"Braze cannot answer just now ({status}{words}).", seconds=wait_seconds(received.headers)
        )
    raise RefusedError(f"Braze turned the request down ({status}{words}).", status=status)


def wait_seconds(headers: Mapping[str, str], *, otherwise: float = USUAL_WAIT) -> float:
    """How long to wait, 1 to 3600 seconds: by Retry-After, or else by X-RateLimit-Reset (UTC epoch seconds).

    Moments count from the answer's own Date, so that a wrong clock on either side does no harm.
    """
    told = {name.lower(): value.strip() for name, value in headers.items()}
    now = _epoch(told.get("date", "")) or time.time()
    after, reset = told.get("retry-after", ""), told.get("x-ratelimit-reset", "")
    if _NUMBER.fullmatch(after):
        seconds = float(after)
    elif until := _epoch(after):
        seconds = until - now
    elif _NUMBER.fullmatch(reset):
        seconds = float(reset) - now
    else:
        seconds = otherwise
    return min(max(seconds, SHORTEST_WAIT), LONGEST_WAIT)


def said(body: bytes, *, secrets: Sequence[str] = ()) -> str:
    """Braze's own words about what is wrong, as `: …`, short, printable, without our secrets; or nothing."""
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    if not isinstance(told, dict):
        return ""
    errors = told.get("errors")
    parts = [told.get("message"), *(errors if isinstance(errors, list) else [])]
    text = "; ".join(part if isinstance(part, str) else orjson.dumps(part).decode() for part in parts if part)
    for secret in secrets:
        text = text.replace(secret, "*" * len(secret))
    text = "".join(letter if letter.isprintable() else " " for letter in text)[:WORDS_LIMIT].strip(" .")
    return f": {text}" if text else ""


def _limited(received: Received, permission: str, words: str) -> LimitedError:
    """Which of the two limits it is that was met: calls an hour, or one export of a segment at a time."""
    headers = {name.lower(): value for name, value in received.headers.items()}
    is_export = permission == "users.export.segment"
    if is_export and (headers.get("x-ratelimit-remaining", "0") != "0" or "export" in words.lower()):
        # The reset of the hourly limit says nothing about when the export ends.
        told = {name: value for name, value in headers.items() if name != "x-ratelimit-reset"}
        return ExportRunningError(
            f"Braze is exporting this segment already, and does it once at a time (429{words}).",
            seconds=wait_seconds(told),
        )
    return LimitedError(
        f"Braze takes no more calls for a while (429{words}).", seconds=wait_seconds(received.headers)
    )


def _object(received: Received) -> dict[str, Any]:
    if not received.complete:
        raise AnswerUnreadableError("Braze's answer was cut short, or is longer than is read.")
    try:
        told = orjson.loads(received.body)
    except orjson.JSONDecodeError as error:
        raise AnswerUnreadableError(
            "The answer is not JSON. Is the REST endpoint really one of Braze?"
        ) from error
    if not isinstance(told, dict) or not isinstance(told.get("message"), str):
        raise AnswerUnreadableError("The answer is not one that Braze gives. Is the REST endpoint right?")
    return told


def _epoch(text: str) -> float | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment).timestamp()
