"""What an answer means: for the delivery that asked, and for the account as a whole."""

from campaigns.models import Attempt
from campaigns.pipeline import record
from integrations.rokt import wire

LONGEST_HOLD_SECONDS = 3_600.0  # as for a Retry-After: one much tried row must not hold everybody for hours


def outcome(reply: wire.Reply) -> record.Outcome:
    """Say what a call came to, as it is recorded."""
    account_is_held = reply.verdict in (wire.Verdict.UNAUTHORIZED, wire.Verdict.FORBIDDEN)
    return record.Outcome(
        verdict=Attempt.Outcome(reply.verdict.value),
        status=reply.status,
        answer=reply.body,
        reason=reply.drift or reply.reason,
        elapsed_ms=reply.elapsed_ms,
        spares_retries=account_is_held or not reply.begun or _asks_to_slow_down(reply),
    )


def _asks_to_slow_down(reply: wire.Reply) -> bool:
    return reply.verdict is wire.Verdict.RETRY and (reply.status == 429 or reply.retry_after is not None)


def hold_seconds(reply: wire.Reply, attempt_count: int) -> float:
    """How long the whole account waits for this answer: as Rokt says, else longer with every attempt."""
    if not _asks_to_slow_down(reply):
        return 0
    return reply.retry_after or min(record.wait_seconds(attempt_count), LONGEST_HOLD_SECONDS)


def speaks_of_trouble(reply: wire.Reply) -> bool:
    """Whether an answer, or the lack of one, says that Rokt is not well."""
    if reply.verdict is wire.Verdict.RETRY:
        return not _asks_to_slow_down(reply)
    return reply.begun and reply.verdict in (wire.Verdict.NOT_SENT, wire.Verdict.UNKNOWN)
