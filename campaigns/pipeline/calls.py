"""What a batch of deliveries will ask of Rokt: the same bytes again, a fresh text, or nothing and why."""

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import repeat

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from campaigns.models import Attempt, Delivery, DryRunCause, DryRunPerson, Entry, Send, Subscriber
from campaigns.models.clock import now
from campaigns.models.ledger import ids_in
from campaigns.pipeline import blackbox, leaving, record, render
from campaigns.pipeline.fetch import Fetcher

OPERATIONS = {
    Send.Kind.CREATE: Attempt.Operation.CREATE,
    Send.Kind.UPDATE: Attempt.Operation.UPDATE,
    Send.Kind.CANCEL: Attempt.Operation.DELETE,
}
log = logging.getLogger(__name__)

BROKEN = "event %s cannot be written for row %s"
KILLER = gettext_noop(
    "It is not tried any more. Look at what the text takes from this person's profile, then retry."
)
AT_ONCE = 16  # people whose texts ask other addresses at the same time


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who would get a delivery: what it is written from, lighter than the row itself."""

    pk: int
    subscriber: Subscriber | None
    external_id: str
    subscriptions: str
    retry_count: int = 0

    @property
    def subscription_ids(self) -> list[str]:
        """The subscription ids in Braze's order."""
        return ids_in(self.subscriptions)


Row = record.Due | Delivery | Candidate


class Calls:
    """Writes the calls of one send; the send's frozen content is read once.

    A webhook may ask other addresses while it is written, which must not happen under locked rows: such a
    batch is prepared first, and rows that were not are left for the next one.

    Writing may stop the whole process. The black box names whom it was at; who stopped a worker three times is not
    written any more.
    """

    def __init__(self, send: Send, *, dry_run_id: int = 0) -> None:
        content = render.Content.from_json(send.content)
        self.send = send
        self.writer = render.writer(content, kind=send.kind, account=send.account)
        self.fetch = Fetcher(send.account) if self.writer.calls_out else None
        self.prepared: dict[int, render.Written | render.RenderError] = {}
        self.dry_run_id = dry_run_id
        self.crashes = record.crashes_in(dry_run_id) if dry_run_id else record.crashes_of(send)
        is_stored = bool(dry_run_id or send.pk)  # else staff try it out, and see for themselves
        self.box = blackbox.mine() if is_stored else blackbox.none()

    @property
    def asks_first(self) -> bool:
        """Whether rows have to be prepared before they are written."""
        return self.fetch is not None

    def prepare(self, rows: Sequence[Row]) -> None:
        """Write these rows outside of any transaction; only ``write`` tells what came of it."""
        fresh = [row for row in rows if not row.retry_count and row.subscriber is not None]
        suspects = [row for row in fresh if 0 < self.crashes.get(row.pk, 0) < record.MOST_CRASHES]
        others = [row for row in fresh if row.pk not in self.crashes]
        slots = list(range(1, blackbox.SLOTS))
        self.box[blackbox.DRY_RUN] = self.dry_run_id
        # One after the other: should one of them stop the worker again, it is clear who it was.
        self.prepared = {row.pk: self._prepared(row, slots) for row in suspects}
        with ThreadPoolExecutor(AT_ONCE) as pool:
            written = pool.map(self._prepared, others, repeat(slots))
            self.prepared |= {row.pk: result for row, result in zip(others, written, strict=True)}

    def _prepared(self, row: Row, slots: list[int]) -> render.Written | render.RenderError:
        slot = slots.pop()
        self.box[slot] = row.pk
        try:
            return self._written(row)
        finally:
            self.box[slot] = 0
            slots.append(slot)

    def write(self, rows: Sequence[Row]) -> list[record.Intent | record.Unfit | None]:
        """Return what each delivery asks for. A repeat carries exactly the bytes of the call it repeats."""
        repeated = record.last_calls([row.pk for row in rows if row.retry_count])
        present, at = self._contents_now(rows), now()
        left = leaving.reasons(self.send, rows)
        self.box[blackbox.DRY_RUN] = self.dry_run_id
        try:
            results = [
                _ended(row, Delivery.State.SKIPPED, left[row.pk])
                if row.pk in left
                else self._write(row, repeated.get(row.pk), present, at=at)
                for row in rows
            ]
        finally:
            self.box[0] = 0
        return self._with_those_left_out(rows, results) if self.send.leave_out_reason else results

    def _write(
        self, row: Row, earlier: Attempt | None, present: Mapping[int, str], *, at: datetime
    ) -> record.Intent | record.Unfit | None:
        if earlier is not None:
            return self._again(row, earlier, at=at)
        if self.crashes and self.crashes.get(row.pk, 0) >= record.MOST_CRASHES:
            advice = "" if self.dry_run_id else _(KILLER)
            return record.Unfit(Delivery.State.FAILED, Delivery.Reason.KILLED_WORKERS, advice)
        self.box[0] = row.pk
        if self.fetch is not None and row.pk not in self.prepared:
            return None
        written = self.prepared.pop(row.pk, None) or self._written(row)
        if isinstance(written, render.RenderError):
            return _unfit(written)
        try:
            return self._intent(written, present.get(row.subscriber.pk, "") if row.subscriber else "", at=at)
        except Exception:  # as below
            log.exception(BROKEN, self.send.event_id, row.pk)
            return _unfit(render.RenderError(_("It could not be written; the log says why.")))

    def _contents_now(self, rows: Sequence[Row]) -> Mapping[int, str]:
        """What those about to get an update have on their calendars, by subscriber; not where a later call failed.

        It may have arrived all the same: what was there before it has to be sent again.
        """
        if self.send.kind != Send.Kind.UPDATE:
            return {}
        people = [row.subscriber.pk for row in rows if row.subscriber]
        entries = Entry.objects.filter(event=self.send.event_id, subscriber__in=people)
        later = Delivery.objects.filter(subscriber=OuterRef("subscriber"), pk__gt=OuterRef("delivery"))
        later = later.filter(send__event=self.send.event_id, attempt_count__gt=0)
        unsure = Exists(later.exclude(state__in=Delivery.HAS_ARRIVED))
        return dict(entries.exclude(unsure).values_list("subscriber_id", "body"))

    def _again(self, row: Row, earlier: Attempt, *, at: datetime) -> record.Intent | record.Unfit:
        ends_at = self.writer.ends_at(earlier.body) if earlier.body else None
        if ends_at is not None and ends_at <= at:
            return _ended(row, Delivery.State.EXPIRED, Delivery.Reason.EVENT_OVER)
        return record.Intent(
            operation=Attempt.Operation(earlier.operation),
            method=earlier.method,
            url=earlier.url,
            body=earlier.body,
            content=render.content_of(earlier.body),
        )

    def _written(self, row: Row) -> render.Written | render.RenderError:
        assert row.subscriber is not None  # noqa: S101 - rows without one never come here
        person = render.Person(row.external_id, render.data_of(row.subscriber), row.subscription_ids)
        try:
            return self.writer.write(person, fetch=self.fetch)
        except render.RenderError as error:
            return error
        except Exception:  # whatever one person's data provokes: all others must have their turn
            log.exception(BROKEN, self.send.event_id, row.pk)
            return render.RenderError(_("It could not be written; the log says why."))

    def _with_those_left_out(
        self, rows: Sequence[Row], results: Sequence[record.Intent | record.Unfit | None]
    ) -> list[record.Intent | record.Unfit | None]:
        """Skip those whom staff agreed to leave out; whoever broke later has failed like anybody else."""
        failing = [
            row.subscriber.pk
            for row, result in zip(rows, results, strict=True)
            if isinstance(result, record.Unfit)
            and result.reason in (Delivery.Reason.RENDERING, Delivery.Reason.KILLED_WORKERS)
            and row.subscriber
        ]
        errors = DryRunPerson.objects.filter(
            cause__dry_run=self.send.dry_run_id, cause__level=DryRunCause.Level.ERROR, subscriber__in=failing
        )
        agreed = set(errors.values_list("subscriber", flat=True)) if failing else set()
        return [
            replace(result, state=Delivery.State.SKIPPED, reason=Delivery.Reason.SET_ASIDE)
            if isinstance(result, record.Unfit) and row.subscriber and row.subscriber.pk in agreed
            else result
            for row, result in zip(rows, results, strict=True)
        ]

    def _intent(self, written: render.Written, present: str, *, at: datetime) -> record.Intent | record.Unfit:
        body = written.call.body.decode()
        content = render.content_of(body)
        if content and content == present:
            return record.Unfit(Delivery.State.SKIPPED, Delivery.Reason.UNCHANGED)
        if written.ends_at is not None and written.ends_at <= at:
            return record.Unfit(Delivery.State.EXPIRED, Delivery.Reason.EVENT_OVER)
        return record.Intent(
            operation=OPERATIONS[Send.Kind(self.send.kind)],
            method=written.call.method,
            url=written.call.url,
            body=body,
            content=content,
            notes=written.notes,
            ends_at=written.ends_at,
        )


def _ended(row: Row, state: Delivery.State, reason: Delivery.Reason) -> record.Unfit:
    """End a row without a call; but where an earlier call got no answer, the entry may be there: people decide."""
    if not isinstance(row, Candidate) and row.reason in Delivery.UNANSWERED:
        return record.Unfit(Delivery.State.IN_DOUBT, Delivery.Reason(row.reason))
    return record.Unfit(state, reason)


def _unfit(error: render.RenderError) -> record.Unfit:
    if isinstance(error, render.LeftOutError):
        return record.Unfit(Delivery.State.SKIPPED, Delivery.Reason.LEFT_OUT, error.cause, error.detail)
    return record.Unfit(Delivery.State.FAILED, Delivery.Reason.RENDERING, error.cause, error.detail)
