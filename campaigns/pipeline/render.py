"""Stage 5, render: an event and a person become one call, or a reason why not. Preview and send both come here."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Self

import orjson

from campaigns import liquid
from campaigns.models import Account, Event, Send, Subscriber
from integrations.rokt import wire

LONGEST_TITLE = 1_000
LONGEST_DESCRIPTION = 10_000


class RenderError(Exception):
    """The event cannot be written for this person; the message says why, for staff."""


@dataclass(frozen=True, slots=True)
class Content:
    """What an event says, frozen: texts with Liquid in them, wall times as ISO text, a Windows zone id."""

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

    @classmethod
    def of(cls, event: Event) -> Self:
        """Copy the content out of a stored event."""
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
        )

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what ``to_json`` wrote."""
        return cls(**data)

    def to_json(self) -> dict[str, Any]:
        """Return plain data for a JSON column."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Rendered:
    """One person's event, and what the texts did not find: ``fallbacks`` took their default."""

    event: wire.Event
    fallbacks: tuple[str, ...]


def person(subscriber: Subscriber) -> liquid.Data:
    """Return what Liquid may know of a subscriber: the profile and the custom attributes, as Braze names them."""
    user = {
        **subscriber.profile,
        "user_id": subscriber.external_id,
        "first_name": subscriber.first_name or None,
        "last_name": subscriber.last_name or None,
        "email_address": subscriber.email or None,
    }
    return liquid.Data(user=user, custom_attributes=subscriber.attributes)


class Writer:
    """Writes one content for many people: the texts are parsed once.

    Raises ``liquid.LiquidError`` when a text is not Liquid that Braze would take.
    """

    def __init__(self, content: Content) -> None:
        self.content = content
        self.texts = {
            name: liquid.parse(getattr(content, name)) for name in ("title", "description", "location")
        }
        self.start = datetime.fromisoformat(content.start_local)
        self.end = datetime.fromisoformat(content.end_local)

    def write(self, *, external_id: str, data: liquid.Data) -> Rendered:
        """Return the event as this person gets it; raises ``RenderError``."""
        texts: dict[str, str] = {}
        fallbacks: list[str] = []
        for name, template in self.texts.items():
            try:
                result = template.render(data)
            except liquid.Aborted as stop:
                raise RenderError(f"{name}: the text asked to leave this person out: {stop.reason}") from stop
            except liquid.LiquidError as error:
                raise RenderError(f"{name}: {error}") from error
            if result.missing:
                raise RenderError(f"{name}: {', '.join(result.missing)} is empty and has no default")
            texts[name] = result.text
            fallbacks.extend(result.fallbacks)
        _check_lengths(texts)
        return Rendered(event=self._event(external_id, texts), fallbacks=tuple(dict.fromkeys(fallbacks)))

    def _event(self, external_id: str, texts: Mapping[str, str]) -> wire.Event:
        return wire.Event(
            event_id=wire_event_id(self.content.event_id, external_id),
            title=texts["title"].strip(),
            description=texts["description"],
            location=texts["location"],
            start=self.start,
            end=self.end,
            timezone=self.content.timezone,
            notify_before=self.content.notify_before_minutes,
        )


def wire_event_id(event_id: str, external_id: str) -> str:
    """Return the id of one person's entry: the event's id and the person's, as in Braze's template."""
    return f"{event_id}_{external_id}"


def _check_lengths(texts: Mapping[str, str]) -> None:
    if not texts["title"].strip():
        raise RenderError("title: nothing is left of it for this person")
    for name, longest in (
        ("title", LONGEST_TITLE),
        ("location", LONGEST_TITLE),
        ("description", LONGEST_DESCRIPTION),
    ):
        if len(texts[name]) > longest:
            raise RenderError(f"{name}: {len(texts[name]):,} characters, at most {longest:,} are sent")


def target(account: Account) -> wire.Target:
    """Return where an account's calls go."""
    flat = account.update_body == Account.UpdateBody.FLAT
    return wire.Target(base_url=account.base_url, account_code=account.code, flat_update=flat)


def call(kind: str, where: wire.Target, event: wire.Event, subscription_ids: list[str]) -> wire.Call:
    """Return the call that a send of this kind makes; raises ``RenderError`` where it cannot be built."""
    try:
        if kind == Send.Kind.CREATE:
            return wire.create(where, event, subscription_ids)
        if kind == Send.Kind.UPDATE:
            return wire.update(where, event)
        return wire.delete(where, event.event_id)
    except ValueError as error:
        raise RenderError(str(error)) from error


def content_of(body: str) -> str:
    """Return the event inside a body of ours, encoded as it is kept with an entry; "" for a call without body."""
    if not body:
        return ""
    data = orjson.loads(body)
    return orjson.dumps(data.get("event", data)).decode()
