"""The door for Rokt's webhooks: no session, no page, an answer at once; what came in is worked through later."""

import logging
from typing import Any

from cryptography.fernet import InvalidToken
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from campaigns import tasks
from campaigns.inbound import addresses, keys
from campaigns.inbound.addresses_pace import pace
from campaigns.inbound.notices_in import take_in
from campaigns.models import HookAddress
from campaigns.models.clock import now
from integrations.rokt.notice import BYTE_LIMIT, NoticeError, read
from integrations.rokt.signature import SignatureError, verify

log = logging.getLogger(__name__)


class TakenIn(HttpResponse):
    """The answer that Rokt waits for; workers are woken once it has left."""

    def close(self) -> None:
        """Wake the workers, now that nobody waits."""
        super().close()
        if pace.may_wake():
            tasks.start_notices()


@csrf_exempt
@login_not_required
@require_POST
def rokt_hook(request: HttpRequest, token: str) -> HttpResponse:
    """Store a webhook and say so; where we cannot just now, Rokt comes again for half an hour."""
    try:
        address = addresses.find(token)
        return HttpResponse(status=401) if address is None else _received(request, address)
    except DatabaseError as error:
        log.warning("a webhook could not be stored: %s; Rokt is asked to come again", type(error).__name__)
    except InvalidToken:
        log.error("FIELD_KEYS do not open the signing secret of a webhook address")
    return HttpResponse(status=503)


def _received(request: HttpRequest, address: HookAddress) -> HttpResponse:
    if not pace.may_pass(address):
        return HttpResponse(status=429)
    if _stated_length(request) > BYTE_LIMIT:
        return HttpResponse(status=413)
    at = now()
    try:
        body = _body(request)
        if address.secret:
            verify(body, request.headers, [address.secret], now=at)
        message = read(body, request.headers.get("Content-Type", ""))
    except (SignatureError, NoticeError, OSError) as error:
        return _refused(address, error)
    take_in(address, message, body, at=at)
    keys.note_use(address, at=at)
    return TakenIn(status=200)


def _body(request: HttpRequest) -> bytes:
    """Return what was sent; Django itself takes a body without a stated length, sent in chunks, for none."""
    if not request.META.get("wsgi.input_terminated") or request.META.get("CONTENT_LENGTH"):
        return request.body
    try:
        chunks: bytes = request.META["wsgi.input"].read(BYTE_LIMIT + 1)
    except Exception as error:  # every server has errors of its own for broken chunks
        raise UnreadablePostError(*error.args) from error
    return chunks


def _stated_length(request: HttpRequest) -> int:
    """Return the stated length; the server hands on no more than that, and nothing where none is stated."""
    stated: Any = request.META.get("CONTENT_LENGTH") or 0
    try:
        return int(stated)
    except ValueError:
        return 0


def _refused(address: HookAddress, error: Exception) -> HttpResponse:
    log.info("a webhook by address %s was refused: %s", address.pk, type(error).__name__)
    if isinstance(error, SignatureError):
        return HttpResponse(status=401)
    return HttpResponse(status=getattr(error, "status", 400))
