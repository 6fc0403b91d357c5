"""Whether a webhook comes from whoever shares our secret, as https://www.standardwebhooks.com writes it down.

Rokt documents no signature; a relay in front of us, or Rokt one day, may add this one. The header
``webhook-signature`` is a list of ``v1,<base64>``, each an HMAC-SHA256 of ``id.timestamp.body``. While
a secret is replaced, both the old and the new one are given here.
"""

import base64
import binascii
import hmac
import re
from collections.abc import Iterable, Mapping
from datetime import datetime

TOLERANCE_SECONDS = 5 * 60
PREFIX = "whsec_"
KEY_BYTES = range(24, 65)
SIGNATURE_LIMIT = 20  # more are not looked at
HEADER_LIMIT = 4_096
ID = re.compile(r"[\x21-\x2d\x2f-\x7e]{1,255}")  # no full stop: it ends the id in what is signed
SECONDS = re.compile(r"[0-9]{1,11}")


class SignatureError(ValueError):
    """A request that cannot be shown to be genuine; the text is for our log, not for the answer."""


class SecretError(ValueError):
    """A secret that cannot be used; the text says what one looks like."""


def verify(body: bytes, headers: Mapping[str, str], secrets: Iterable[str], *, now: datetime) -> str:
    """Return the ``webhook-id`` of a genuine request, to know its repetition by; else raise SignatureError.

    ``body`` is what arrived, byte for byte. A secret that cannot be used opens nothing.
    """
    given = {name.lower(): value for name, value in headers.items()}
    webhook_id, sent, signatures = (
        given.get(f"webhook-{part}", "") for part in ("id", "timestamp", "signature")
    )
    if not (webhook_id and sent and signatures):
        raise SignatureError("webhook-id, webhook-timestamp or webhook-signature is missing.")
    if not ID.fullmatch(webhook_id) or not SECONDS.fullmatch(sent) or len(signatures) > HEADER_LIMIT:
        raise SignatureError("webhook-id, webhook-timestamp or webhook-signature is malformed.")
    if abs(now.timestamp() - int(sent)) > TOLERANCE_SECONDS:
        raise SignatureError("webhook-timestamp is more than five minutes from now.")
    signed = b".".join((webhook_id.encode(), sent.encode(), body))
    expected = [hmac.digest(key, signed, "sha256") for key in usable(secrets)]
    # Every pair is compared, so that the time taken tells nothing about which one fits.
    matches = [hmac.compare_digest(one, other) for one in expected for other in digests(signatures)]
    if not any(matches):
        raise SignatureError("No signature fits the body and a secret of ours.")
    return webhook_id


def key_in(secret: str) -> bytes:
    """Return the key in ``whsec_<base64>`` (the prefix may be missing); SecretError where there is none."""
    try:
        key = base64.b64decode(secret.strip().removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) not in KEY_BYTES:
        raise SecretError("A secret is whsec_ and base64 of 24 to 64 bytes.")
    return key


def usable(secrets: Iterable[str]) -> list[bytes]:
    """Return the keys of all secrets that have one."""
    keys = []
    for secret in secrets:
        try:
            keys.append(key_in(secret))
        except SecretError:
            continue
    return keys


def digests(signatures: str) -> list[bytes]:
    """Return the v1 signatures in the header; other versions, and what is no base64, are left out."""
    found = []
    for item in signatures.split(" ")[:SIGNATURE_LIMIT]:
        version, _comma, text = item.partition(",")
        if version == "v1":
            try:
                found.append(base64.b64decode(text, validate=True))
            except (binascii.Error, ValueError):
                continue
    return found
