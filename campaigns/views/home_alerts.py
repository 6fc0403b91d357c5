"""The banner on the home page: alerts that are open."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from campaigns import alerts
from campaigns.models import Alert
from campaigns.views.alerts import ALERTS

MOST_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Line:
    """One open alert, in one line of words."""

    alert: Alert
    title: str
    text: str


def open_alerts(request: HttpRequest) -> dict[str, Any]:
    """Return the newest open alerts and how many there are, for those who may see them."""
    if not request.user.has_perm("campaigns.view_alert"):
        return {}
    found = ALERTS.filter(resolved_at=None)
    return {"alerts": [_line(alert) for alert in found[:MOST_SHOWN]], "alert_count": found.count()}


def _line(alert: Alert) -> Line:
    said = alerts.words(alert)
    return Line(alert, said.title, said.text.partition("\n")[0])
