"""Processes that fail where a test wants it: the crash points K1 to K10 of docs/reliability.md, armed by FAILPOINT.

`FAILPOINT=K9:kill` fails once at that point, `K9:raise*3` three times, whichever process comes by first. The
product knows nothing of this: a worker is started as `celery -A tests.failpoints`, a command as
`python -m tests.failpoints send …`, and both watch what the database is told.
"""

import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from weakref import WeakSet

import time_machine
from celery.signals import worker_process_init
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from calendar_admin.celery import app  # what `celery -A` looks for
from tests.workers import Workers

__all__ = ["POISON", "FailingWorkers", "app"]

POISON = "Poison"  # whoever is called so ends the worker that writes their call


@dataclass(frozen=True, slots=True)
class Point:
    """A moment beside the COMMIT of a transaction, known by what one of its statements does."""

    does: str
    is_after: bool = False
    holds: str = ""

    def is_reached_by(self, sql: str, parameters: object) -> bool:
        """Whether a statement belongs to the transaction meant."""
        return self.does in sql.replace('"', "") and (not self.holds or self.holds in repr(parameters))


QUEUE, FREEZE = "INSERT INTO campaigns_send ", "INSERT INTO campaigns_delivery "
CLAIM, CLOSE = "INSERT INTO campaigns_attempt ", "UPDATE campaigns_attempt "
POINTS: Mapping[str, Point] = {
    "K1": Point(QUEUE, is_after=True),  # queued, and nobody told
    "K2": Point(QUEUE),  # not queued after all
    "K3": Point(FREEZE),  # in the middle of making the deliveries
    "K5": Point(CLAIM),  # a batch is written, its COMMIT is not
    "K7": Point(CLAIM, is_after=True),  # the intent is known, no byte has left
    "K9": Point(CLOSE),  # the answers are read, and not recorded
    "K10": Point(CLOSE, is_after=True),  # recorded, and the worker never hears of it
    "poison on the wire": Point(CLAIM, is_after=True, holds=POISON),
}


def _kill_with_parent() -> None:
    os.killpg(0, signal.SIGKILL)
    time.sleep(60)  # the signal is on its way


def _kill_child() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _freeze() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def _fail() -> None:
    raise OperationalError("the connection is gone, says the test")


def _leave() -> None:
    raise SystemExit  # as Celery's cold shutdown does, at any line


def _fill_the_disk() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


ACTIONS: Mapping[str, Callable[[], None]] = {
    "kill": _kill_with_parent,
    "kill child": _kill_child,
    "freeze": _freeze,
    "raise": _fail,
    "leave": _leave,
    "full disk": _fill_the_disk,
}


_watches: list["Watch"] = []


def arm(*_: Any, **__: Any) -> None:
    """Make this process fail as FAILPOINT says; without it, do nothing."""
    name, _colon, what = os.environ.get("FAILPOINT", "").partition(":")
    if name == "clock":
        skewed = datetime.now(UTC) + timedelta(seconds=float(what))
        time_machine.travel(skewed, tick=True).start()
    elif name:
        action, _star, times = what.partition("*")
        if name == "poison":
            _poison(ACTIONS[action], times=int(times or 1))
            return
        watch = Watch(POINTS[name], ACTIONS[action], times=int(times or 1))
        _watches.append(watch)  # signals hold their receivers weakly
        watch.start()


def _poison(act: Callable[[], None], *, times: int) -> None:
    """Fail in the middle of writing the call of whoever is called POISON, as a library would that crashes."""
    from campaigns.pipeline import render

    data_of = render.data_of

    def data_or_fail(person: Any) -> Any:
        if person.first_name == POISON and _is_left(times):
            act()
        return data_of(person)

    render.data_of = data_or_fail  # type: ignore[assignment]


worker_process_init.connect(arm)


class Watch:
    """Looks at what the connections of this process say, and fails beside the COMMIT that is meant."""

    def __init__(self, point: Point, act: Callable[[], None], *, times: int) -> None:
        self._point, self._act, self._times = point, act, times
        self._reached: WeakSet[BaseDatabaseWrapper] = WeakSet()

    def start(self) -> None:
        """Look at every connection from now on."""
        commit = BaseDatabaseWrapper.commit

        def commit_or_fail(connection: BaseDatabaseWrapper) -> None:
            is_meant = connection in self._reached
            self._reached.discard(connection)
            self._fail(is_meant and not self._point.is_after)
            commit(connection)
            self._fail(is_meant and self._point.is_after)

        BaseDatabaseWrapper.commit = commit_or_fail  # type: ignore[method-assign, assignment]
        connection_created.connect(self._join)

    def _join(self, *, connection: BaseDatabaseWrapper, **_: Any) -> None:
        self._reached.discard(connection)  # whatever was said before is forgotten with the connection
        if self._listen not in connection.execute_wrappers:
            connection.execute_wrappers.append(self._listen)

    def _listen(self, execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        result = execute(sql, parameters, many, context)
        if self._point.is_reached_by(sql, parameters):
            self._reached.add(context["connection"])
        return result

    def _fail(self, is_meant: bool) -> None:
        if is_meant and _is_left(self._times):
            self._act()


def _marks() -> Path:
    return Path(os.environ["DATA_DIR"])


def _is_left(times: int) -> bool:
    """Take one of the failures, for this process alone; a link needs no room, even on a full disk."""
    for number in range(times):
        try:
            (_marks() / f"failure-{number}").symlink_to(str(os.getpid()))
        except FileExistsError:
            continue
        return True
    return False


class FailingWorkers(Workers):
    """Workers of which one fails: `with FailingWorkers("K9:kill", ROKT_HOSTS=…) as workers:`."""

    app = "tests.failpoints"

    def __init__(self, failpoint: str, count: int = 1, /, **environment: str) -> None:
        super().__init__(count, FAILPOINT=failpoint, **environment)

    @property
    def failed(self) -> int:
        """How often it has failed by now."""
        return len(list(Path(self.folder.name).glob("failure-*")))

    @property
    def victim(self) -> int:
        """The process that failed first."""
        return int((Path(self.folder.name) / "failure-0").readlink().name)


if __name__ == "__main__":
    from django.core.management import execute_from_command_line

    arm()
    execute_from_command_line(["manage.py", *sys.argv[1:]])
