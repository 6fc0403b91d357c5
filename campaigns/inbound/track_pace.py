"""How many requests a key may make: so many a second, counted by each web process for itself.

More than this the database could not store anyway, and a sender that runs wild does not keep out the people at their
screens. Nothing is written for it.
"""

from typing import NamedTuple

from django.core.cache import cache

PER_SECOND = 50  # of up to 75 people and 75 events each
KEPT_SECONDS = 10


class Pace(NamedTuple):
    """Whether a request may pass, and what to tell about the next ones; ``resets_at`` is in seconds since 1970."""

    is_open: bool
    left_count: int
    resets_at: int

    @property
    def headers(self) -> dict[str, str]:
        """Return Braze's three headers."""
        return {
            "X-RateLimit-Limit": str(PER_SECOND),
            "X-RateLimit-Remaining": str(self.left_count),
            "X-RateLimit-Reset": str(self.resets_at),
        }


def count(key_id: int, *, at: float) -> Pace:
    """Count a request of this key in the present second."""
    second = int(at)
    name = f"track-pace:{key_id}:{second}"
    cache.add(name, 0, KEPT_SECONDS)
    try:
        made_count = cache.incr(name)
    except ValueError:  # thrown out by other entries this very moment
        made_count = 1
    return Pace(made_count <= PER_SECOND, max(0, PER_SECOND - made_count), second + 1)
