"""Names that must not be kept, and are to be known again: under which keyed digests somebody is remembered."""

import hmac

from django.conf import settings


def keys(workspace_id: int, external_id: str) -> list[str]:
    """Return every key under which a person may have been kept, the newest first."""
    return digests(f"{workspace_id}:{external_id}")


def keys_of_subscription(rokt_id: str) -> list[str]:
    """Return the same for a subscription, whose id is the same in large letters and in small ones."""
    return digests(f"subscription:{rokt_id.lower()}")


def digests(name: str) -> list[str]:
    """Return a name's digests, one for each of our secrets."""
    message = name.encode()
    return [hmac.digest(secret.encode(), message, "sha256").hex() for secret in settings.FIELD_KEYS]
