"""When the calls of one batch may leave: evenly, with a few at once after a rest."""

import asyncio
import time
from typing import Final

FINEST_SECONDS: Final = 0.002  # no timer keeps a shorter wait


class Pace:
    """Turns `interval` seconds apart, from `first` seconds ahead on (behind, where some may leave at once).

    Whoever comes late finds at most `burst` turns waiting, so that a stalled process does not catch up in one go.
    """

    def __init__(self, interval: float, *, first: float, burst: int) -> None:
        self._interval = interval
        self._credit = interval * burst
        self._next = time.monotonic() + first
        self._one_at_a_time = asyncio.Lock()  # nobody holds a turn that passes while the process stands still

    async def turn(self) -> None:
        """Wait until the next call may leave."""
        async with self._one_at_a_time:
            at = time.monotonic()
            mine = max(self._next, at - self._credit)
            self._next = mine + self._interval
            if mine - at > FINEST_SECONDS:
                await asyncio.sleep(mine - at)
