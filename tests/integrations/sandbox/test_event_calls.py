"""Create, update, delete, remove: what each does to the calendars, through real sockets."""

import time
from urllib.parse import quote

import pytest

from tests.integrations.sandbox.conftest import ALICE, BOB, Caller, event
from tests.sandbox_process import Sandbox


def titles(sandbox: Sandbox, subscription: str = ALICE) -> list[str]:
    return [entry["title"] for entry in sandbox.entries().get(subscription, [])]


def notes(sandbox: Sandbox) -> list[str | None]:
    return [line["note"] for line in sandbox.log() if line["path"] != "/oauth2/token"]


def test_a_create_is_accepted_with_an_empty_body_and_is_on_every_calendar(sandbox: Sandbox, rokt: Caller):
    answer = rokt.create(ALICE, BOB)
    assert (answer.status_code, answer.content) == (202, b"")
    assert sandbox.entries().keys() == {ALICE, BOB}
    assert sandbox.entries(subscription=ALICE.upper(), event="Event_0001_user42") == {
        ALICE: [
            {
                "account": "acme",
                "eventId": "Event_0001_user42",
                "title": "Summer Sale",
                "description": "Half the price",
                "location": "Open for 50% off",
                "start": "2019-02-21T15:00:00",
                "end": "2019-02-21T16:00:00",
                "timezone": "Eastern Standard Time",
                "timezoneIanaId": "America/New_York",
                "notifyBefore": 15,
                "allDayEvent": False,
                "sequence": 0,
            }
        ]
    }
    assert sandbox.entries(event="another") == {}


def test_a_known_event_id_gains_subscriptions_and_keeps_its_details(sandbox: Sandbox, rokt: Caller):
    rokt.create(ALICE, title="First")
    assert rokt.create(BOB, title="Second").status_code == 202
    assert (titles(sandbox), titles(sandbox, BOB)) == (["First"], ["First"])
    assert notes(sandbox) == [None, "repeat"]


def test_the_same_event_id_in_two_accounts_is_two_events(sandbox: Sandbox, rokt: Caller):
    rokt.create(account="acme", title="Ours")
    rokt.create(account="other", title="Theirs")
    rokt.update(title="Ours, later")
    assert titles(sandbox) == ["Ours, later", "Theirs"]
    assert notes(sandbox)[:2] == [None, None]


@pytest.mark.parametrize(("wrapped", "note"), [(True, "wrapped"), (False, "flat")])
def test_an_update_replaces_the_details_in_either_shape(sandbox: Sandbox, rokt: Caller, wrapped, note):
    rokt.create(ALICE, BOB)
    told = event(title="Winter Sale", description=None, start="2019-12-01T10:00:00", end=None)
    body = {"event": told} if wrapped else told
    answer = rokt.call("POST", "/v1/subscriptionevent/acme/update", body)
    assert (answer.status_code, answer.content) == (202, b"")
    [entry] = sandbox.entries()[BOB]
    assert (entry["title"], entry["description"], entry["sequence"]) == ("Winter Sale", "", 1)
    assert (entry["start"], entry["end"]) == ("2019-12-01T10:00:00", "2019-12-01T11:00:00")
    assert notes(sandbox)[-1] == note


def test_a_delete_takes_the_event_from_everybody(sandbox: Sandbox, rokt: Caller):
    rokt.create(ALICE, BOB)
    rokt.create(ALICE, eventId="stays")
    answer = rokt.call("DELETE", "/v1/subscriptionevent/acme/Event_0001_user42")
    assert (answer.status_code, answer.content) == (202, b"")
    assert [entry["eventId"] for entries in sandbox.entries().values() for entry in entries] == ["stays"]
    assert rokt.create(title="Anew").status_code == 202
    assert (titles(sandbox)[-1], notes(sandbox)[-1]) == ("Anew", None)


def test_a_remove_takes_the_event_from_one_subscription(sandbox: Sandbox, rokt: Caller):
    rokt.create(ALICE, BOB)
    path = f"/v2/subscription/acme/{ALICE.upper()}/subscriptionevent/Event_0001_user42"
    assert [rokt.call("DELETE", path).status_code for _ in range(2)] == [202, 202]
    assert sandbox.entries().keys() == {BOB}
    nowhere = rokt.call("DELETE", "/v2/subscription/acme/not-a-guid/subscriptionevent/x")
    assert (nowhere.status_code, "subscriptionId" in nowhere.json()["Reason"]) == (400, True)


def test_an_unknown_event_is_accepted_and_nothing_happens(sandbox: Sandbox, rokt: Caller):
    statuses = [
        rokt.update().status_code,
        rokt.call("DELETE", "/v1/subscriptionevent/acme/x").status_code,
        rokt.call("DELETE", f"/v2/subscription/acme/{ALICE}/subscriptionevent/x").status_code,
    ]
    assert statuses == [202, 202, 202]
    assert notes(sandbox) == ["wrapped, unknown event", "unknown event", "unknown event"]
    assert sandbox.entries() == {}


def test_the_paths_without_a_version_are_the_same_calls(sandbox: Sandbox, rokt: Caller):
    body = {"event": event(), "subscriptionIds": [ALICE]}
    assert rokt.call("POST", "/subscriptionevent/acme", body).status_code == 202
    assert rokt.call("POST", "/subscriptionevent/acme/update", event(title="Later")).status_code == 202
    assert titles(sandbox) == ["Later"]
    assert rokt.call("GET", f"/subscription/{ALICE}").status_code == 200
    path = f"/subscription/acme/{ALICE}/subscriptionevent/Event_0001_user42"
    assert rokt.call("DELETE", path).status_code == 202
    assert rokt.call("DELETE", "/subscriptionevent/acme/Event_0001_user42").status_code == 202
    assert sandbox.entries() == {}


@pytest.mark.parametrize("event_id", ["a b", "ä/ö", "50%", "{x}", "update", "a?b#c"])
def test_an_event_id_may_hold_any_character(sandbox: Sandbox, rokt: Caller, event_id: str):
    rokt.create(eventId=event_id)
    assert sandbox.entries(event=event_id).keys() == {ALICE}
    answer = rokt.call("DELETE", f"/v1/subscriptionevent/acme/{quote(event_id, safe='')}")
    assert (answer.status_code, sandbox.entries()) == (202, {})


def test_a_change_is_on_the_calendar_only_after_the_delay():
    with Sandbox("--apply-after", "0.3") as slow:
        caller = Caller(slow)
        with caller.session:
            caller.log_in()
            begun = time.monotonic()
            caller.create(title="First")
            caller.update(title="Second")
            while not slow.entries():
                assert time.monotonic() < begun + 10
            assert time.monotonic() - begun >= 0.3
            while titles(slow) != ["Second"]:
                assert time.monotonic() < begun + 10
        assert notes(slow) == [None, "wrapped"]


def test_what_is_not_documented_is_not_there(sandbox: Sandbox, rokt: Caller):
    answer = rokt.call("PUT", f"/v1/subscription/{ALICE}", {})
    assert (answer.status_code, answer.json()["Code"]) == (404, "NotFound")
    assert "stand-in" in answer.json()["Reason"]
    assert sandbox.summary()["paths"]["PUT /{anything}"] == {"404": 1}
