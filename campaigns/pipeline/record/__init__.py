"""Stage 7, record: the only code that moves a delivery from one state to another."""

from campaigns.pipeline.record.canary import Standing, judge, standing, stop_of
from campaigns.pipeline.record.claim import Batch, Claimed, Due, Intent, Place, Unfit, claim, peek
from campaigns.pipeline.record.close import close
from campaigns.pipeline.record.decide import decide, take_doubts
from campaigns.pipeline.record.doubt import (
    Doubt,
    Finding,
    claim_doubts,
    has_doubts,
    last_calls,
    settle,
    sweep,
    unheld,
)
from campaigns.pipeline.record.evidence import Said, Spot, Word, confirm
from campaigns.pipeline.record.poison import MOST_CRASHES, count_crashes, crashes_in, crashes_of
from campaigns.pipeline.record.retries import wait_seconds
from campaigns.pipeline.record.states import Outcome
from campaigns.pipeline.record.stop import cancel_waiting, expire, finish, requeue_failed
from campaigns.pipeline.record.taken_off import TakenOff, taken_off

__all__ = [
    "MOST_CRASHES",
    "Batch",
    "Claimed",
    "Doubt",
    "Due",
    "Finding",
    "Intent",
    "Outcome",
    "Place",
    "Said",
    "Spot",
    "Standing",
    "TakenOff",
    "Unfit",
    "Word",
    "cancel_waiting",
    "claim",
    "claim_doubts",
    "close",
    "confirm",
    "count_crashes",
    "crashes_in",
    "crashes_of",
    "decide",
    "expire",
    "finish",
    "has_doubts",
    "judge",
    "last_calls",
    "peek",
    "requeue_failed",
    "settle",
    "standing",
    "stop_of",
    "sweep",
    "take_doubts",
    "taken_off",
    "unheld",
    "wait_seconds",
]
