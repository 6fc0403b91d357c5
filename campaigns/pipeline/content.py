"""What an event says, frozen for a send: eight fields, and in their place a webhook where staff brought their own."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from campaigns.models import Event, EventWebhook, Send


@dataclass(frozen=True, slots=True)
class WebhookText:
    """A webhook in Liquid: what Braze would render, part by part. Without a URL there is none for this send."""

    method: str = "POST"
    url: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""

    @classmethod
    def of(cls, event: Event, kind: str) -> Self:
        """Copy the event's webhook for a kind of send."""
        found = EventWebhook.objects.filter(event=event, kind=kind).first()
        return cls.from_row(found) if found else cls()

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Copy the four parts out of anything that has them."""
        return cls(row.method, row.url, tuple((name, value) for name, value in row.headers), row.body)


@dataclass(frozen=True, slots=True)
class Content:
    """What an event says: texts with Liquid in them, wall times as ISO text, a Windows zone id.

    With a ``webhook``, that makes the calls; the fields are then what was read from it for one person.
    """

    event_id: str
    title: str
    description: str
    location: str
    start_local: str
    end_local: str
    timezone: str
    notify_before_minutes: int
    start_fold: int = 0
    end_fold: int = 0
    webhook: WebhookText | None = None

    @classmethod
    def of(cls, event: Event, kind: str = Send.Kind.CREATE) -> Self:
        """Copy the content of a stored event, as this kind of send needs it."""
        asks_for_webhook = event.uses_webhook and kind != Send.Kind.CANCEL  # a removal needs the id alone
        return cls(
            event_id=event.event_id,
            title=event.title,
            description=event.description,
            location=event.location,
            start_local=event.start_local.isoformat(timespec="seconds"),
            end_local=event.end_local.isoformat(timespec="seconds"),
            timezone=event.timezone,
            notify_before_minutes=event.notify_before_minutes,
            start_fold=event.start_fold,
            end_fold=event.end_fold,
            webhook=WebhookText.of(event, kind) if asks_for_webhook else None,
        )

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what ``to_json`` wrote."""
        hook = data.get("webhook")
        if not hook:
            return cls(**data)
        headers = tuple((name, value) for name, value in hook["headers"])
        return cls(**{**data, "webhook": WebhookText(**{**hook, "headers": headers})})

    def to_json(self) -> dict[str, Any]:
        """Return plain data for a JSON column; a typed event says nothing of webhooks."""
        data = asdict(self)
        if self.webhook is None:
            del data["webhook"]
        return data
