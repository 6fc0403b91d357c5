"""What is refused with a 400 that names the field, and what is let through."""

import gzip
import json
from typing import Any

import pytest

from tests.integrations.sandbox.conftest import ALICE, Caller, event
from tests.sandbox_process import Sandbox


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"eventId": None}, "event.eventId is required"),
        ({"eventId": 7}, "event.eventId must be a string"),
        ({"title": " "}, "event.title is required"),
        ({"description": ["x"]}, "event.description must be a string"),
        ({"location": 5}, "event.location must be a string"),
        ({"actionType": 5}, "event.actionType must be a string"),
        ({"start": None}, "event.start is required"),
        ({"start": "tomorrow"}, "event.start must be local ISO 8601"),
        ({"start": "2019-02-21"}, "event.start must be local ISO 8601"),
        ({"start": "2019-02-21T15:00:00Z"}, "event.start must be local ISO 8601 without an offset"),
        ({"start": "2019-02-21T15:00:00.000+01:00"}, "without an offset"),
        ({"start": "2019-02-30T15:00:00"}, "event.start is not a date and time: day is out of range"),
        ({"start": "0001-01-01T00:00:00"}, "event.start is outside the years"),
        ({"end": "9999-12-31T23:59:59"}, "event.end is outside the years"),
        ({"end": "2019-02-21T14:59:59"}, "event.end is before start"),
        ({"timezone": None}, "event.timezone is required"),
        ({"timezone": "America/New_York"}, "event.timezone is not a known Windows time zone id"),
        ({"timezone": None, "timezoneIanaId": "../etc/passwd"}, "event.timezoneIanaId is not a known IANA"),
        ({"timezoneIanaId": "America"}, "event.timezoneIanaId is not a known IANA zone"),
        ({"notifyBefore": "soon"}, "event.notifyBefore must be a whole number"),
        ({"notifyBefore": 1.5}, "event.notifyBefore must be a whole number"),
        ({"notifyBefore": True}, "event.notifyBefore must be a whole number"),
        ({"notifyBefore": -5}, "event.notifyBefore must be a whole number"),
        ({"notifyBefore": 2**31}, "event.notifyBefore must be a whole number"),
        ({"allDayEvent": 1}, "event.allDayEvent must be true or false"),
        ({"visibleFromDateTimeUtc": "later"}, "event.visibleFromDateTimeUtc must be"),
    ],
)
def test_a_wrong_field_is_refused_by_name(sandbox: Sandbox, rokt: Caller, fields, reason):
    for answer in (rokt.create(**fields), rokt.update(**fields)):
        assert (answer.status_code, answer.json()["Code"]) == (400, "BadRequest")
        assert answer.json().keys() == {"Code", "Reason"}
        assert reason in answer.json()["Reason"]
        assert "stand-in" in answer.json()["Reason"]
    flat = rokt.call("POST", "/v1/subscriptionevent/acme/update", event(**fields))
    assert reason.removeprefix("event.") in flat.json()["Reason"]
    assert sandbox.entries() == {}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"subscriptionIds": [ALICE]}, "event is required"),
        ({"event": "x", "subscriptionIds": [ALICE]}, "event must be an object"),
        ({"event": event()}, "subscriptionIds is required"),
        ({"event": event(), "subscriptionIds": []}, "subscriptionIds must be a list"),
        ({"event": event(), "subscriptionIds": ALICE}, "subscriptionIds must be a list"),
        (
            {"event": event(), "subscriptionIds": [ALICE, "{" + ALICE + "}"]},
            "subscriptionIds[1] is not a GUID",
        ),
        ({"event": event(), "subscriptionIds": [None]}, "subscriptionIds[0] is not a GUID"),
        ([], "body must be a JSON object"),
    ],
)
def test_a_wrong_body_is_refused(sandbox: Sandbox, rokt: Caller, body: Any, reason: str):
    answer = rokt.call("POST", "/v1/subscriptionevent/acme", body)
    assert (answer.status_code, reason in answer.json()["Reason"]) == (400, True)
    assert sandbox.entries() == {}


@pytest.mark.parametrize(
    ("headers", "data", "status", "reason"),
    [
        ({}, b'{"event": {"title": "a "quote""}}', 400, "body is not JSON"),
        ({}, b"", 400, "body is not JSON"),
        ({}, b'{"event": "\xff"}', 400, "body is not JSON"),
        ({"Content-Type": "text/plain"}, b"{}", 400, "Content-Type must be application/json"),
        ({"Content-Encoding": "gzip"}, b"not gzip at all", 400, "body cannot be unpacked"),
        ({}, b" " * (1024 * 1024 + 1), 413, "body is too long"),
    ],
)
def test_what_cannot_be_read_is_refused_and_logged(sandbox, rokt, headers, data, status, reason):
    headers = {"Content-Type": "application/json", **headers}
    url = f"{rokt.url}/v1/subscriptionevent/acme"
    answer = rokt.session.post(url, data=data, headers=headers, timeout=10)
    assert (answer.status_code, reason in answer.json()["Reason"]) == (status, True)
    assert sandbox.log()[-1]["status"] == status


def test_a_packed_body_is_unpacked(sandbox: Sandbox, rokt: Caller):
    body = gzip.compress(json.dumps({"event": event(), "subscriptionIds": [ALICE]}).encode())
    headers = {"Content-Type": "application/json; charset=utf-8", "Content-Encoding": "gzip"}
    answer = rokt.session.post(f"{rokt.url}/v1/subscriptionevent/acme", body, headers=headers, timeout=10)
    assert (answer.status_code, list(sandbox.entries())) == (202, [ALICE])


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"end": "2019-02-21T15:00:00"}, {"end": "2019-02-21T15:00:00"}),
        ({"end": None}, {"end": "2019-02-21T16:00:00"}),
        ({"start": "2019-02-21T15:00", "end": None}, {"start": "2019-02-21T15:00:00"}),
        ({"start": "2019-02-21T15:00:00.0000000"}, {"start": "2019-02-21T15:00:00"}),
        ({"notifyBefore": 15}, {"notifyBefore": 15}),
        ({"notifyBefore": "0"}, {"notifyBefore": 0}),
        ({"notifyBefore": None}, {"notifyBefore": None}),
        ({"description": None, "location": None}, {"description": "", "location": ""}),
        (
            {"timezone": None, "timezoneIanaId": "Asia/Tokyo"},
            {"timezone": None, "timezoneIanaId": "Asia/Tokyo"},
        ),
        ({"timezoneIanaId": "Asia/Tokyo"}, {"timezoneIanaId": "America/New_York"}),
        ({"timezone": "Yukon Standard Time"}, {"timezoneIanaId": "America/Whitehorse"}),
        ({"allDayEvent": True, "actionType": "Campaign", "whatever": 1}, {"allDayEvent": True}),
        ({"title": 'A "quote",\n<b> and \u2603'}, {"title": 'A "quote",\n<b> and \u2603'}),
    ],
)
def test_what_the_documents_allow_is_accepted(sandbox: Sandbox, rokt: Caller, fields, shown):
    assert rokt.create(**fields).status_code == 202
    [entry] = sandbox.entries()[ALICE]
    assert shown.items() <= entry.items()


def test_null_and_unknown_keys_are_let_through(sandbox: Sandbox, rokt: Caller):
    told = {**event(), "notifyBefore": None, "allDayEvent": None, "description": None}
    body = {"event": told, "subscriptionIds": [ALICE.upper(), ALICE], "actionType": "x", "more": {}}
    assert rokt.call("POST", "/v1/subscriptionevent/acme", body).status_code == 202
    assert [len(entries) for entries in sandbox.entries().values()] == [1]
