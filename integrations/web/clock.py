"""A clock that only goes forward, also while the machine sleeps."""

import time


def steady() -> float:
    """Seconds since some moment; unlike `time.monotonic` on Linux it counts the time of a suspended machine."""
    return _READ()


def _read() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


_READ = _read if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic
