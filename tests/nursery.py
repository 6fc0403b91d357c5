"""Celery's processes for tests, forked from one that has the libraries loaded: they start in a fifth of the time.

Nothing of ours that reads settings is loaded before the fork: each process sees its own environment, as `python -m
celery …` would.
"""

import atexit
import gc
import json
import os
import runpy
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

ROOT = Path(__file__).resolve().parent.parent
LIBRARIES = (
    "aiohttp",
    "celery.apps.beat",
    "celery.apps.worker",
    "celery.bin.celery",
    "celery.concurrency.prefork",
    "celery.worker.consumer.consumer",
    "crispy_forms.layout",
    "cryptography.fernet",
    "django.contrib.postgres.fields",
    "django.core.management",
    "django.db.backends.postgresql.base",
    "django.db.backends.sqlite3.base",
    "django.forms",
    "django.template.backends.django",
    "environ",
    "icalendar",
    "integrations.rokt.line",
    "integrations.web.push",
    "integrations.web.session",
    "kombu.transport.filesystem",
    "kombu.transport.pyamqp",
    "kombu.transport.redis",
    "liquid",
    "pyroaring",
    "re2",
    "requests",
    "time_machine",
    "whitenoise.base",
)


class Process:
    """A forked process: as much of `subprocess.Popen` as tests ask for."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Its exit code, or minus the signal that ended it; None while it runs."""
        if self.returncode is None:
            self.returncode = _ask({"ended": self.pid})
        return self.returncode

    def wait(self, timeout: float = 60) -> int:
        """Its exit code, once it has ended."""
        deadline = time.monotonic() + timeout
        while (code := self.poll()) is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(str(self.pid), timeout)
            time.sleep(0.02)
        return code

    def terminate(self) -> None:
        """Ask it to stop."""
        os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        os.kill(self.pid, signal.SIGKILL)


def celery(arguments: Sequence[str], *, environment: Mapping[str, str], log: Path) -> Process:
    """Start `celery ARGUMENTS` in a session of its own; what it says is added to a file."""
    return Process(_ask({"celery": list(arguments), "environment": dict(environment), "log": str(log)}))


def _ask(order: Mapping[str, Any]) -> Any:
    nursery = _nursery()
    assert nursery.stdin
    assert nursery.stdout
    nursery.stdin.write(json.dumps(order) + "\n")
    nursery.stdin.flush()
    return json.loads(nursery.stdout.readline())


@cache
def _nursery() -> "subprocess.Popen[str]":
    nursery = subprocess.Popen(
        [sys.executable, "-m", "tests.nursery"],
        cwd=ROOT,
        # What workers run is measured in the tests' own process as well; traced, they are twice as slow.
        env={name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    atexit.register(nursery.communicate)  # its input ends, and so does it
    return nursery


def _obey() -> None:
    """Do what is asked on stdin, a line each, and answer on stdout."""
    for name in LIBRARIES:
        import_module(name)
    gc.freeze()  # or each of them would look through all of that again, and make it its own
    for line in sys.stdin:
        order = json.loads(line)
        if "ended" in order:
            pid, status = os.waitpid(order["ended"], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if pid else None
        else:
            answer = _begin(order)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _begin(order: Mapping[str, Any]) -> int:
    """Fork a process; it has its session and its log once its number is known, for who kills or reads at once."""
    told, telling = os.pipe()
    if not (pid := os.fork()):
        os.close(told)
        _become(order, telling)
    os.close(telling)
    os.read(told, 1)  # until the other end is closed
    os.close(told)
    return pid


def _become(order: Mapping[str, Any], telling: int) -> NoReturn:
    """Turn into a process that was started by itself; ends by `SystemExit`."""
    os.setsid()
    os.environ.clear()
    os.environ.update(order["environment"])
    with Path(os.devnull).open() as nothing, Path(order["log"]).open("ab") as log:
        os.dup2(nothing.fileno(), 0)
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    os.close(telling)
    sys.argv = ["celery", *order["celery"]]
    runpy.run_module("celery", run_name="__main__", alter_sys=True)
    raise SystemExit


if __name__ == "__main__":
    _obey()
