"""What goes over the wire to Rokt and what comes back, as plain values: every name, in one place."""

from integrations.rokt.call import (
    HEADERS,
    Event,
    Target,
    create,
    delete,
    event_from,
    event_in,
    read_subscription,
    update,
)
from integrations.rokt.reply import Reply, Verdict, judge, not_sent, reply_to, unknown
from integrations.rokt.subscription import Visible, event_is_there, visible
from integrations.web.exchange import Call, Received

__all__ = [
    "HEADERS",
    "Call",
    "Event",
    "Received",
    "Reply",
    "Target",
    "Verdict",
    "Visible",
    "create",
    "delete",
    "event_from",
    "event_in",
    "event_is_there",
    "judge",
    "not_sent",
    "read_subscription",
    "reply_to",
    "unknown",
    "update",
    "visible",
]
