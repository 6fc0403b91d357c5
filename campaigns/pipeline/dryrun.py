"""Dry run: everybody of a send written and checked by the code that sends, before anything may leave."""

import hashlib
import logging
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import islice
from tempfile import TemporaryFile
from typing import Any

import orjson
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from campaigns import liquid
from campaigns.models import DryRun, DryRunCause, Send, Snapshot, Subscriber
from campaigns.models.clock import now
from campaigns.pipeline import audience, record
from campaigns.pipeline.calls import Calls, Candidate
from campaigns.pipeline.findings import Findings
from campaigns.segments import nesting, rules, snapshots

BATCH_SIZE = 1_000
PART_SIZE = 100  # written before the next sign of life
ASKING_PART_SIZE = 16  # where each person may have to wait for other addresses
SIGN_OF_LIFE_SECONDS = 20
GOOD_FOR = timedelta(hours=24)
WAKE_UP_AFTER = timedelta(seconds=30)
DEAD_AFTER = timedelta(minutes=3)
COUNTS = ("people_count", "ready_count", "failing_count", "left_out_count", "unchanged_count")

log = logging.getLogger(__name__)


class SupersededError(Exception):
    """The dry run was started again by somebody else; this run of it must write nothing more."""


def fingerprint(send: Send) -> str:
    """Name what a send would write and for whom: its content, its rule, and its account's part in it."""
    account = send.account
    said = [send.kind, send.content, send.rule, account.code, account.base_url, account.update_body]
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()


def latest(send: Send) -> DryRun | None:
    """Return the newest dry run of exactly this content and audience that still counts, finished or not."""
    mine = DryRun.objects.filter(event=send.event, fingerprint=fingerprint(send))
    return mine.filter(created_at__gt=now() - GOOD_FOR).first()


@transaction.atomic
def ask(send: Send, *, by: User | None) -> DryRun:
    """Return a dry run of a drafted send that waits for a worker, or the one that is under way already."""
    audience.one_decision_at_a_time(send)  # two tabs ask one after the other
    before = latest(send)
    if before is not None and before.state in (DryRun.State.WAITING, DryRun.State.RUNNING):
        return before
    return DryRun.objects.create(
        event=send.event,
        segment=send.segment,
        kind=send.kind,
        content=send.content,
        rule=send.rule,
        fingerprint=fingerprint(send),
        created_by=by,
    )


def run(dry_run_id: int) -> DryRun:
    """Check everybody; return the dry run, finished or failed. One whose worker died begins again."""
    deque(steps(dry_run_id), maxlen=0)
    return DryRun.objects.get(pk=dry_run_id)


def steps(dry_run_id: int) -> Iterator[DryRun]:
    """Do the same, yielding the dry run with its counts after every batch."""
    job = _begin(dry_run_id)
    if job is None:
        return
    try:
        yield from _batches(job)
        _remember(job)
        _move_on(job, state=DryRun.State.FINISHED, finished_at=now(), people_count=job.checked_count)
    except SupersededError:
        log.info("dry run %d was started again; this run of it ends here", dry_run_id)
    except (rules.RuleError, liquid.LiquidError) as fault:
        _fail(job, str(fault))
    except Exception:
        _fail(job, _("Something went wrong; the log says more. Check again."))
        raise


def forgotten() -> list[int]:
    """Return the ids of dry runs whose wake-up was lost, or whose worker has died: they want to be run."""
    at = now()
    lost = Q(state=DryRun.State.WAITING, created_at__lt=at - WAKE_UP_AFTER)
    dead = Q(state=DryRun.State.RUNNING, moved_at__lt=at - DEAD_AFTER)
    return list(DryRun.objects.filter(lost | dead).order_by("pk").values_list("pk", flat=True))


def draft(job: DryRun) -> Send:
    """Return the send that a dry run is about, not saved."""
    return Send(event=job.event, account=job.event.account, kind=job.kind, content=job.content, rule=job.rule)


@transaction.atomic
def _begin(dry_run_id: int) -> DryRun | None:
    """Mark the dry run as running with nothing found; None where it is finished, or a live worker is at it."""
    at = now()
    is_alive = Q(state=DryRun.State.RUNNING, moved_at__gte=at - DEAD_AFTER)
    free = DryRun.objects.filter(pk=dry_run_id).exclude(Q(state=DryRun.State.FINISHED) | is_alive)
    fresh: dict[str, Any] = dict.fromkeys(COUNTS, 0) | {
        "finished_at": None,
        "reason": "",
        "latest_end_at": None,
    }
    if not free.update(state=DryRun.State.RUNNING, started_at=at, moved_at=at, **fresh):
        return None
    DryRunCause.objects.filter(dry_run=dry_run_id).delete()
    return DryRun.objects.select_related("event__account", "segment", "created_by").get(pk=dry_run_id)


def _remember(job: DryRun) -> None:
    """Keep who was in the segment, to tell later who has come and gone since."""
    segment = job.segment
    if segment is not None and nesting.resolved(segment.rule) == job.rule:
        code = job.event.account.code
        snapshots.take(segment, cause=Snapshot.Cause.DRY_RUN, by=job.created_by, account_code=code)


def _batches(job: DryRun) -> Iterator[DryRun]:
    send = draft(job)
    calls, findings = Calls(send, dry_run_id=job.pk), Findings(job)
    with _frozen(_people(send)) as (people_count, rows):
        job.people_count = people_count
        while batch := list(islice(rows, ASKING_PART_SIZE if calls.asks_first else BATCH_SIZE)):
            candidates = _candidates(batch)
            _check(job, candidates, _written(job, calls, candidates), findings)
            yield job


@contextmanager
def _frozen(people: QuerySet[Any]) -> Iterator[tuple[int, Iterator[dict[str, Any]]]]:
    """Put everybody into a file first: SQLite lets nobody write behind a query that is still being read."""
    with TemporaryFile() as file:
        count = 0
        for row in people.order_by("person").iterator(chunk_size=BATCH_SIZE):
            file.write(orjson.dumps(row) + b"\n")
            count += 1
        file.seek(0)
        yield count, map(orjson.loads, file)


def _written(
    job: DryRun, calls: Calls, candidates: Sequence[Candidate]
) -> list[record.Intent | record.Unfit | None]:
    """Write a batch part by part; what takes long is told to be alive in between."""
    written: list[record.Intent | record.Unfit | None] = []
    began = time.monotonic()
    for first in range(0, len(candidates), PART_SIZE):
        part = candidates[first : first + PART_SIZE]
        if calls.asks_first:
            calls.prepare(part)
        written += calls.write(part)
        if time.monotonic() - began > SIGN_OF_LIFE_SECONDS:
            _move_on(job)
            began = time.monotonic()
    return written


def _people(send: Send) -> QuerySet[Any]:
    """Return those a call would be made for, as the send would freeze them."""
    if send.kind != Send.Kind.CREATE:
        return audience.people_to_change(send)
    having = audience.who_have_it(send).values("subscriber")
    return audience.people_to_create(send).filter(ids__isnull=False).exclude(subscriber__in=having)


def _candidates(batch: Sequence[dict[str, Any]]) -> list[Candidate]:
    """Return what the deliveries of these people would be written from."""
    known = Subscriber.objects.in_bulk([row["person"] for row in batch])
    return [Candidate(row["person"], known.get(row["person"]), row["external"], row["ids"]) for row in batch]


def _check(
    job: DryRun,
    candidates: Sequence[Candidate],
    written: Sequence[record.Intent | record.Unfit | None],
    findings: Findings,
) -> None:
    """Count a batch and note what was found; all of it, or nothing where another run has begun."""
    with transaction.atomic():
        for row, result in zip(candidates, written, strict=True):
            findings.add(row.subscriber, result)
        counts = findings.save()
        _move_on(
            job,
            latest_end_at=_later(job.latest_end_at, findings.latest_end_at),
            people_count=max(job.people_count, job.checked_count + sum(counts.values())),
            **{name: getattr(job, name) + count for name, count in counts.items()},
        )


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max(filter(None, (one, other)), default=None)


def _move_on(job: DryRun, **values: Any) -> None:
    mine = DryRun.objects.filter(pk=job.pk, started_at=job.started_at, state=DryRun.State.RUNNING)
    if not mine.update(moved_at=now(), **values):
        raise SupersededError
    for name, value in values.items():
        setattr(job, name, value)


def _fail(job: DryRun, reason: str) -> None:
    mine = DryRun.objects.filter(pk=job.pk, started_at=job.started_at)
    mine.update(state=DryRun.State.FAILED, reason=reason[:500], finished_at=now())
