"""What is not there any more because it was kept for long enough: since when, and after how many days."""

from collections.abc import Mapping

from campaigns.models import Purge, Send


def removed(send: Send) -> Mapping[str, Purge]:
    """Return what has been removed of a send's calls by its kind ("texts", "calls", "entries")."""
    return {row.what: row for row in Purge.objects.filter(send=send)}
