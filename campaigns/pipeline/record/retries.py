"""When to try again: growing waits with jitter, as rows, never beyond the event."""

import random
from datetime import datetime, timedelta

# 5 s, 30 s, 2 min, 10 min, 30 min, 1 h, 2 h, 4 h, 6 h: nine tries after the first.
WAITS_SECONDS = (5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 21_600)


def next_try(retry_count: int, *, at: datetime, deliver_until: datetime) -> datetime | None:
    """Return when to try again after ``retry_count`` tries that failed, or None to give up.

    Equal jitter: half of the wait is certain, half is drawn, so that a crowd of rows spreads out and
    yet none comes back at once.
    """
    if retry_count >= len(WAITS_SECONDS):
        return None
    wait = WAITS_SECONDS[retry_count]
    due = at + timedelta(seconds=wait / 2 + random.uniform(0, wait / 2))  # noqa: S311 - spread, not secrecy
    return due if due < deliver_until else None


def wait_seconds(attempt_count: int) -> float:
    """Return the wait after this many attempts, without jitter: how long to hold an account that slows down."""
    return WAITS_SECONDS[min(max(attempt_count, 1), len(WAITS_SECONDS)) - 1]
