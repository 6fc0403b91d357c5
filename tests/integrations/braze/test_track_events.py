"""Events of ``/users/track``: when something happened, its properties, and how a repetition is known."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from integrations.braze.events import Event
from integrations.braze.track import read

NOW = datetime(2022, 12, 7, tzinfo=UTC)
GOOD = {"external_id": "mia", "name": "subscribe", "time": "2022-12-06T19:20:45+01:00"}


def event(**fields: Any) -> Event:
    """Read one event."""
    (found,) = read(json.dumps({"events": [GOOD | fields]}).encode()).events
    return found


def fault(**fields: Any) -> str:
    """Why an event is not taken, beside one that is."""
    (found,) = read(json.dumps({"events": [GOOD | fields, GOOD]}).encode()).faults
    assert (found.input_array, found.index) == ("events", 0)
    return found.type


def test_an_event_says_who_what_and_when() -> None:
    assert event(properties={"code": "AU"}, app_id="x", _update_existing_only=True) == Event(
        index=0,
        external_id="mia",
        name="subscribe",
        stated_at=datetime(2022, 12, 6, 18, 20, 45, tzinfo=UTC),
        properties={"code": "AU"},
        is_update_only=True,
    )


def test_the_future_is_now_and_the_past_is_the_past() -> None:
    past = event()
    assert past.happened_at(NOW) == past.stated_at
    assert event(time="2030-01-01").happened_at(NOW) == NOW


def test_the_same_event_has_the_same_key_however_its_time_is_written_and_whenever_it_arrives() -> None:
    again = event(time="2022-12-06T18:20:45.000Z", properties={"b": 2, "a": 1})
    assert again.key == event(properties={"a": 1, "b": 2}).key
    future = event(time="2030-01-01")
    assert future.key == event(time="2030-01-01T00:00:00Z").key
    assert future.happened_at(NOW) != future.happened_at(NOW + timedelta(hours=1))


def test_every_other_event_has_another_key() -> None:
    others: list[dict[str, Any]] = [
        {},
        {"external_id": "ben"},
        {"name": "unsubscribe"},
        {"time": "2022-12-06T19:20:46+01:00"},
        {"properties": {"a": 1}},
        {"properties": {"a": "1"}},
        {"properties": {"a": True}},
    ]
    assert len({event(**fields).key for fields in others}) == len(others)


def test_properties_may_be_nested_and_may_be_missing() -> None:
    nested = {"cast": [{"name": "A"}], "release": {"year": None}}
    assert event(properties=nested).properties == nested
    assert event(properties=None).properties == {}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"name": None}, "'name' is required and must be a text"),
        ({"name": 5}, "'name' is required and must be a text"),
        ({"name": ""}, "'name' '' must have 1 to 255 characters"),
        ({"name": "x" * 256}, "must have 1 to 255 characters"),
        ({"time": None}, "'time' is required"),
        ({"time": "soon"}, "'time' must be a time as in ISO 8601"),
        ({"time": 1670350845}, "'time' must be a time as in ISO 8601"),
        ({"properties": []}, "'properties' must be an object"),
        ({"properties": {"$a": 1}}, "The property name '$a' must have"),
        ({"properties": {"": 1}}, "The property name '' must have"),
        ({"properties": {"time": 1}}, "'time' is reserved"),
        ({"properties": {"event_name": 1}}, "'event_name' is reserved"),
        ({"properties": {"a": "x" * 102_400}}, "'properties' must be at most 100 KB"),
        ({"_update_existing_only": "yes"}, "'_update_existing_only' must be true or false"),
    ],
)
def test_an_event_with_one_wrong_value_is_not_taken(fields: dict[str, Any], reason: str) -> None:
    assert reason in fault(**fields)
