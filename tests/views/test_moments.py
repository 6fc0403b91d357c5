"""Times as they are shown: never without a zone, and lengths of time in words."""

from datetime import UTC, datetime, timedelta

import pytest

from campaigns.templatetags import moments

AT = datetime(2026, 11, 21, 9, 0, 5, tzinfo=UTC)


def test_an_instant_is_shown_in_utc_to_the_minute_or_the_second():
    assert moments.utc(AT) == "2026-11-21 09:00 UTC"
    assert moments.utc(AT.astimezone()) == "2026-11-21 09:00 UTC"
    assert moments.utc_seconds(AT) == "2026-11-21 09:00:05 UTC"


def test_an_instant_is_shown_on_the_clocks_of_a_zone():
    shown = moments.in_zone(AT, "India Standard Time")

    assert shown == "2026-11-21 14:30 (UTC+5:30, India Standard Time)"


def test_a_zone_that_is_not_known_is_shown_as_utc():
    assert moments.in_zone(AT, "Nowhere") == "2026-11-21 09:00 UTC"
    assert moments.start_of({"start_local": "2026-11-21T09:00:00", "timezone": "Nowhere"}) is None


@pytest.mark.parametrize(
    "shown", [moments.utc(None), moments.utc_seconds(None), moments.in_zone(None, "UTC")]
)
def test_no_instant_is_no_text(shown):
    assert shown == ""


def test_the_start_of_an_event_is_the_reading_that_was_chosen():
    content = {"start_local": "2027-11-07T01:30:00", "timezone": "Eastern Standard Time"}

    assert moments.start_of(content) == datetime(2027, 11, 7, 5, 30, tzinfo=UTC)
    assert moments.start_of({**content, "start_fold": 1}) == datetime(2027, 11, 7, 6, 30, tzinfo=UTC)


def test_a_wall_time_is_shown_with_its_day():
    assert moments.wall_time("2026-12-21T15:00:00") == "Mon 2026-12-21 15:00"
    assert moments.wall_time(datetime(2026, 12, 21, 15)) == "Mon 2026-12-21 15:00"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "less than a second"),
        (-5, "less than a second"),
        (0.4, "less than a second"),
        (40, "40 s"),
        (60, "1 min"),
        (95, "1 min 35 s"),
        (3_600, "1 h"),
        (7_500, "2 h 5 min"),
        (86_400, "1 day"),
        (180_000, "2 days 2 h"),
    ],
)
def test_a_length_of_time_is_shown_in_its_two_largest_units(seconds, words):
    assert moments.duration(timedelta(seconds=seconds)) == words


def test_an_unknown_length_of_time_is_no_text():
    assert moments.duration(None) == ""


def test_json_is_shown_with_line_breaks_and_other_text_as_it_is():
    assert moments.pretty_json('{"a":"ü"}') == '{\n  "a": "ü"\n}'
    assert moments.pretty_json("<html>") == "<html>"
    assert moments.pretty_json("[" * 100_000) == "[" * 100_000
