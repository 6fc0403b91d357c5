"""What one person would get: the very call that a send would make, or why there would be none."""

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from campaigns.models import Account, Send, Subscriber, Subscription
from campaigns.pipeline import render
from integrations.rokt import wire


@dataclass(frozen=True, slots=True)
class Preview:
    """A rendered webhook for one person, as it would leave; ``body`` is the exact text, ``pretty`` is for reading."""

    subscriber: Subscriber
    event: wire.Event
    method: str
    url: str
    body: str
    fallbacks: tuple[str, ...]

    @property
    def pretty(self) -> str:
        """The body with line breaks, for people."""
        return orjson.dumps(orjson.loads(self.body), option=orjson.OPT_INDENT_2).decode() if self.body else ""

    @property
    def headers(self) -> dict[str, str]:
        """The headers that matter, with the token hidden."""
        return {"Authorization": "Bearer ••••••••", "Content-Type": "application/json"}


def preview(
    content: render.Content,
    *,
    account: Account,
    kind: Send.Kind,
    subscriber: Subscriber,
    subscriptions: Sequence[Subscription],
) -> Preview:
    """Render the call for one person; raises ``render.RenderError`` or ``liquid.LiquidError`` with the reason.

    ``subscriptions`` are those the send would carry: of this account, picked by the segment.
    """
    written = render.Writer(content).write(external_id=subscriber.external_id, data=render.person(subscriber))
    placed = sorted(subscriptions, key=lambda subscription: subscription.position)
    ids = [subscription.rokt_id for subscription in placed if subscription.rokt_id]
    call = render.call(kind, render.target(account), written.event, ids)
    return Preview(
        subscriber=subscriber,
        event=written.event,
        method=call.method,
        url=call.url,
        body=call.body.decode(),
        fallbacks=written.fallbacks,
    )
