"""Numbers for Prometheus, all of them read from the database: web processes and workers come and go."""

from collections.abc import Iterator

from campaigns.models import Account, Halt, Import, Notice
from campaigns.models.clock import now
from campaigns.watch import heartbeat, metrics_accounts, metrics_sends
from campaigns.watch.exposition import Metric, gauge, seconds, written
from campaigns.watch.patience import briefly

MOST_COUNTED = 10_000
LAST_IMPORTS = 1_000  # one that runs is never older


def page() -> str:
    """Return the whole page; raises django.db.Error where the database does not answer."""
    with briefly():
        at, codes = now(), list(Account.objects.order_by("code").values_list("code", flat=True))
        sends = metrics_sends.metrics(codes, at=at)
        return written(
            [*sends, *metrics_accounts.metrics(at=at), *_tick(), *_halts(), *_notices(), *_imports()]
        )


def _tick() -> Iterator[Metric]:
    last = heartbeat.last(heartbeat.TICK)
    if last is not None:
        yield gauge("tick_age_seconds", "Time since a tick last went through.", [({}, seconds(now(), last))])


def _halts() -> Iterator[Metric]:
    halted = Halt.objects.filter(released_at=None).exists()
    yield gauge("halted", "1 while nothing is sent until somebody releases it.", [({}, halted)])


def _notices() -> Iterator[Metric]:
    waiting = Notice.objects.filter(due_at__isnull=False).order_by().values("due_at")[:MOST_COUNTED]
    meaning = f"Webhooks of Rokt that are to be worked through; {MOST_COUNTED} means so many or more."
    yield gauge("notices_waiting", meaning, [({}, waiting.count())])


def _imports() -> Iterator[Metric]:
    states = list(Import.objects.order_by("-pk").values_list("state", flat=True)[:LAST_IMPORTS])
    open_states = (Import.State.WAITING, Import.State.RUNNING)
    samples = (({"state": state.value}, states.count(state)) for state in open_states)
    yield gauge("imports", "Imports that are not finished, by state.", samples)
