"""Stage 7, record: the only code that moves a delivery from one state to another."""

from campaigns.pipeline.record.claim import Batch, Claimed, Intent, Unfit, claim, peek
from campaigns.pipeline.record.close import Outcome, close
from campaigns.pipeline.record.doubt import (
    Doubt,
    Finding,
    claim_doubts,
    has_doubts,
    last_calls,
    settle,
    sweep,
)
from campaigns.pipeline.record.evidence import Said, confirm, gone, taken_off
from campaigns.pipeline.record.retries import wait_seconds
from campaigns.pipeline.record.stop import cancel_waiting, decide, expire, finish, requeue_failed

__all__ = [
    "Batch",
    "Claimed",
    "Doubt",
    "Finding",
    "Intent",
    "Outcome",
    "Said",
    "Unfit",
    "cancel_waiting",
    "claim",
    "claim_doubts",
    "close",
    "confirm",
    "decide",
    "expire",
    "finish",
    "gone",
    "has_doubts",
    "last_calls",
    "peek",
    "requeue_failed",
    "settle",
    "sweep",
    "taken_off",
    "wait_seconds",
]
