"""How long to wait: every form of Retry-After that servers send, and those they should not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.rokt.retry_after import retry_after

NOW = {"Date": "Wed, 21 Oct 2026 07:00:00 GMT"}


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("30", 30),
        (" 30 ", 30),
        ("1.5", 1.5),
        ("0", 1),
        ("-5", 1),
        ("1e9", 3600),
        ("1e400", 3600),
        ("99999999999999999999", 3600),
        ("Wed, 21 Oct 2026 07:00:30 GMT", 30),
        ("Wed, 21 Oct 2026 06:00:00 GMT", 1),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 3600),
        ("Wednesday, 21-Oct-26 07:00:30 GMT", 30),
        ("Wed Oct 21 07:00:30 2026", 30),
        ("soon, 30", 30),
        ("30, 60", 30),
        ("Wed, 21 Oct 2026 07:00:30 GMT, 60", 30),
        ("soon", None),
        ("", None),
        ("٣٠", None),
        ("1_000", None),
        ("nan", None),
        ("inf", None),
        ("0x1e", None),
        ("30 s", None),
    ],
)
def test_a_wait_is_read_and_kept_between_a_second_and_an_hour(value: str, seconds: float | None):
    assert retry_after({"RETRY-AFTER": value, **NOW}) == seconds


def test_without_the_header_there_is_nothing_to_wait_for():
    assert retry_after(NOW) is None


@pytest.mark.parametrize("date", [{}, {"Date": "yesterday"}])
def test_a_date_without_a_date_to_compare_counts_from_now(date: dict[str, str]):
    assert retry_after({"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT", **date}) == 3600
    assert retry_after({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT", **date}) == 1


@given(value=st.text(), date=st.text())
def test_no_text_is_a_surprise(value: str, date: str):
    seconds = retry_after({"Retry-After": value, "Date": date})
    assert seconds is None or 1 <= seconds <= 3600
