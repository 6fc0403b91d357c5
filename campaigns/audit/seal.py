"""Seals: an HMAC over everything an event says, under keys derived from ``FIELD_KEYS``."""

import hmac
import json
from collections.abc import Mapping
from datetime import UTC
from typing import Any

from django.conf import settings

from campaigns.models.audit import AuditEvent

START = "0" * 64  # what the first event follows


def canonical(value: Any) -> str:
    """Return JSON in one spelling: names sorted, no blanks, ASCII alone."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def keys() -> Mapping[str, bytes]:
    """Return the keys by their short names, newest first; they serve for nothing but sealing."""
    derived = [
        hmac.digest(secret.encode(), b"calendar-admin audit chain 1", "sha256")
        for secret in settings.FIELD_KEYS
    ]
    return {hmac.digest(key, b"name", "sha256").hex()[:16]: key for key in derived}


def seal(event: AuditEvent, key: bytes) -> str:
    """Return the seal of an event, as 64 hexadecimal digits."""
    said = [
        event.seq,
        event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        event.kind,
        event.by,
        event.subject_kind,
        event.subject,
        event.data,
        event.key,
        event.prev_hash,
    ]
    return hmac.digest(key, canonical(said).encode(), "sha256").hex()
