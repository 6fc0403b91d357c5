"""The calendar feed, read with a calendar library as a calendar program would."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import requests
from icalendar import Calendar

from tests.integrations.sandbox.conftest import ALICE, BOB, Caller
from tests.sandbox_process import Sandbox


def fetch(sandbox: Sandbox, name: str = f"{ALICE}.ics") -> requests.Response:
    return requests.get(f"{sandbox.url}/webcal/{name}", timeout=10)


def at(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def only_event(sandbox: Sandbox) -> Any:
    [entry] = Calendar.from_ical(fetch(sandbox).content).walk("VEVENT")
    return entry


def test_a_feed_is_a_published_calendar_that_says_what_it_is(sandbox: Sandbox, rokt: Caller):
    rokt.create()
    answer = fetch(sandbox)
    assert answer.headers["Content-Type"].startswith("text/calendar")
    calendar = Calendar.from_ical(answer.content)
    assert (calendar["VERSION"], calendar["METHOD"]) == ("2.0", "PUBLISH")
    assert "not Rokt" in str(calendar["X-WR-CALNAME"])
    assert answer.content == fetch(sandbox, ALICE.upper()).content
    assert all(len(line) <= 75 for line in answer.content.split(b"\r\n"))


def test_an_entry_carries_what_was_sent(sandbox: Sandbox, rokt: Caller):
    rokt.create(title="Half; off, \\ now\r\nor \x07never", description="ä" * 200, eventId="a,b\n")
    entry = only_event(sandbox)
    assert str(entry["SUMMARY"]) == "Half; off, \\ now\nor never"
    assert (str(entry["DESCRIPTION"]), str(entry["LOCATION"])) == ("ä" * 200, "Open for 50% off")
    assert str(entry["UID"]) == "a,b\n@acme.stand-in.invalid"
    assert entry.decoded("DTSTAMP").utcoffset() == timedelta(0)
    [alarm] = entry.walk("VALARM")
    assert (alarm["ACTION"], alarm.decoded("TRIGGER")) == ("DISPLAY", timedelta(minutes=-15))


def test_what_was_not_sent_is_not_there(sandbox: Sandbox, rokt: Caller):
    rokt.create(description=None, location=None, notifyBefore=None)
    entry = only_event(sandbox)
    assert entry.keys().isdisjoint({"DESCRIPTION", "LOCATION"})
    assert entry.walk("VALARM") == []


@pytest.mark.parametrize(
    ("zone", "local", "utc"),
    [
        ("Eastern Standard Time", "2026-02-21T15:00:00", at(2, 21, 20)),
        ("Eastern Standard Time", "2026-07-21T15:00:00", at(7, 21, 19)),  # "Standard" ids observe DST
        ("Eastern Standard Time", "2026-03-08T02:30:00", at(3, 8, 7, 30)),  # skipped by the clocks
        ("Eastern Standard Time", "2026-11-01T01:30:00", at(11, 1, 5, 30)),  # there twice: the first
        ("Nepal Standard Time", "2026-01-01T00:00:00", at(1, 1, 0) - timedelta(hours=5, minutes=45)),
        ("UTC", "2026-01-01T00:00:00", at(1, 1, 0)),
    ],
)
def test_wall_time_becomes_the_right_instant(sandbox: Sandbox, rokt: Caller, zone, local, utc):
    rokt.create(timezone=zone, start=local, end="2026-12-31T12:00:00")
    assert only_event(sandbox).decoded("DTSTART") == utc


@pytest.mark.parametrize(
    ("start", "end", "shown"),
    [
        ("2026-11-01T00:30:00", "2026-11-01T02:30:00", at(11, 1, 7, 30)),
        ("2026-02-21T15:00:00", None, at(2, 21, 21)),
        ("2026-02-21T15:00:00", "2026-02-21T15:00:00", None),
        (
            "2026-03-08T02:45:00",
            "2026-03-08T03:15:00",
            None,
        ),  # the clocks skip the start: it is after the end
    ],
)
def test_an_end_is_shown_only_if_it_is_after_the_start(sandbox: Sandbox, rokt: Caller, start, end, shown):
    assert rokt.create(start=start, end=end).status_code == 202
    entry = only_event(sandbox)
    assert (entry.decoded("DTEND") if "DTEND" in entry else None) == shown


@pytest.mark.parametrize(
    ("end", "day_after"),
    [
        (None, date(2019, 2, 22)),
        ("2019-02-21T15:00:00", date(2019, 2, 22)),
        ("2019-02-22T00:00:00", date(2019, 2, 22)),
        ("2019-02-22T00:00:01", date(2019, 2, 23)),
        ("2019-02-24T00:00:00", date(2019, 2, 24)),
    ],
)
def test_an_all_day_event_has_days_and_no_hours(sandbox: Sandbox, rokt: Caller, end, day_after):
    rokt.create(allDayEvent=True, end=end)
    entry = only_event(sandbox)
    assert (entry.decoded("DTSTART"), entry.decoded("DTEND")) == (date(2019, 2, 21), day_after)


def test_an_update_raises_the_sequence_and_keeps_the_uid(sandbox: Sandbox, rokt: Caller):
    rokt.create()
    before = only_event(sandbox)
    rokt.update(title="Later")
    rokt.update(title="Later still")
    after = only_event(sandbox)
    assert (before["SEQUENCE"], after["SEQUENCE"], after["UID"]) == (0, 2, before["UID"])
    assert after.decoded("DTSTAMP") >= before.decoded("DTSTAMP")


def test_a_feed_that_nobody_holds_is_not_there(sandbox: Sandbox):
    answer = fetch(sandbox, BOB)
    assert (answer.status_code, answer.json()["Code"]) == (404, "NotFound")
