"""Times as staff read them: never without their zone; and how long things take."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns import timezones

register = template.Library()


@register.filter
def utc(at: datetime | None) -> str:
    """Return an instant to the minute: "2026-11-21 09:00 UTC"."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if at else ""


@register.filter
def utc_seconds(at: datetime | None) -> str:
    """Return an instant to the second: "2026-11-21 09:00:05 UTC"."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if at else ""


@register.filter
def in_zone(at: datetime | None, zone_id: str) -> str:
    """Return what clocks of a zone show: "2026-11-21 14:30 (UTC+5:30, India Standard Time)"."""
    if at is None:
        return ""
    try:
        zone = timezones.get(zone_id)
    except timezones.UnknownZoneError:
        return utc(at)
    local, _fold = timezones.wall(at, zone_id)
    return f"{local:%Y-%m-%d %H:%M} ({timezones.offset_text(timezones.offset(zone, at))}, {zone_id})"


@register.filter
def wall_time(local: str | datetime) -> str:
    """Return a wall time for reading: "Mon 2026-12-21 15:00"."""
    local = datetime.fromisoformat(local) if isinstance(local, str) else local
    return f"{local:%a %Y-%m-%d %H:%M}"


@register.filter
def start_of(content: dict[str, Any]) -> datetime | None:
    """Return when a send's event starts, as an instant; None where its zone is not known."""
    local = datetime.fromisoformat(content["start_local"])
    try:
        return timezones.localize(local, content["timezone"], content.get("start_fold", 0))
    except timezones.UnknownZoneError:
        return None


@register.filter
def duration(span: timedelta | None) -> str:
    """Return how long something takes, in its two largest units: "2 h 5 min", "40 s"."""
    if span is None:
        return ""
    seconds = max(round(span.total_seconds()), 0)
    days, hours, minutes = seconds // 86_400, seconds // 3_600 % 24, seconds // 60 % 60
    if days:
        return ngettext("%(count)d day", "%(count)d days", days) % {"count": days} + _after(hours, _("h"))
    if hours:
        return f"{hours} {_('h')}{_after(minutes, _('min'))}"
    if minutes:
        return f"{minutes} {_('min')}{_after(seconds % 60, _('s'))}"
    return f"{seconds} {_('s')}" if seconds else _("less than a second")


def _after(count: int, unit: str) -> str:
    return f" {count} {unit}" if count else ""


@register.filter
def pretty_json(text: str) -> str:
    """Return JSON with line breaks, for reading; other text as it is."""
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text
