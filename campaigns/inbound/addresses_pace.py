"""How fast webhooks may come in by one address; kept in each web process, so that a flood costs no query.

What is let in is one small insert, and the workers are woken at most once in ten seconds: a flood takes
nothing from the sending but that.
"""

import time

from campaigns.models import HookAddress

LEAST_PER_SECOND = 100
PER_CALL = 2  # a call for an entry comes back as one webhook for each subscription of the person
BURST_SECONDS = 5
WAKE_EVERY_SECONDS = 10.0  # as often as the clock looks by itself


class Pace:
    """The theoretical arrival times of the generic cell rate algorithm, by address; and when workers were woken."""

    def __init__(self) -> None:
        self.expected_at: dict[int, float] = {}
        self.woken_at = float("-inf")

    def may_pass(self, address: HookAddress, *, at: float | None = None) -> bool:
        """Whether one more may come in by this address now."""
        at = time.monotonic() if at is None else at
        expected = max(self.expected_at.get(address.pk, at), at)
        if expected - at > BURST_SECONDS:
            return False
        self.expected_at[address.pk] = expected + 1 / self.per_second(address)
        return True

    def may_wake(self, *, at: float | None = None) -> bool:
        """Whether it is time to wake the workers again."""
        at = time.monotonic() if at is None else at
        if at - self.woken_at < WAKE_EVERY_SECONDS:
            return False
        self.woken_at = at
        return True

    @staticmethod
    def per_second(address: HookAddress) -> int:
        """Return how many an account may honestly cause: more where it sends faster."""
        return max(LEAST_PER_SECOND, PER_CALL * address.account.rate_per_second)


pace = Pace()
