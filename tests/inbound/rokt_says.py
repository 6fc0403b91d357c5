"""Webhooks as Rokt sends them, and the door that they come in by."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns.inbound import addresses, notices
from campaigns.inbound.notices_in import take_in
from campaigns.models import Account, HookAddress, Notice
from integrations.rokt.notice import read

GUID = "06423672-b6ba-4536-aa36-70788a7a0a36"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def envelope(
    kind: str, *, account_code: str = "shop", webhook_id: str = "", **details: Any
) -> dict[str, Any]:
    """The documented envelope."""
    common = {
        "actionType": kind,
        "accountId": "3d7f2c1e-0000-4000-8000-000000000001",
        "accountName": "The Shop",
        "accountCode": account_code,
    }
    return {
        "eventId": webhook_id or str(uuid.uuid4()),
        "eventType": kind,
        "eventDetails": {**common, **details},
    }


def subscription(rokt_id: str = GUID, **more: Any) -> dict[str, Any]:
    """What every subscription says of itself."""
    return {
        "calendarSubscriptionId": rokt_id,
        "calendarId": "9a1b2c3d-0000-4000-8000-000000000002",
        "calendarTitle": "My Sports Calendar",
        "calendarCode": "my-sports-calendar",
        "subscriptionMethod": "Google",
        **more,
    }


def subscribe(rokt_id: str = GUID, *, subscriber_id: str = "", **more: Any) -> dict[str, Any]:
    """Somebody subscribed."""
    named = {"subscriberId": subscriber_id} if subscriber_id else {}
    tags = [{"tagId": "a-tag-id"}]
    return envelope("Subscribe", subscription=subscription(rokt_id, calendarTags=tags, **named), **more)


def unsubscribe(
    rokt_id: str = GUID, *, removed_at: str = "2026-11-20 11:00:00.755190", **more: Any
) -> dict[str, Any]:
    """Somebody left."""
    return envelope("Unsubscribe", subscription=subscription(rokt_id, removedDateTimeUtc=removed_at), **more)


def entry(kind: str, wire_id: str, *, rokt_id: str = "", **more: Any) -> dict[str, Any]:
    """Something became of an entry."""
    told: dict[str, Any] = {"subscriptionEvent": {"eventId": wire_id}}
    if rokt_id:
        told["subscription"] = subscription(rokt_id)
    return envelope(kind, **told, **more)


def post(token: str, body: Any, *, content_type: str = "application/json", **headers: str):
    """Post as Rokt does: a stranger without cookies, whose requests nobody checks for forgery."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    client = Client(enforce_csrf_checks=True, raise_request_exception=True)
    return client.post(
        reverse("rokt_hook", args=[token]), data=data, content_type=content_type, headers=headers or None
    )


def arrive(address: HookAddress, body: dict[str, Any], *, at: datetime | None = None) -> Notice | None:
    """Store a webhook as the door does, at a time of its own."""
    data = json.dumps(body).encode()
    return take_in(address, read(data, ""), data, at=at or timezone.now())


def told(account: Account, *bodies: dict[str, Any], at: datetime | None = None) -> list[Notice]:
    """Store webhooks and work through them; return the rows as they are then."""
    address, _token = addresses.make(account, by=None)
    rows = [arrive(address, body, at=at) for body in bodies]
    notices.work(seconds=30)
    return [Notice.objects.get(pk=row.pk) for row in rows if row]


def hurry() -> None:
    """Let every pause be over, and work through what is due."""
    Notice.objects.exclude(due_at=None).update(due_at=timezone.now() - timedelta(seconds=1))
    notices.work(seconds=30)
