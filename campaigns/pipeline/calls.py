"""What a batch of deliveries will ask of Rokt: the same bytes again, a fresh text, or nothing and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from campaigns.models import Attempt, Delivery, Entry, Send, Subscriber
from campaigns.pipeline import record, render
from integrations.rokt import wire

OPERATIONS = {
    Send.Kind.CREATE: Attempt.Operation.CREATE,
    Send.Kind.UPDATE: Attempt.Operation.UPDATE,
    Send.Kind.CANCEL: Attempt.Operation.DELETE,
}


@dataclass(frozen=True, slots=True)
class Calls:
    """Writes the calls of one send; the send's frozen content is parsed once."""

    send: Send
    writer: render.Writer = field(init=False)
    where: wire.Target = field(init=False)

    def __post_init__(self) -> None:
        content = render.Content.from_json(self.send.content)
        object.__setattr__(self, "writer", render.Writer(content))
        object.__setattr__(self, "where", render.target(self.send.account))

    def write(self, rows: Sequence[Delivery]) -> list[record.Intent | record.Unfit]:
        """Return what each delivery asks for. A repeat carries exactly the bytes of the call it repeats."""
        repeated = record.last_calls([row for row in rows if row.retry_count])
        present = self._contents_now(rows)
        return [self._write(row, repeated.get(row.pk), present) for row in rows]

    def _write(
        self, row: Delivery, earlier: Attempt | None, present: Mapping[int, str]
    ) -> record.Intent | record.Unfit:
        if row.subscriber is None or not row.subscriber.is_active:
            return record.Unfit(Delivery.State.SKIPPED, Delivery.Reason.LEFT)
        return self._again(earlier) if earlier else self._anew(row, row.subscriber, present)

    def _contents_now(self, rows: Sequence[Delivery]) -> Mapping[int, str]:
        """What those about to get an update have on their calendars, by subscriber."""
        if self.send.kind != Send.Kind.UPDATE:
            return {}
        people = [row.subscriber_id for row in rows]
        entries = Entry.objects.filter(event=self.send.event_id, subscriber__in=people)
        return dict(entries.values_list("subscriber_id", "body"))

    def _again(self, earlier: Attempt) -> record.Intent:
        return record.Intent(
            operation=Attempt.Operation(earlier.operation),
            method=earlier.method,
            url=earlier.url,
            body=earlier.body,
            content=render.content_of(earlier.body),
        )

    def _anew(
        self, row: Delivery, person: Subscriber, present: Mapping[int, str]
    ) -> record.Intent | record.Unfit:
        try:
            written = self.writer.write(external_id=row.external_id, data=render.person(person))
            call = render.call(self.send.kind, self.where, written.event, row.subscription_ids)
        except render.RenderError as error:
            return record.Unfit(Delivery.State.FAILED, Delivery.Reason.RENDERING, str(error))
        body = call.body.decode()
        content = render.content_of(body)
        if content and present.get(person.pk) == content:
            return record.Unfit(Delivery.State.SKIPPED, Delivery.Reason.UNCHANGED)
        return record.Intent(
            operation=OPERATIONS[Send.Kind(self.send.kind)],
            method=call.method,
            url=call.url,
            body=body,
            content=content,
        )
