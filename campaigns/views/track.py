"""The endpoint that speaks Braze's ``POST /users/track``: who may push, what is too much, and Braze's answers.

Whoever calls is a machine: there is no session, no form and no translation here. Nothing of a request is ever logged.
"""

import logging
import re
import time
from typing import Any, Final

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from campaigns.inbound import keys, track_pace
from campaigns.inbound.track import store
from campaigns.models import ApiKey
from campaigns.models.clock import now
from integrations.braze import track

BEARER: Final = re.compile(r"bearer +(\S+) *", re.IGNORECASE)
LONGEST_KEY: Final = 200
BUSY_SECONDS: Final = 5
BUSY: Final = "Busy. Nothing of this request was stored; send it again."
logger = logging.getLogger(__name__)


class RefusedError(Exception):
    """A request that is not looked into; the text is what the sender is told."""

    def __init__(self, status: int, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


@csrf_exempt
@login_not_required
def users_track(request: HttpRequest) -> JsonResponse:
    """Take people as Braze would, and answer as Braze would."""
    headers: dict[str, str] = {}
    try:
        key = admitted(request)
        headers = paced(key)
        status, said = answered(key, body_of(request))
    except RefusedError as error:
        status, said, headers = error.status, {"message": str(error)}, headers | error.headers
    except (DatabaseError, InterfaceError) as error:  # locked, or gone for a moment; its text may hold data
        logger.warning("users/track: the database was busy (%s)", type(error).__name__)
        status, said, headers = 503, {"message": BUSY}, headers | {"Retry-After": str(BUSY_SECONDS)}
    return JsonResponse(said, status=status, headers={"Cache-Control": "no-store", **headers})


def admitted(request: HttpRequest) -> ApiKey:
    """Return the key that this request comes with; everything that needs no look at the body is refused here."""
    if request.method != "POST":
        raise RefusedError(405, "Only POST is possible here.", Allow="POST")
    found = BEARER.fullmatch(request.headers.get("Authorization", ""))
    key = keys.find(found[1]) if found and len(found[1]) <= LONGEST_KEY else None
    if key is None:
        raise RefusedError(401, "Invalid API Key", WWW_Authenticate="Bearer")
    keys.note_use(key, at=now())
    if not key.may_track:
        raise RefusedError(403, "This API key does not have the permission users.track.")
    return key


def paced(key: ApiKey) -> dict[str, str]:
    """Return the headers that tell how many more requests may come, or refuse this one."""
    pace = track_pace.count(key.pk, at=time.time())
    if not pace.is_open:
        raise RefusedError(429, "Rate limit exceeded. Send it again.", **pace.headers, Retry_After="1")
    return pace.headers


def body_of(request: HttpRequest) -> bytes:
    """Return the body; one of another kind, or too large, is refused before it is read."""
    if request.content_type != "application/json":
        raise RefusedError(415, "The Content-Type must be application/json.")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise RefusedError(415, "Compressed bodies are not taken here: send it without Content-Encoding.")
    try:
        body: bytes = stream_of(request).read(track.BYTE_LIMIT + 1)
    except OSError:  # whoever sent it hung up
        raise RefusedError(400, track.UNREADABLE) from None
    return body


def stream_of(request: HttpRequest) -> Any:
    """Return where the body comes from: in chunks only where the server says when they end, else to its length."""
    if "Transfer-Encoding" in request.headers:
        if request.META.get("wsgi.input_terminated"):
            return request.META["wsgi.input"]
        raise RefusedError(411, "The Content-Length is required.")
    length = request.headers.get("Content-Length", "")
    if not (length.isascii() and length.isdigit()):
        raise RefusedError(411, "The Content-Length is required.")
    if len(length) > len(str(track.BYTE_LIMIT)) or int(length) > track.BYTE_LIMIT:
        raise RefusedError(413, track.TOO_MANY)
    return request


def answered(key: ApiKey, body: bytes) -> tuple[int, dict[str, Any]]:
    """Store what can be stored and return Braze's answer."""
    try:
        asked = track.read(body)
    except track.TrackError as error:
        return track.answer(error)
    return track.answer(asked, store(key.workspace_id, asked))
