"""Instants as the outside world writes them, all of them in UTC."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.web.instants import instant


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2013-07-16T19:20:30+01:00", datetime(2013, 7, 16, 18, 20, 30, tzinfo=UTC)),
        ("2013-07-16T19:20:30+1:00", datetime(2013, 7, 16, 18, 20, 30, tzinfo=UTC)),
        ("2013-07-16T19:20:30-0930", datetime(2013, 7, 17, 4, 50, 30, tzinfo=UTC)),
        ("2013-07-16T19:20:30:123Z", datetime(2013, 7, 16, 19, 20, 30, 123_000, tzinfo=UTC)),
        ("2013-07-16T19:20:30:123+0100", datetime(2013, 7, 16, 18, 20, 30, 123_000, tzinfo=UTC)),
        ("2013-07-16T19:20:30.1234567Z", datetime(2013, 7, 16, 19, 20, 30, 123_456, tzinfo=UTC)),
        ("2020-05-06 01:18:49.755190", datetime(2020, 5, 6, 1, 18, 49, 755_190, tzinfo=UTC)),
        ("2020-05-06T01:18", datetime(2020, 5, 6, 1, 18, tzinfo=UTC)),
        ("2020-05-06", datetime(2020, 5, 6, tzinfo=UTC)),
    ],
)
def test_every_documented_spelling_is_read(text: str, expected: datetime) -> None:
    assert instant(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "2020-02-30",
        "2020-05-06T25:00:00Z",
        "2020-05-06T01:18:49+99:00",
        "2020-05-06T01:18:49+01:60",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "0000-01-01",
        "٢٠٢٠-05-06",
        "2020-05-06\n",
        "yesterday",
        "",
        None,
        1588727929,
        ["2020-05-06"],
    ],
)
def test_what_is_no_instant_is_none(text: object) -> None:
    assert instant(text) is None


@given(st.text("0123456789-+:.,TZ tz") | st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    at = instant(text)
    assert at is None or at.utcoffset() == timedelta()


OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 1, 1), timezones=OFFSETS))
def test_what_python_writes_is_read_back(at: datetime) -> None:
    assert instant(at.isoformat()) == at
