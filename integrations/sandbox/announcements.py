"""Which of Rokt's webhooks a change sends by itself, as soon as the calendars show it."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from integrations.sandbox import calls
from integrations.sandbox.state import Call, State

KINDS = {
    calls.create: "SubscriptionEventAdded",
    calls.update: "SubscriptionEventUpdated",
    calls.delete: "SubscriptionEventDeleted",
}


def announce(state: State, operation: Any, call: Call) -> None:
    """Send what a change that was accepted sends: one webhook, or one for each subscription of a new event."""
    if state.webhooks.url and operation in KINDS:
        for told in _told(call):
            state.webhooks.announce(
                KINDS[operation], after_seconds=state.options.apply_after_seconds, told=told
            )


def _told(call: Call) -> Iterator[Mapping[str, Any]]:
    account = {"accountCode": call.params["accountCode"]}
    if call.method == "DELETE":
        yield account | {"eventId": call.params["eventId"]}
        return
    root = orjson.loads(call.body)
    event = root.get("event", root)
    for subscription_id in root.get("subscriptionIds") or [None]:
        yield event | account | {"subscriptionId": subscription_id, "actionType": None}
