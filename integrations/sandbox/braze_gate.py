"""Who may call the stand-in's Braze, what for, and how often."""

import time
from collections.abc import Mapping

from integrations.sandbox.replies import RefusedError

HOUR_SECONDS = 3600
USUAL_LIMIT = 250_000  # calls an hour


class Gate:
    """`keys` maps a REST key to its permissions; empty means that any key may do everything."""

    def __init__(self) -> None:
        self.keys: Mapping[str, frozenset[str]] = {}
        self.limit(USUAL_LIMIT)

    def limit(self, count: int) -> None:
        """Let in so many calls within the hour that begins now."""
        self._limit_count = self._left_count = count
        self._until = time.time() + HOUR_SECONDS

    def check(self, authorization: str, permission: str) -> None:
        """Let a known key with the permission pass, while calls are left."""
        scheme, _, key = authorization.partition(" ")
        if scheme.lower() != "bearer" or not key or (self.keys and key not in self.keys):
            raise RefusedError("Invalid API key", status=401)
        if self.keys and permission not in self.keys[key]:
            raise RefusedError(f"The API key lacks the permission {permission}", status=403)
        self._roll()
        if not self._left_count:
            raise RefusedError("Rate limit exceeded", status=429)
        self._left_count -= 1

    def headers(self) -> tuple[tuple[str, str], ...]:
        """What every answer says about the limit."""
        return (
            ("x-ratelimit-limit", str(self._limit_count)),
            ("x-ratelimit-remaining", str(self._left_count)),
            ("x-ratelimit-reset", str(int(self._until))),
        )

    def _roll(self) -> None:
        if time.time() >= self._until:
            self.limit(self._limit_count)
