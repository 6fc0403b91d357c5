"""Writes the call for an event that staff typed in: texts rendered one by one, built as data, encoded as JSON."""

from collections.abc import Mapping
from datetime import datetime

from campaigns import liquid
from campaigns.models import Account, Send
from campaigns.pipeline.content import Content
from campaigns.pipeline.written import (
    LONGEST_DESCRIPTION,
    LONGEST_TITLE,
    LeftOutError,
    Person,
    RenderError,
    Written,
    target,
    wire_event_id,
)
from integrations.rokt import wire

TEXTS = ("title", "description", "location")


class TypedWriter:
    """Raises ``liquid.LiquidError`` when a text is not Liquid that Braze would take."""

    calls_out = False  # a text of ours has no way out

    def __init__(self, content: Content, *, kind: str, account: Account) -> None:
        self.content = content
        self.kind = kind
        self.where = target(account)
        self.texts = {name: liquid.parse(getattr(content, name)) for name in TEXTS}
        self.start = datetime.fromisoformat(content.start_local)
        self.end = datetime.fromisoformat(content.end_local)

    def write(self, person: Person, *, fetch: liquid.Fetch | None = None) -> Written:
        """Return the call for a person; raises ``RenderError``. A removal needs the id alone."""
        event_id = wire_event_id(self.content.event_id, person.external_id)
        if self.kind == Send.Kind.CANCEL:
            return Written(call=wire.delete(self.where, event_id), event=None)
        texts, fallbacks = self._rendered(person.data)
        _check_lengths(texts)
        event = self._event(event_id, texts)
        return Written(call=self._call(event, person), event=event, fallbacks=fallbacks)

    def ends_at(self, body: str) -> None:
        """Everybody's event ends with the send's."""

    def _rendered(self, data: liquid.Data) -> tuple[dict[str, str], tuple[str, ...]]:
        texts: dict[str, str] = {}
        fallbacks: list[str] = []
        for name, template in self.texts.items():
            try:
                result = template.render(data)
            except liquid.Aborted as stop:
                raise LeftOutError(
                    f"{name}: the text asked to leave this person out: {stop.reason}"
                ) from stop
            except liquid.LiquidError as error:
                raise RenderError(f"{name}: {error}") from error
            if result.missing:
                raise RenderError(f"{name}: {', '.join(result.missing)} is empty and has no default")
            texts[name] = result.text
            fallbacks.extend(result.fallbacks)
        return texts, tuple(dict.fromkeys(fallbacks))

    def _event(self, event_id: str, texts: Mapping[str, str]) -> wire.Event:
        return wire.Event(
            event_id=event_id,
            title=texts["title"].strip(),
            description=texts["description"],
            location=texts["location"],
            start=self.start,
            end=self.end,
            timezone=self.content.timezone,
            notify_before=self.content.notify_before_minutes,
        )

    def _call(self, event: wire.Event, person: Person) -> wire.Call:
        try:
            if self.kind == Send.Kind.CREATE:
                return wire.create(self.where, event, person.subscription_ids)
            return wire.update(self.where, event)
        except ValueError as error:
            raise RenderError(str(error)) from error


def _check_lengths(texts: Mapping[str, str]) -> None:
    if not texts["title"].strip():
        raise RenderError("title: nothing is left of it for this person")
    for name, longest in (
        ("title", LONGEST_TITLE),
        ("location", LONGEST_TITLE),
        ("description", LONGEST_DESCRIPTION),
    ):
        if len(texts[name]) > longest:
            raise RenderError(f"{name}: longer than {longest:,} characters", f"{len(texts[name]):,}")
