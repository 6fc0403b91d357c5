"""What one person would get: the very call that a send would make, or why there would be none."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import orjson

from campaigns import liquid
from campaigns.models import Account, Subscriber, Subscription
from campaigns.pipeline import render
from campaigns.pipeline.fetch import Fetcher
from integrations.rokt import wire


@dataclass(frozen=True, slots=True)
class Preview:
    """A rendered webhook for one person, as it would leave; ``body`` is the exact text, ``pretty`` is for reading.

    A removal carries no event. ``notes`` should be looked at.
    """

    subscriber: Subscriber
    event: wire.Event | None
    method: str
    url: str
    body: str
    fallbacks: tuple[str, ...]
    notes: tuple[str, ...]

    @classmethod
    def of(cls, subscriber: Subscriber, written: render.Written) -> Self:
        """Show what was written for a person."""
        return cls(
            subscriber=subscriber,
            event=written.event,
            method=written.call.method,
            url=written.call.url,
            body=written.call.body.decode(),
            fallbacks=written.fallbacks,
            notes=written.notes,
        )

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
    kind: str,
    subscriber: Subscriber,
    subscriptions: Sequence[Subscription],
    data: liquid.Data | None = None,
) -> Preview:
    """Render the call for one person; raises ``render.RenderError`` or ``liquid.LiquidError`` with the reason.

    ``subscriptions`` are those the send would carry: of this account, picked by the segment. ``data`` stands in
    for what is known of the person.
    """
    placed = sorted(subscriptions, key=lambda subscription: subscription.position)
    ids = [subscription.rokt_id for subscription in placed if subscription.rokt_id]
    writer = render.writer(content, kind=kind, account=account)
    person = render.Person(subscriber.external_id, data or render.data_of(subscriber), ids)
    written = writer.write(person, fetch=Fetcher(account) if writer.calls_out else None)
    return Preview.of(subscriber, written)
