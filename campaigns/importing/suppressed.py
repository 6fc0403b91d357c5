"""Who must not get anything, or must not even be stored: found by a keyed digest, for their names are not kept."""

from collections.abc import Collection

from campaigns.models import Subscriber, Suppression
from campaigns.models.keyed import keys

__all__ = ["causes", "erased", "key", "keys"]


def key(workspace_id: int, external_id: str) -> str:
    """Return under which key a suppression of this person is to be kept."""
    return keys(workspace_id, external_id)[0]


def causes(workspace_id: int, external_ids: Collection[str]) -> dict[str, str]:
    """Return user id -> ``Suppression.Cause``, for those who are suppressed; erased comes before suppressed."""
    kept = Suppression.objects.filter(workspace=workspace_id).order_by()
    if not kept.exists():
        return {}
    owners = {digest: each for each in external_ids for digest in keys(workspace_id, each)}
    found = kept.filter(key__listed=owners).values_list("key", "cause")
    return {owners[digest]: cause for digest, cause in sorted(found, key=lambda row: row[1], reverse=True)}


def erased(external_ids: Collection[str]) -> set[str]:
    """Return which user ids mean somebody who was erased in any workspace, and nobody who is here."""
    of_erased = Suppression.objects.filter(cause=Suppression.Cause.ERASED).order_by()
    gone = {
        name
        for workspace in list(of_erased.values_list("workspace", flat=True).distinct())
        for name, cause in causes(workspace, external_ids).items()
        if cause == Suppression.Cause.ERASED
    }
    here = (
        Subscriber.objects.filter(external_id__listed=gone).order_by() if gone else Subscriber.objects.none()
    )
    return gone - set(here.values_list("external_id", flat=True))
