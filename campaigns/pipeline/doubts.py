"""Looks into deliveries in doubt: reads the subscriptions and compares them with what was asked for."""

from collections.abc import Callable, Sequence

from campaigns.models import Account, Attempt
from campaigns.pipeline import record, render
from integrations.rokt import wire
from integrations.rokt.errors import AnswerUnreadableError

SendCalls = Callable[[Sequence[wire.Call]], Sequence[wire.Reply]]


def look(doubts: Sequence[record.Doubt], *, account: Account, send: SendCalls) -> list[record.Finding]:
    """Read every subscription of each delivery, and say whether what was asked for has happened."""
    where = render.target(account)
    calls = [
        (place, wire.read_subscription(where, rokt_id))
        for place, doubt in enumerate(doubts)
        for rokt_id in doubt.delivery.subscription_ids
    ]
    replies = send([call for _place, call in calls])
    answered = list(zip(calls, replies, strict=True))
    return [
        _finding(doubt, [(call, reply) for (at, call), reply in answered if at == place])
        for place, doubt in enumerate(doubts)
    ]


def _finding(doubt: record.Doubt, looks: Sequence[tuple[wire.Call, wire.Reply]]) -> record.Finding:
    seen = [_arrived(doubt, reply) for _call, reply in looks]
    arrived = None if not seen or None in seen else all(seen)
    return record.Finding(
        doubt=doubt,
        arrived=arrived,
        content=render.content_of(doubt.attempt.body),
        looks=[
            (call.method, call.url, _outcome(reply, there))
            for (call, reply), there in zip(looks, seen, strict=True)
        ],
    )


def _arrived(doubt: record.Doubt, reply: wire.Reply) -> bool | None:
    """Whether one subscription shows what was asked for; None where it cannot be told."""
    event_id = render.wire_event_id(doubt.delivery.send.content["event_id"], doubt.delivery.external_id)
    if reply.verdict is not wire.Verdict.ACCEPTED:
        return None
    try:
        shown = wire.visible(reply.answer, event_id)
    except AnswerUnreadableError:
        return None
    if doubt.attempt.operation == Attempt.Operation.DELETE:
        return shown is None
    if shown is None:
        return False
    return not shown.differences(wire.event_in(doubt.attempt.body.encode()))


def _outcome(reply: wire.Reply, arrived: bool | None) -> record.Outcome:  # noqa: FBT001 - a finding, not a switch
    verdict = {
        True: Attempt.Outcome.FOUND,
        False: Attempt.Outcome.MISSING,
        None: Attempt.Outcome.UNKNOWN,
    }[arrived]
    return record.Outcome(
        verdict=verdict,
        status=reply.status,
        answer=reply.body,
        reason=reply.reason,
        elapsed_ms=reply.elapsed_ms,
    )
