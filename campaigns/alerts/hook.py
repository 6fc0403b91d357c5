"""One POST to the webhook, signed as https://www.standardwebhooks.com says where there is a secret."""

import base64
import hmac
from typing import Any

import orjson
from django.conf import settings

from campaigns.alerts.mail import NotToldError
from campaigns.models.clock import now
from integrations.rokt.signature import key_in
from integrations.web.errors import WebError
from integrations.web.push import push

ANSWER_SECONDS = 10.0


def post(url: str, secret: str, *, webhook_id: str, payload: dict[str, Any]) -> str:
    """Hand one message over and return what to say of it; NotToldError for anything but a 2xx.

    ``webhook_id`` is the same when a message is repeated, so that a receiver can tell.
    """
    body = orjson.dumps(payload)
    headers = {"Content-Type": "application/json", **_signed(body, secret, webhook_id)}
    try:
        answer = push(url, body, headers=headers, seconds=ANSWER_SECONDS, allowed_hosts=settings.ALERT_HOSTS)
    except WebError as error:
        raise NotToldError(
            f"The webhook could not be called: {str(error).rstrip('.')}.", is_general=True
        ) from error
    if not 200 <= answer.status < 300:
        raise NotToldError(f"The webhook answered HTTP {answer.status}.", is_general=True)
    return f"The webhook answered HTTP {answer.status}."


def _signed(body: bytes, secret: str, webhook_id: str) -> dict[str, str]:
    sent = str(int(now().timestamp()))
    headers = {"webhook-id": webhook_id, "webhook-timestamp": sent}
    if secret:
        signed = b".".join((webhook_id.encode(), sent.encode(), body))
        digest = base64.b64encode(hmac.digest(key_in(secret), signed, "sha256")).decode()
        headers["webhook-signature"] = f"v1,{digest}"
    return headers
