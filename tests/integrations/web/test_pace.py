"""When calls may leave, by a clock of the test's own: a busy machine stalls whoever measures, too."""

import asyncio
import itertools
from types import SimpleNamespace

import pytest

from integrations.web.pace import Pace

INTERVAL = 0.05


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A clock that goes on while somebody sleeps, and when it is told to."""
    clock = SimpleNamespace(now=100.0, Lock=asyncio.Lock)
    clock.monotonic = lambda: clock.now

    async def sleep(seconds: float) -> None:
        clock.now += seconds

    clock.sleep = sleep
    monkeypatch.setattr("integrations.web.pace.time", clock)
    monkeypatch.setattr("integrations.web.pace.asyncio", clock)
    return clock


def gaps(clock: SimpleNamespace, pace: Pace, count: int, *, stall_before: int = 0) -> list[float]:
    """Return the seconds between so many calls; the process stands still for 0.3 s before one of them."""

    async def run() -> list[float]:
        left = []
        for number in range(count):
            if number and number == stall_before:
                clock.now += 0.3
            await pace.turn()
            left.append(clock.now)
        return left

    return [after - before for before, after in itertools.pairwise(asyncio.run(run()))]


def test_turns_are_one_interval_apart(clock):
    assert gaps(clock, Pace(INTERVAL, first=0, burst=2), 6) == pytest.approx([INTERVAL] * 5)


def test_after_a_rest_a_few_leave_at_once(clock):
    found = gaps(clock, Pace(INTERVAL, first=-1, burst=2), 6)
    assert found == pytest.approx([0, 0, INTERVAL, INTERVAL, INTERVAL], abs=1e-6)


def test_a_stall_is_not_caught_up(clock):
    found = gaps(clock, Pace(INTERVAL, first=0, burst=2), 8, stall_before=3)
    assert found == pytest.approx([INTERVAL, INTERVAL, 0.3, 0, 0, INTERVAL, INTERVAL], abs=1e-6)


def test_the_first_turn_may_lie_ahead(clock):
    before = clock.now
    gaps(clock, Pace(INTERVAL, first=2, burst=2), 1)
    assert clock.now - before == pytest.approx(2)
