"""Rokt's own webhooks: the documented envelope, posted to this machine and nowhere else."""

import asyncio
import base64
import binascii
import contextlib
import hmac
import ipaddress
import time
import uuid
from collections import deque
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

import orjson
from aiohttp import ClientError, ClientSession, ClientTimeout

from integrations.sandbox.replies import JSON, STAND_IN, RefusedError

SECONDS = 10.0
AT_ONCE = 16
MOST_KEPT = 1000
PREFERENCES = "SubscriptionDetailsUpdated"
# What `eventDetails` holds besides the common keys.
CONTENTS = {
    "Subscribe": ("details",),
    "Unsubscribe": ("removed",),
    PREFERENCES: ("details",),
    "SubscriptionDetailsUpdate": ("details",),  # the same, as another page of Rokt's spells it
    "SubscriptionEventAdded": ("subscription", "event"),
    "SubscriptionEventRemoved": ("subscription", "event id"),
    "SubscriptionEventUpdated": ("event",),
    "SubscriptionEventDeleted": ("event id",),
    "Test": (),
}


def read_loopback(name: str, url: Any) -> str:
    """An http address of this machine, or a refusal: the sandbox reaches nobody."""
    try:
        parts = urlsplit(url) if isinstance(url, str) else urlsplit("")
        host, _port = parts.hostname or "", parts.port  # a port that is no number raises
        is_ours = parts.scheme == "http" and (host == "localhost" or ipaddress.ip_address(host).is_loopback)
    except ValueError:
        is_ours = False
    if not is_ours:
        raise RefusedError(f"{name} must be http:// and a loopback address: the sandbox reaches nobody")
    return str(url)


def envelope(told: Mapping[str, Any]) -> dict[str, Any]:
    """The documented body for what a door was told; what it was not told is invented."""
    kind = told.get("eventType")
    if not isinstance(kind, str) or kind not in CONTENTS:
        raise RefusedError(f"eventType must be one of {', '.join(CONTENTS)}")
    details = {
        "actionType": told.get("actionType")
        or ("SubscriptionViaCalendarPage" if kind == "Subscribe" else kind),
        "accountId": _guid(f"account:{told.get('accountCode', 'acme-events')}"),
        "accountName": told.get("accountName") or STAND_IN,
        "accountCode": told.get("accountCode") or "acme-events",
    }
    for part in CONTENTS[kind]:
        if part in {"event", "event id"}:
            details["subscriptionEvent"] = _event(told, whole=part == "event")
        else:
            details["subscription"] = _subscription(told, part)
    return {"eventId": told.get("webhookId") or str(uuid.uuid4()), "eventType": kind, "eventDetails": details}


def read_secret(secret: str) -> bytes:
    """The key in `whsec_<base64>`; empty for no secret, which signs nothing."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if secret and not key:
        raise RefusedError("secret must be whsec_ and base64")
    return key


def signed(body: bytes, webhook_id: str, key: bytes) -> dict[str, str]:
    """The headers of a delivery; with a key also the three of standardwebhooks.com (Rokt documents none)."""
    headers = {"Content-Type": JSON, "User-Agent": "Stand-in-for-Rokt-Calendar"}
    if key:
        sent = str(int(time.time()))
        digest = hmac.digest(key, b".".join((webhook_id.encode(), sent.encode(), body)), "sha256")
        headers |= {"webhook-id": webhook_id, "webhook-timestamp": sent}
        headers["webhook-signature"] = "v1," + base64.b64encode(digest).decode()
    return headers


class Webhooks:
    """What is posted by itself after a change, and what became of everything that was posted."""

    def __init__(self, url: str = "") -> None:
        self.url = url
        self.secret = ""
        self.sent: deque[dict[str, Any]] = deque(maxlen=MOST_KEPT)
        self._waiting: set[asyncio.Task[Any]] = set()
        self._places = asyncio.Semaphore(AT_ONCE)

    async def post(self, url: str, told: Mapping[str, Any], *, secret: str = "") -> dict[str, Any]:
        """Post one webhook, following nothing; the status that came back, None if none did."""
        content = envelope(told)
        body = orjson.dumps(content)
        headers = signed(body, content["eventId"], read_secret(secret))
        status, problem = None, None
        try:
            async with (
                self._places,
                ClientSession(timeout=ClientTimeout(total=SECONDS)) as session,
                session.post(url, data=body, headers=headers, allow_redirects=False) as answer,
            ):
                status = answer.status
        except (ClientError, OSError, TimeoutError) as error:
            problem = type(error).__name__
        done = {"status": status, "problem": problem, "body": orjson.loads(body)}
        self.sent.append(done)
        return done

    def announce(self, kind: str, *, after_seconds: float, told: Mapping[str, Any]) -> None:
        """Post by itself, if an address is registered; those of an event come in no particular order."""
        if self.url:
            task = asyncio.create_task(self._later(after_seconds, {**told, "eventType": kind}))
            self._waiting.add(task)
            task.add_done_callback(self._waiting.discard)

    def close(self) -> None:
        """Post no more."""
        for task in self._waiting:
            task.cancel()

    async def _later(self, seconds: float, told: Mapping[str, Any]) -> None:
        await asyncio.sleep(seconds)
        await self.post(self.url, told, secret=self.secret)


def post_aside(url: str, value: Any) -> None:
    """Post JSON from a thread, following nothing; whether anybody hears it is their business."""
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=SECONDS)
    try:
        with contextlib.suppress(OSError, HTTPException):
            connection.request("POST", target or "/", orjson.dumps(value), {"Content-Type": JSON})
            connection.getresponse()
    finally:
        connection.close()


def _event(told: Mapping[str, Any], *, whole: bool) -> dict[str, Any]:
    event = {"eventId": told.get("eventId") or "Event_0001_user-0000001"}
    names = ("title", "description", "location", "start", "end", "timezone", "notifyBefore")
    return event | {name: told[name] for name in names if name in told} if whole else event


def _subscription(told: Mapping[str, Any], part: str) -> dict[str, Any]:
    code = told.get("calendarCode") or "summer-sale"
    known = {
        "calendarSubscriptionId": told.get("subscriptionId") or _guid("subscription"),
        "calendarId": _guid(f"calendar:{code}"),
        "calendarTitle": told.get("calendarTitle") or "Summer Sale",
        "calendarCode": code,
        "subscriptionMethod": told.get("subscriptionMethod") or "Webcal",
    }
    if part == "details":
        names = ("subscriberId", "email", "optIn1", "optIn2", "countryCode", "deviceName", "source")
        known |= {"calendarTags": told.get("calendarTags") or []}
        known |= {name: told[name] for name in names if name in told}
    if part == "removed":
        known |= {
            "removedDateTimeUtc": told.get("removedDateTimeUtc") or "2026-05-06 01:18:49.755190",
            "unsubscribeReasonText": told.get("unsubscribeReasonText") or "",
        }
    return known


def _guid(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"stand-in:{name}"))
