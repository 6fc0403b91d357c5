"""Stage 5, render: an event and a person become one call, or a reason why not. Preview and send both come here."""

from campaigns.models import Account
from campaigns.pipeline.content import Content, WebhookText
from campaigns.pipeline.raw import RawWriter
from campaigns.pipeline.typed import TypedWriter
from campaigns.pipeline.written import (
    LeftOutError,
    Person,
    RenderError,
    Writer,
    Written,
    content_of,
    data_of,
    target,
    wire_event_id,
)

__all__ = [
    "Content",
    "LeftOutError",
    "Person",
    "RenderError",
    "WebhookText",
    "Writer",
    "Written",
    "content_of",
    "data_of",
    "target",
    "wire_event_id",
    "writer",
]


def writer(content: Content, *, kind: str, account: Account) -> Writer:
    """Return what writes this content for an account; raises ``liquid.LiquidError`` where it is not Liquid."""
    if content.webhook is None:
        return TypedWriter(content, kind=kind, account=account)
    return RawWriter(content.webhook, event_id=content.event_id, kind=kind, account=account)
