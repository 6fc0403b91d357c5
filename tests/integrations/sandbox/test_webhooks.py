"""Rokt's webhooks from the sandbox: the documented envelope, to this machine, on request or by themselves."""

import base64
import hmac
import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests.integrations.raw_server import RawServer, answer, keeps
from tests.integrations.sandbox.conftest import ALICE, BOB, Caller
from tests.sandbox_process import Sandbox

Serve = Callable[..., RawServer]
BASIC = {"calendarSubscriptionId", "calendarId", "calendarTitle", "calendarCode", "subscriptionMethod"}
SECRET = "whsec_" + base64.b64encode(b"k" * 24).decode()
COMMON = {"actionType", "accountId", "accountName", "accountCode"}


@pytest.fixture
def receiver(serve: Serve) -> RawServer:
    return serve(keeps(answer(204)))


def post(sandbox: Sandbox, **told: Any) -> requests.Response:
    return requests.post(f"{sandbox.url}/sandbox/webhooks", json=told, timeout=10)


def bodies(receiver: RawServer, count: int) -> list[dict[str, Any]]:
    """What arrived, once so many have."""
    deadline, pause = time.monotonic() + 20, threading.Event()
    while len(receiver.requests) < count:
        assert time.monotonic() < deadline
        pause.wait(0.01)
    return [json.loads(request.partition(b"\r\n\r\n")[2]) for request in receiver.requests]


@pytest.mark.parametrize(
    ("kind", "subscription", "event"),
    [
        ("Subscribe", BASIC | {"calendarTags"}, None),
        ("Unsubscribe", BASIC | {"removedDateTimeUtc", "unsubscribeReasonText"}, None),
        ("SubscriptionDetailsUpdated", BASIC | {"calendarTags"}, None),
        ("SubscriptionDetailsUpdate", BASIC | {"calendarTags"}, None),
        ("SubscriptionEventAdded", BASIC, {"eventId", "title"}),
        ("SubscriptionEventRemoved", BASIC, {"eventId"}),
        ("SubscriptionEventUpdated", None, {"eventId", "title"}),
        ("SubscriptionEventDeleted", None, {"eventId"}),
        ("Test", None, None),
    ],
)
def test_every_kind_has_its_envelope(
    sandbox: Sandbox, receiver: RawServer, kind: str, subscription: set[str] | None, event: set[str] | None
):
    url = f"{receiver.url}/in?token=1"
    told = post(sandbox, url=url, eventType=kind, subscriptionId=ALICE, eventId="E_1", title="Sale").json()
    (body,) = bodies(receiver, 1)
    assert (told["status"], told["problem"], told["body"]) == (204, None, body)
    assert receiver.requests[0].startswith(b"POST /in?token=1 HTTP/1.1")
    assert (set(body), body["eventType"]) == ({"eventId", "eventType", "eventDetails"}, kind)
    details = body["eventDetails"]
    assert details.keys() - {"subscription", "subscriptionEvent"} == COMMON
    assert (set(details["subscription"]) if "subscription" in details else None) == subscription
    assert (set(details["subscriptionEvent"]) if "subscriptionEvent" in details else None) == event
    if subscription:
        assert details["subscription"]["calendarSubscriptionId"] == ALICE
    if event:
        assert details["subscriptionEvent"]["eventId"] == "E_1"


def test_the_same_webhook_can_be_sent_again(sandbox: Sandbox, receiver: RawServer):
    for _ in range(2):
        post(sandbox, url=receiver.url, eventType="Test", webhookId="same")
    post(sandbox, url=receiver.url, eventType="Test")
    first, second, third = (one["eventId"] for one in bodies(receiver, 3))
    assert first == second == "same"
    assert third != "same"


def test_a_secret_signs_the_body(sandbox: Sandbox, receiver: RawServer):
    post(sandbox, url=receiver.url, eventType="Test", secret=SECRET, webhookId="one")
    post(sandbox, url=receiver.url, eventType="Test")
    bodies(receiver, 2)
    head, _, body = receiver.requests[0].partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    content = f"one.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.digest(b"k" * 24, content, "sha256")).decode()
    assert (headers["webhook-id"], headers["webhook-signature"]) == ("one", f"v1,{expected}")
    assert b"webhook-signature" not in receiver.requests[1]


def test_what_came_back_is_told_whatever_it_is(sandbox: Sandbox, serve: Serve):
    elsewhere = serve(keeps(answer(200)))
    moved = serve(keeps(answer(302, b"", f"Location: {elsewhere.url}")))
    assert post(sandbox, url=moved.url, eventType="Test").json()["status"] == 302
    assert elsewhere.requests == []
    moved.close()
    told = post(sandbox, url=moved.url, eventType="Test").json()
    assert (told["status"], told["problem"]) == (None, "ClientConnectorError")
    shown = requests.get(f"{sandbox.url}/sandbox/webhooks", timeout=10).json()
    assert [one["status"] for one in shown["sent"]] == [302, None]


@pytest.mark.parametrize(
    ("told", "word"),
    [
        ({"url": "https://example.com", "eventType": "Test"}, "url"),
        ({"url": "http://10.0.0.1/x", "eventType": "Test"}, "url"),
        ({"eventType": "Test"}, "url"),
        ({"url": "http://127.0.0.1:1", "eventType": "Party"}, "eventType"),
        ({"url": "http://127.0.0.1:1", "eventType": ["Test"]}, "eventType"),
        ({"url": "http://127.0.0.1:1", "eventType": "Test", "secret": 1}, "secret"),
        ({"url": "http://127.0.0.1:1", "eventType": "Test", "secret": "whsec_!"}, "secret"),
        ({"url": "http://127.0.0.1:x", "eventType": "Test"}, "url"),
    ],
)
def test_a_wrong_request_is_refused_by_name(sandbox: Sandbox, told: dict[str, Any], word: str):
    refused = post(sandbox, **told)
    assert (refused.status_code, word in refused.json()["Reason"]) == (400, True)


def test_changes_are_announced_where_it_was_asked_for(sandbox: Sandbox, rokt: Caller, receiver: RawServer):
    rokt.create(ALICE, eventId="before")
    registered = {"url": receiver.url, "secret": SECRET}
    assert rokt.call("PUT", "/sandbox/webhooks", registered).status_code == 204
    rokt.create(ALICE, BOB, eventId="E_1")
    bodies(receiver, 2)
    rokt.update(eventId="E_1", title="Later")
    bodies(receiver, 3)
    rokt.call("DELETE", "/v1/subscriptionevent/acme/E_1")
    told = bodies(receiver, 4)
    assert [one["eventType"] for one in told] == [
        "SubscriptionEventAdded",
        "SubscriptionEventAdded",
        "SubscriptionEventUpdated",
        "SubscriptionEventDeleted",
    ]
    details = [one["eventDetails"] for one in told]
    assert {one["subscriptionEvent"]["eventId"] for one in details} == {"E_1"}
    assert {one["accountCode"] for one in details} == {"acme"}
    assert {one["subscription"]["calendarSubscriptionId"] for one in details[:2]} == {ALICE, BOB}
    assert details[2]["subscriptionEvent"]["title"] == "Later"
    assert all(b"webhook-signature: v1," in request for request in receiver.requests)


def test_what_was_refused_or_is_unknown_is_not_announced(sandbox: Sandbox, rokt: Caller, receiver: RawServer):
    rokt.call("PUT", "/sandbox/webhooks", {"url": receiver.url})
    rokt.create(title="")
    rokt.update(eventId="nobody-knows")
    sandbox.fault("500", count=1)
    rokt.create(eventId="fault")
    rokt.create(ALICE, eventId="good")
    (told,) = bodies(receiver, 1)
    assert told["eventDetails"]["subscriptionEvent"]["eventId"] == "good"
    rokt.call("DELETE", "/sandbox/webhooks")
    rokt.create(ALICE, eventId="quiet")
    shown = rokt.call("GET", "/sandbox/webhooks").json()
    assert (shown["url"], len(shown["sent"]), len(receiver.requests)) == (None, 1, 1)


def test_the_option_registers_an_address_from_the_start(receiver: RawServer):
    with Sandbox("--webhook-url", receiver.url) as running:
        caller = Caller(running)
        with caller.session:
            caller.log_in()
            caller.create(ALICE, eventId="E_1")
            assert bodies(receiver, 1)[0]["eventType"] == "SubscriptionEventAdded"
