"""Pushing as Rokt Calendar does: a key, a request, and the 16 attributes of one subscription."""

import json
from typing import Any

from django.test import Client

from campaigns.inbound import keys
from campaigns.models import Workspace
from tests import builders

ADDRESS = "/users/track"
FIRST = "06423672-b6ba-4536-aa36-f5733866ade2"
SECOND = "9a9007c7-f5a4-4811-b13c-ff10919f1078"


def make_key(
    workspace: Workspace | None = None, *, may_track: bool = True, name: str = "Rokt Calendar"
) -> str:
    """Make a key and return its text."""
    workspace = workspace or Workspace.objects.first() or builders.make_workspace()
    return keys.make(workspace, name=name, may_track=may_track, by=builders.make_user("admin"))[1]


def push(key: str, body: Any, *, client: Client | None = None, **headers: str) -> Any:
    """Post a body, as JSON unless it is bytes already."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = {"Authorization": f"Bearer {key}"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    return (client or Client()).post(
        ADDRESS, content, content_type=sent.pop("Content-Type", "application/json"), headers=sent
    )


def subscribing(
    external_id: str, rokt_id: str = FIRST, *, calendar: str = "test-calendar-1", **fields: Any
) -> dict[str, Any]:
    """Return the attributes object of one new subscription: each value is added to what is there."""
    suffix, title = rokt_id[-12:], calendar.replace("-", " ").title()
    values = {
        "account_code": ["brazetest"],
        "account_id": ["d0ce4299-7d6c-4888-bfd8-c7e867a0fa6c"],
        "account_name": ["Braze Test"],
        "calendar_code": [calendar],
        "calendar_id": ["9a9007c7-f5a4-e811-b13c-06424c4f2724"],
        "calendar_title": [title],
        "country_code": ["AU"],
        "device_name": ["Desktop"],
        "geo_country": ["Australia"],
        "optIn1": ["True"],
        "optIn2": ["False"],
        "source": ["brazetest.Rokt Calendarapp.com"],
        "subscriber_email": ["test@email.com"],
        "subscription_method": ["WebCal"],
        "tags": [f"{title}/All Teams", f"{title}/TeamI/"],
    }
    added = {
        f"rokt:{name}": {"add": [f"{value}/{suffix}" for value in each]} for name, each in values.items()
    }
    return {"external_id": external_id, "rokt:subscription_id": {"add": [rokt_id]}, **added, **fields}


def happened(external_id: str, at: str, name: str = "subscribe", **fields: Any) -> dict[str, Any]:
    """Return an event object."""
    return {"external_id": external_id, "name": name, "time": at, **fields}
