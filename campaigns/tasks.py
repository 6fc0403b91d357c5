"""What Celery runs: wake-ups with one id. Losing, repeating or delaying one costs time, nothing else."""

import logging
from contextlib import suppress
from functools import partial

from celery import Task, shared_task
from django.conf import settings
from django.db import transaction
from kombu.exceptions import OperationalError

from campaigns import alerts, audit, importing, keeping
from campaigns.importing import syncs
from campaigns.inbound import notices
from campaigns.models import Account, Segment
from campaigns.pipeline import clockwork, deliver, dryrun
from campaigns.segments import lists, snapshots
from campaigns.segments.rules import RuleError
from campaigns.watch import heartbeat

log = logging.getLogger(__name__)

LONGEST_IMPORT_SECONDS = 6 * 60 * 60
LONGEST_DRY_RUN_SECONDS = 6 * 60 * 60
LONGEST_SYNC_SECONDS = 60 * 60  # one download at most
LONGEST_SNAPSHOT_SECONDS = 10 * 60
LONGEST_WATCH_SECONDS = 90
NOTICES_SECONDS = 3  # and no more than that in ten: sending goes first
TIDY_SECONDS = 5
MATCH_SECONDS = 5
TURN_SECONDS = 5  # short: a tick, another account or a shutdown never waits long for a worker


@shared_task(name="campaigns.tasks.tick")
def tick() -> None:
    """Start what is due, tidy up, and wake every account that has work; any number of ticks may run at once."""
    may_send = keeping.may_send()
    if keeping.beat():
        _publish(tidy_up)
    if may_send:
        clockwork.start_due()
    clockwork.tidy()
    for account_id in clockwork.accounts_with_work() if may_send else ():
        wake(account_id)
    _catch_up()
    if notices.has_work():
        start_notices()
    notices.forget_old()
    heartbeat.beat(heartbeat.TICK)
    _publish(watch)
    audit.catch_up()


def _catch_up() -> None:
    """Start what waits for a worker; its own wake-up may have been lost."""
    for import_id in importing.forgotten():
        start_import(import_id)
    for dry_run_id in dryrun.forgotten():
        start_dry_run(dry_run_id)
    for run_id in syncs.due():
        start_sync(run_id)
    for segment_id in snapshots.forgotten():
        remember(segment_id)
    if lists.behind().exists():
        _publish(match_lists)


@shared_task(name="campaigns.tasks.send_for_account")
def send_for_account(account_id: int) -> None:
    """Send for one account for a while; where work remains, go on in a new task, behind those that wait."""
    account = Account.objects.filter(pk=account_id).first()
    if account is not None and keeping.may_send() and deliver.drain(account, seconds=TURN_SECONDS):
        _publish(send_for_account, account_id)


@shared_task(name="campaigns.tasks.tidy_up")
def tidy_up() -> None:
    """Remove what has been kept for long enough, for a short while; the clock comes back for the rest."""
    keeping.tidy_up(seconds=TIDY_SECONDS)


@shared_task(name="campaigns.tasks.watch", time_limit=LONGEST_WATCH_SECONDS)
def watch() -> None:
    """Notice trouble and tell people, apart from the tick: a dead mail server must not keep the clock."""
    alerts.look()
    alerts.tell()


@shared_task(name="campaigns.tasks.run_dry_run", time_limit=LONGEST_DRY_RUN_SECONDS)
def run_dry_run(dry_run_id: int) -> None:
    """Check everybody of a send before it is queued."""
    dryrun.run(dry_run_id)


@shared_task(name="campaigns.tasks.run_import", time_limit=LONGEST_IMPORT_SECONDS)
def run_import(import_id: int) -> None:
    """Read an uploaded file of subscribers."""
    importing.run(import_id)
    notices.look_again()  # some may have waited for these people


@shared_task(name="campaigns.tasks.work_through_notices")
def work_through_notices() -> None:
    """Work through what Rokt's webhooks told, for a short while; the clock comes back for the rest."""
    notices.work(seconds=NOTICES_SECONDS)


@shared_task(name="campaigns.tasks.remember_segment", time_limit=LONGEST_SNAPSHOT_SECONDS)
def remember_segment(segment_id: int) -> None:
    """Keep who is in a segment that has just been saved; once for each version."""
    segment = Segment.objects.filter(pk=segment_id).first()
    if segment is None:
        return
    with suppress(RuleError):  # a segment inside is not understood any more: the segment's page says so
        snapshots.remember(segment)


@shared_task(name="campaigns.tasks.match_lists")
def match_lists() -> None:
    """Look for the people whom lists of user ids mean, for a short while; the clock comes back for the rest."""
    lists.match(seconds=MATCH_SECONDS)


@shared_task(name="campaigns.tasks.run_sync", time_limit=LONGEST_SYNC_SECONDS)
def run_sync(run_id: int) -> None:
    """Bring a run of a sync forward until it has to wait."""
    while syncs.advance(run_id, start_import=start_import):
        pass


def wake(account_id: int) -> None:
    """Tell the workers that an account has work, once the transaction is through."""
    for _ in range(settings.WORKERS_PER_ACCOUNT):
        _publish(send_for_account, account_id)


def look_now() -> None:
    """Have the clock look for due work at once, once the transaction is through."""
    _publish(tick)


def start_import(import_id: int) -> None:
    """Have a worker read an uploaded file, once the transaction is through."""
    _publish(run_import, import_id)


def remember(segment_id: int) -> None:
    """Have a worker keep who is in a segment now, once the transaction is through."""
    _publish(remember_segment, segment_id)


def start_dry_run(dry_run_id: int) -> None:
    """Have a worker check everybody of a send, once the transaction is through."""
    _publish(run_dry_run, dry_run_id)


def start_notices() -> None:
    """Have a worker look at what Rokt's webhooks told, once the transaction is through."""
    _publish(work_through_notices)


def start_sync(run_id: int) -> None:
    """Have a worker bring a run of a sync forward, once the transaction is through."""
    _publish(run_sync, run_id)


def _publish(task: "Task[..., None]", *args: int) -> None:
    transaction.on_commit(partial(_try, task, args))


def _try(task: "Task[..., None]", args: tuple[int, ...]) -> None:
    """Publish, or leave it to the next tick: the work is in the database, not in the message."""
    try:
        task.apply_async(args=args, expires=60)
    except (
        OperationalError,
        OSError,
        ValueError,
    ) as error:  # ValueError: a damaged file of the embedded broker
        log.warning("no broker for %s: %s; the next tick takes over", task.name, error)
