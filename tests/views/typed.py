"""What a browser posts for an event or a segment, and what a page says."""

import re
from datetime import timedelta

from django.urls import reverse

from tests import builders


def typed(event=None, **changes):
    """What a browser posts for an event that is as it should be."""
    start = builders.in_days(20)
    fields = {
        "event_id": event.event_id if event else "Summer_0001",
        "title": "Summer sale",
        "description": "Three days only.",
        "location": "Open for 50 % off",
        "start_local": f"{start:%Y-%m-%dT%H:%M}",
        "end_local": f"{start + timedelta(hours=1):%Y-%m-%dT%H:%M}",
        "timezone": "Eastern Standard Time",
        "notify_before_minutes": "15",
        "version": str(event.version) if event else "1",
    }
    return fields | changes


def text_of(response):
    """What a page says, without tags and with single blanks."""
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


AUSTRALIA = {"r.0-field": "country_code", "r.0-op": "is_any_of", "r.0-values": ["AU", "", "NZ"]}


def rows(**changes):
    """What a browser posts for a segment of Australia and New Zealand."""
    return {"name": "Down under", "description": "", "version": "1", "r-match": "all"} | AUSTRALIA | changes


def post_segment(client, *, status=200, segment=None, **changes):
    """Post a segment, a new one unless one is given, and expect this status."""
    address = reverse("segment_edit", args=[segment.pk]) if segment else reverse("segment_new")
    response = client.post(address, rows() | changes)
    assert response.status_code == status
    return response
