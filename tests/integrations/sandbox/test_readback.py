"""Reading a subscription back: the documented shape, and what it shows."""

import pytest

from tests.integrations.sandbox.conftest import ALICE, BOB, Caller
from tests.sandbox_process import Sandbox

ALWAYS = {"subscriptionId", "calendar", "subscriptionType", "createdAt", "isActive"}


def test_a_subscription_shows_the_events_that_arrived(rokt: Caller):
    rokt.create(ALICE, BOB)
    answer = rokt.call("GET", f"/v1/subscription/{ALICE}")
    told = answer.json()
    assert (answer.status_code, told["subscriptionId"], told["isActive"]) == (200, ALICE, True)
    assert told["calendar"].keys() == {"id", "code", "name", "image"}
    assert "not Rokt" in told["calendar"]["name"]
    [shown] = told["eventsVisibleToSubscription"]
    assert shown | {"merchantId": "", "accountId": ""} == {
        "title": "Summer Sale",
        "location": "Open for 50% off",
        "description": "Half the price",
        "subscriptionEventId": "Event_0001_user42",
        "calendarEventId": None,
        "timezone": "Eastern Standard Time",
        "timezoneIanaId": "America/New_York",
        "startDateTime": "2019-02-21T15:00:00",
        "startDateTimeUtc": "2019-02-21T20:00:00Z",
        "endDateTime": "2019-02-21T16:00:00",
        "allDayEvent": False,
        "reminderMinutes": 15,
        "merchantId": "",
        "accountId": "",
        "eventOccurrenceType": 0,
        "isSubscriptionEvent": True,
        "recurrenceFrequency": None,
        "recurrenceUntilDateTime": None,
        "recurrenceUntilCount": None,
        "recurrenceInterval": None,
        "recurrenceWeeklyDays": None,
        "recurrenceMonthlyDayOfWeek": None,
    }


def test_a_well_formed_id_that_nobody_used_is_an_empty_subscription(rokt: Caller):
    told = rokt.call("GET", f"/v1/subscription/{BOB.upper()}").json()
    assert told.keys() >= ALWAYS
    assert (told["subscriptionId"], told["eventsVisibleToSubscription"]) == (BOB, [])


def test_a_malformed_id_is_refused(rokt: Caller):
    answer = rokt.call("GET", "/v1/subscription/1234")
    assert (answer.status_code, "subscriptionId is not a GUID" in answer.json()["Reason"]) == (400, True)


def test_reading_needs_a_token(rokt: Caller):
    rokt.session.headers["Authorization"] = "Bearer stale"
    assert rokt.call("GET", f"/v1/subscription/{ALICE}").status_code == 401


@pytest.mark.parametrize(("since", "count"), [("2999-01-01T00:00:00Z", 0), ("2001-01-01T00:00:00", 1)])
def test_an_event_may_hide_until_later(sandbox: Sandbox, rokt: Caller, since: str, count: int):
    rokt.create(visibleFromDateTimeUtc=since)
    told = rokt.call("GET", f"/v1/subscription/{ALICE}").json()
    assert len(told["eventsVisibleToSubscription"]) == count
    assert len(sandbox.entries()[ALICE]) == 1
