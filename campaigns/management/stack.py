"""What Calendar Admin is made of on one machine: worker, clock and web app, and what they need first."""

import fcntl
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from campaigns.management import quarantine
from campaigns.management.processes import LOOPBACK, Program

# Celery warns root of messages that carry code (pickle); ours are JSON, and nothing else is accepted.
NO_PICKLE_WARNING = "ignore:You're running the worker"
CELERY = [sys.executable, "-W", NO_PICKLE_WARNING, "-m", "celery", "--quiet", "-A", "calendar_admin"]
# Preloaded: when it listens, it can answer; and a fault at start ends it instead of its workers, over and over.
GUNICORN = [sys.executable, "-m", "gunicorn", "calendar_admin.wsgi", "--preload",
            "--logger-class=calendar_admin.weblog.WebLogger"]  # fmt: skip


def port_from_environment(name: str, *, default: int) -> int:
    """Return the port that the environment names; raises CommandError where it is none."""
    text = os.environ.get(name, str(default))
    if not (text.isdecimal() and 0 < int(text) < 65536):
        raise CommandError(
            _("%(name)s must be a port, 1 to 65535, not “%(text)s”.") % {"name": name, "text": text}
        )
    return int(text)


def require_free(name: str, port: int) -> None:
    """Raise CommandError where nobody could listen on 127.0.0.1:port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            words = {"name": name, "port": port, "other": port + 1, "reason": error.strerror}
            raise CommandError(
                _(
                    "Port %(port)s cannot be used: %(reason)s. Try another one, for instance %(name)s=%(other)s."
                )
                % words
            ) from None


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold the data folder: two clocks would spoil each other's schedule file. Raises CommandError."""
    with (folder / "running.lock").open(
        "w"
    ) as lock:  # children do not inherit it, and no crash leaves it behind
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CommandError(
                _(
                    "Calendar Admin already runs with the data in %(folder)s. Stop it, or set another DATA_DIR."
                )
                % {"folder": folder}
            ) from None
        yield


def worker() -> Program:
    """Send what is due: Celery with two processes."""
    return Program(
        name="worker",
        command=[*CELERY, "worker", "--concurrency=2", "-O", "fair", "--without-gossip", "--without-mingle",
                 "--loglevel=INFO"],
        prepare=partial(quarantine.clear, settings.QUEUE_DIR) if settings.IS_EMBEDDED_BROKER else None,
    )  # fmt: skip


def clock() -> Program:
    """Look for due work every few seconds: Celery beat."""
    return Program(
        name="clock",
        command=[*CELERY, "beat", f"--schedule={settings.DATA_DIR / 'clock'}", "--loglevel=WARNING"],
    )


def web(port: int) -> Program:
    """Serve the pages, to this machine alone."""
    return Program(
        name="web",
        command=[*GUNICORN, f"--bind={LOOPBACK}:{port}", "--workers=2", "--threads=4", "--no-control-socket",
                 "--graceful-timeout=5"],
        port=port,
    )  # fmt: skip


def sandbox(port: int, *, people_count: int) -> Program:
    """Stand in for Rokt and Braze."""
    return Program(
        name="sandbox",
        command=[sys.executable, "-m", "integrations.sandbox", f"--port={port}", f"--people={people_count}"],
        port=port,
    )
