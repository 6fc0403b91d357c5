"""Reading back what a subscriber has: found or not found, same or changed, and when neither can be told."""

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.rokt.errors import AnswerUnreadableError
from integrations.rokt.wire import Event, event_is_there, visible

SHOWN = {
    "subscriptionEventId": "Event_0001_user42",
    "isSubscriptionEvent": True,
    "title": "Summer Sale",
    "description": "Three days only",
    "location": "Open for 50% off",
    "startDateTime": "2019-02-21T15:00:00",
    "startDateTimeUtc": "2019-02-21T20:00:00Z",
    "endDateTime": "2019-02-21T16:00:00",
    "timezone": "Eastern Standard Time",
    "timezoneIanaId": "America/New_York",
    "reminderMinutes": 15,
}


def answer(*shown: Any) -> bytes:
    return json.dumps({"subscriptionId": "06423672", "eventsVisibleToSubscription": list(shown)}).encode()


def test_an_event_that_is_shown_is_there():
    told = answer({"subscriptionEventId": "other"}, SHOWN)
    assert event_is_there(told, "Event_0001_user42")
    assert event_is_there(told, "other")


def test_an_event_that_is_not_shown_is_not_there():
    told = answer(SHOWN, None, 7, {}, {"subscriptionEventId": None, "calendarEventId": "Event_0002"})
    assert not event_is_there(told, "Event_0002")
    assert not event_is_there(told, "event_0001_user42")


@pytest.mark.parametrize("rest", [{}, {"eventsVisibleToSubscription": None}])
def test_a_subscription_that_lists_no_events_has_none(rest: dict[str, Any]):
    assert not event_is_there(json.dumps({"subscriptionId": "x", **rest}).encode(), "Event_0001_user42")


@pytest.mark.parametrize(
    "told",
    [
        b"",
        answer(SHOWN)[:-5],
        b"<html>",
        b"[]",
        b"{}",
        b'{"Code": "NotFound", "Reason": "no such subscription"}',
        b'{"subscriptionId": "x", "eventsVisibleToSubscription": 3}',
    ],
)
def test_an_answer_that_is_no_subscription_proves_nothing(told: bytes):
    with pytest.raises(AnswerUnreadableError, match="Rokt's answer"):
        event_is_there(told, "Event_0001_user42")


def test_an_event_shown_as_it_was_sent_has_no_differences(event: Event):
    found = visible(answer(SHOWN), event.event_id)
    assert found is not None
    assert found.start == datetime(2019, 2, 21, 15)
    assert found.differences(event) == ()


@pytest.mark.parametrize(
    "change",
    [
        {"startDateTime": "2019-02-21T15:00:00.000Z"},
        {"description": " Three days only\r\n"},
        {"reminderMinutes": "15"},
        {"reminderMinutes": None, "title": None, "endDateTime": None, "timezone": None},
        {"reminderMinutes": "soon", "startDateTime": "later", "endDateTime": 5, "location": ["x"]},
    ],
)
def test_what_is_not_shown_or_only_spelled_otherwise_is_no_difference(change: dict[str, Any], event: Event):
    found = visible(answer(SHOWN | change), event.event_id)
    assert found is not None
    assert found.differences(event) == ()


def test_an_event_with_nothing_but_its_id_is_there_and_differs_in_nothing(event: Event):
    found = visible(answer({"subscriptionEventId": event.event_id}), event.event_id)
    assert found is not None
    assert found.differences(event) == ()


def test_every_field_that_differs_is_named(event: Event):
    found = visible(answer(SHOWN), event.event_id)
    assert found is not None
    changed = replace(
        event,
        title="Winter Sale",
        description="",
        location="Here",
        start=datetime(2019, 2, 21, 14),
        end=datetime(2019, 2, 21, 17),
        timezone="Pacific Standard Time",
        notify_before=0,
    )
    names = ("title", "description", "location", "start", "end", "timezone", "notify_before")
    assert found.differences(changed) == names


@given(
    told=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*SHOWN, "subscriptionId"]), inner),
    )
)
def test_no_shown_event_is_a_surprise(told: Any):
    shown = {**told, "subscriptionEventId": "E_1"} if isinstance(told, dict) else told
    found = visible(answer(shown), "E_1")
    assert (found is not None) == isinstance(told, dict)
