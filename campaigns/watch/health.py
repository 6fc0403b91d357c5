"""Whether the installation does its work: judged by what gets done, never by which processes exist."""

import shutil
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import Error, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from campaigns.models import Account, Delivery, Halt, Send, SendAction
from campaigns.models.clock import now
from campaigns.watch import heartbeat
from campaigns.watch.patience import briefly

SILENCE: Final = timedelta(seconds=60)
PATIENCE: Final = timedelta(minutes=2)
LEAST_FREE_BYTES: Final = 50_000_000
SAMPLE: Final = bytes(65_536)
UNDER_WAY: Final = (
    Send.State.SENDING,
    Send.State.PAUSED,
    Send.State.CANCELLED,
)  # these may still settle rows


class Trouble(Enum):
    """Why the installation is not ready: a name for machines, a sentence for people."""

    DATABASE = "the database does not answer"
    MIGRATIONS = "the tables are older than the program: run `manage.py migrate`"
    CLOCK = "no tick has gone through for a minute: is a worker running, and a clock (beat)?"
    PROGRESS = (
        "people are due, nothing keeps their accounts from sending, and nobody was served for two minutes"
    )
    HELD = "all sends are held, as after a restore, until an administrator releases them"
    DATA_FOLDER = "the data folder is full, or cannot be written to"


def troubles() -> list[Trouble]:
    """Return every reason why the installation is not ready; what cannot be asked is not listed."""
    found = [] if data_folders_take_more() else [Trouble.DATA_FOLDER]
    try:
        with briefly():
            found += troubles_of_work() if tables_are_there() else [Trouble.MIGRATIONS]
    except Error:
        found.append(Trouble.DATABASE)
    return found


def data_folders_take_more() -> bool:
    """Whether the files beside an embedded database can grow."""
    return connection.vendor != "sqlite" or all(takes_more(folder) for folder in data_folders())


def data_folders() -> set[Path]:
    """Return where an embedded database and what belongs to it live."""
    return {Path(settings.DATA_DIR), Path(connection.settings_dict["NAME"]).absolute().parent}


def takes_more(folder: Path) -> bool:
    """Try it: permissions, quotas and mounts are too many to ask for each."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(SAMPLE)
            file.flush()
        return shutil.disk_usage(folder).free >= LEAST_FREE_BYTES
    except OSError:
        return False


@cache
def known_migrations() -> frozenset[tuple[str, str]]:
    """Return (app, name) of every migration that this program brings."""
    return frozenset(MigrationLoader(None).graph.nodes)


def tables_are_there() -> bool:
    """Whether every migration of this program has been applied; later ones may have been, too."""
    return known_migrations() <= MigrationRecorder(connection).applied_migrations().keys()


def troubles_of_work() -> list[Trouble]:
    """Return what is wrong with the clock and the workers, and what holds everything."""
    return list(_troubles_of_work(now()))


def _troubles_of_work(at: datetime) -> Iterator[Trouble]:
    if is_silent(at):
        yield Trouble.CLOCK
    held = released_since(at - PATIENCE)
    if None in held:
        yield Trouble.HELD
    if not held and stands_still(at):
        yield Trouble.PROGRESS


def is_silent(at: datetime) -> bool:
    """Whether the clock has not ticked lately; before its first tick, whether a send has waited for it in vain."""
    since = at - max(SILENCE, timedelta(seconds=3 * settings.TICK_SECONDS))
    last = heartbeat.last(heartbeat.TICK)
    if last is not None:
        return last < since
    return Send.objects.filter(state=Send.State.SCHEDULED, scheduled_at__lte=since).exists()


def released_since(since: datetime) -> set[datetime | None]:
    """Return when sends that were all held were released, since then; None for those that are held now."""
    halts = Halt.objects.filter(Q(released_at=None) | Q(released_at__gt=since)).order_by()
    return set(halts.values_list("released_at", flat=True))


def stands_still(at: datetime) -> bool:
    """Whether rows have been due for two minutes that may be sent, and no row of any send was settled meanwhile."""
    since = at - PATIENCE
    return kept_waiting(since) and not under_way().filter(moved_at__gt=since).exists()


def under_way() -> QuerySet[Send]:
    """Return the sends whose ``moved_at`` is progress: rows of theirs may still be settled."""
    return Send.objects.filter(state__in=UNDER_WAY)


def kept_waiting(since: datetime) -> bool:
    """Whether there are rows that could have gone out all the time since then.

    Not so: those of a send that pauses or was just resumed, behind the first people of a careful start, of an
    account that stopped, or that its breaker or Rokt's own wish (Retry-After) held back in that time.
    """
    due = Delivery.objects.filter(send=OuterRef("pk"), state=Delivery.State.QUEUED, due_at__lte=since)
    due = due.filter(Q(send__held_after_id=None) | Q(pk__lte=F("send__held_after_id")))
    resumed = SendAction.objects.filter(send=OuterRef("pk"), verb=SendAction.Verb.RESUMED, at__gt=since)
    sends = Send.objects.filter(Exists(due), ~Exists(resumed), state=Send.State.SENDING)
    return sends.filter(account__in=free_accounts(since)).exists()


def free_accounts(since: datetime) -> QuerySet[Account]:
    """Return the accounts that nothing has kept from sending since then."""
    held = Q(breaker__open_until__gt=since) | Q(rate_limit__held_until__gt=since)
    return Account.objects.filter(stopped_at=None).exclude(held)
