"""When somebody subscribed, as the custom events of an export tell it."""

from datetime import UTC, datetime

from django.utils.translation import gettext as _

SUBSCRIBE = "subscribe"


def latest_subscribe(events: object, problems: list[str]) -> datetime | None:
    """Return when the event ``subscribe`` happened last; None where the export does not say."""
    if events is None:
        return None
    if not isinstance(events, list):
        problems.append(_("custom_events is left out: it is not a list."))
        return None
    latest = None
    for event in events:
        if not isinstance(event, dict) or event.get("name") != SUBSCRIBE:
            continue
        at = instant(event.get("last") or event.get("first"))
        if at is None:
            problems.append(_("custom_events: the time of “subscribe” cannot be read."))
        elif latest is None or at > latest:
            latest = at
    return latest


def instant(value: object) -> datetime | None:
    """Return an instant as Braze writes it (``2026-01-31T08:00:00.000Z``, ``2026-01-31 08:00:00 UTC``), or None."""
    if not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(value.replace(" UTC", "Z"))
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
