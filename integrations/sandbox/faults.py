"""Faults that can be switched on while the sandbox runs: what each is, and which requests it hits."""

from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from integrations.sandbox.replies import JSON

EVENT_CALLS = "/subscriptionevent"
NOTHING_SENT = ("hang", "reset", "garbage", "early_hints")


@dataclass(slots=True)
class Fault:
    """One fault that is on. `matched_count` requests were looked at, of which `share` are hit."""

    fault: str
    applies: bool
    path: str = EVENT_CALLS
    share: float = 1.0
    count: int | None = None
    seconds: float = 0.1
    status: int | None = None
    retry_after: str | None = None
    location: str | None = None
    body: str | None = None
    content_type: str = JSON
    matched_count: int = 0

    def hits(self) -> bool:
        """Count one more matching request; every time the share adds up to a whole one, it is hit."""
        before, self.matched_count = self.matched_count, self.matched_count + 1
        # As written by the person: 0.1 is a tenth, not the nearest double, or the tenth would slip.
        share = Fraction(str(self.share))
        return int(share * before) < int(share * self.matched_count)

    @property
    def is_spent(self) -> bool:
        """Whether all `count` requests have come."""
        return self.count is not None and self.matched_count >= self.count


class Hit(NamedTuple):
    """What is done to one request: wait, then maybe one fault; `names` is for the log."""

    delay_seconds: float = 0.0
    fault: Fault | None = None
    names: str = ""


UNHURT = Hit()


class Faults:
    """The faults that are on. Latencies add up; of the others the first that hits is done."""

    def __init__(self) -> None:
        self._on: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Switch on one fault."""
        self._on.append(fault)

    def clear(self) -> int:
        """Switch everything off; how many were on."""
        count, self._on = len(self._on), []
        return count

    def shown(self) -> list[dict[str, Any]]:
        """What is on, parameters that are not set left out."""
        return [shown(fault) for fault in self._on]

    def hit(self, path: str) -> Hit:
        """What the next request to `path` gets."""
        if not self._on:
            return UNHURT
        delay, found, names = 0.0, None, []
        for fault in self._on:
            if fault.path not in path or (found and fault.fault != "latency") or not fault.hits():
                continue
            names.append(fault.fault)
            if fault.fault == "latency":
                delay += fault.seconds
            else:
                found = fault
        self._on = [fault for fault in self._on if not fault.is_spent]
        return Hit(delay, found, "+".join(names))


def shown(fault: Fault) -> dict[str, Any]:
    """A fault as JSON shows it."""
    return {name: value for name, value in asdict(fault).items() if value is not None}
