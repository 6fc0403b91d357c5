"""Who must not get anything, or must not even be stored: found by a keyed digest, for their names are not kept."""

import hmac
from collections.abc import Collection

from django.conf import settings

from campaigns.models import Suppression


def key(workspace_id: int, external_id: str) -> str:
    """Return under which key a suppression of this person is to be kept."""
    return keys(workspace_id, external_id)[0]


def keys(workspace_id: int, external_id: str) -> list[str]:
    """Return every key under which one may have been kept: one for each of our secrets, the newest first."""
    message = f"{workspace_id}:{external_id}".encode()
    return [hmac.digest(secret.encode(), message, "sha256").hex() for secret in settings.FIELD_KEYS]


def causes(workspace_id: int, external_ids: Collection[str]) -> dict[str, str]:
    """Return user id -> ``Suppression.Cause``, for those who are suppressed; erased comes before suppressed."""
    kept = Suppression.objects.filter(workspace=workspace_id).order_by()
    if not kept.exists():
        return {}
    owners = {digest: each for each in external_ids for digest in keys(workspace_id, each)}
    found = kept.filter(key__in=list(owners)).values_list("key", "cause")
    return {owners[digest]: cause for digest, cause in sorted(found, key=lambda row: row[1], reverse=True)}
