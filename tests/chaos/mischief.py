"""What is done to a run, and when: drawn from a seed alone, so that the same seed is the same night."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

# How often each thing is done in a run of 20,000; smaller runs have fewer, by the square root.
COUNTS = {
    "kill": 8,  # SIGKILL of a worker with its pool
    "kill_child": 4,  # SIGKILL of a pool process alone
    "freeze": 3,  # SIGSTOP for longer than the lease, then SIGCONT
    "terminate": 3,  # SIGTERM: warm
    "clocks": 2,  # a second beat, and three ticks at once
    "wipe_broker": 2,
    "restart_broker": 2,
    "restart_database": 2,
    "repeat_messages": 3,  # wake-ups that nobody asked for
    "hold_messages": 3,  # wake-ups taken away, and brought back twice, later
    "pause": 2,  # by staff, and resumed
    "refuse": 1,  # connections to Rokt are reset, and new ones refused for a second: the breaker opens for 30 s
    "fault": 16,
}
LARGE_COUNT = 4_000  # smaller runs must end soon: no breaker
SHARES = (0.03, 0.9)
EVENTS, READS, TOKENS = "/subscriptionevent", "/subscription/", "/oauth2/token"
# ``count`` requests are looked at, and ``share`` of them is hurt: few enough that hardly a row is hurt thrice.
FAULTS: Sequence[dict[str, Any]] = (
    {"fault": "429", "retry_after": "2", "count": 3},
    {"fault": "429", "count": 1},
    {"fault": "500", "share": 0.2, "count": 100},
    {"fault": "500", "share": 0.2, "count": 100, "applies": True},  # done, and told as a failure
    {"fault": "status", "status": 503, "retry_after": "1", "count": 2},
    {"fault": "status", "status": 503, "share": 0.25, "count": 80},
    {"fault": "401", "count": 1},
    {"fault": "reset", "share": 0.2, "count": 50},
    {"fault": "reset", "share": 0.2, "count": 50, "applies": False},
    {"fault": "hang", "share": 0.2, "count": 30},
    {"fault": "latency", "seconds": 0.3, "count": 150},
    {"fault": "latency", "seconds": 1.6, "share": 0.2, "count": 30},  # longer than anybody waits
    {"fault": "cut", "share": 0.5, "count": 60},
    {"fault": "garbage", "share": 0.2, "count": 40},
    {"fault": "early_hints", "share": 0.2, "count": 20},
    {"fault": "bad_gzip", "share": 0.2, "count": 40},
    {"fault": "500", "path": READS, "share": 0.3, "count": 40},
    {"fault": "latency", "path": READS, "seconds": 1.6, "share": 0.2, "count": 20},
    {"fault": "500", "path": TOKENS, "count": 2},
    {"fault": "latency", "path": TOKENS, "seconds": 1.5, "count": 2},
)


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that is done once ``share`` of the deliveries are final; ``place`` picks the worker."""

    share: float
    verb: str
    place: int
    fault: dict[str, Any]


def schedule(seed: int, *, deliveries: int) -> list[Act]:
    """Return what is done in a run, in order: the same for the same seed and size."""
    dice = random.Random(seed)
    faults = dice.sample(FAULTS, len(FAULTS))
    acts = []
    for verb, count in COUNTS.items():
        scaled = max(1, round(count * (deliveries / 20_000) ** 0.5))
        if verb == "refuse" and deliveries < LARGE_COUNT:
            continue
        for number in range(scaled):
            fault = faults[number % len(faults)] if verb == "fault" else {}
            acts.append(Act(dice.uniform(*SHARES), verb, dice.randrange(100), fault))
    return sorted(acts, key=lambda act: (act.share, act.verb))
