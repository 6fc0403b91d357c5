"""Real Celery workers for tests: started as in production, killed as in a bad night."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from django.conf import settings
from django.db import connection
from kombu import Connection

from tests import nursery

ROOT = Path(__file__).resolve().parent.parent
OPTIONS = (
    "--concurrency=1",
    "--loglevel=WARNING",
    "--without-gossip",
    "--without-mingle",
    "--without-heartbeat",
)


PATIENCE = 4  # a machine under load needs so many times as long

Running = nursery.Process | subprocess.Popen[bytes]


def wait_until(true: Callable[[], object], *, seconds: float, what: str) -> None:
    """Wait for what a quiet machine has within these seconds; how fast anything is, no test says."""
    deadline = time.monotonic() + PATIENCE * seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {PATIENCE} times {seconds} s: {what}"
        time.sleep(0.05)


def database_url() -> str:
    """The address of the database under test, for other processes."""
    current = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{current['NAME']}"
    host, port = current["HOST"] or "127.0.0.1", current["PORT"] or 5432
    secret = f":{current['PASSWORD']}" if current["PASSWORD"] else ""
    return f"postgres://{current['USER']}{secret}@{host}:{port}/{current['NAME']}"


class Workers:
    """`with Workers(2, ROKT_HOSTS=…) as workers:` runs that many worker processes on a queue of their own."""

    app = "calendar_admin"

    def __init__(self, count: int = 1, **environment: str) -> None:
        self.count = count
        self.folder = tempfile.TemporaryDirectory(prefix="calendar-admin-workers-")
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "calendar_admin.settings",
            "DATABASE_URL": database_url(),
            "SECRET_KEY": settings.SECRET_KEY,
            "FIELD_KEYS": ",".join(settings.FIELD_KEYS),
            "DATA_DIR": self.folder.name,
            "QUEUE_NAME": f"test-{uuid4().hex}",
            "TICK_SECONDS": "0.5",
            "LOG_LEVEL": "WARNING",
            **environment,
        }
        self.processes: list[Running] = []
        self.beats: list[Running] = []

    def __enter__(self) -> Self:
        for _ in range(self.count):
            self.start()
        self.start_beat("schedule")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in [*self.beats, *self.processes]:
            _kill(process)
        if kind is not None:
            sys.stderr.write(self.log.read_text()[-5_000:])
        self.folder.cleanup()

    @property
    def log(self) -> Path:
        return Path(self.folder.name) / "workers.log"

    def start(self) -> Running:
        """Start one more worker."""
        process = self._celery("worker", *OPTIONS, f"--hostname={uuid4().hex}@%h")
        self.processes.append(process)
        return process

    def start_beat(self, name: str) -> Running:
        """Start a clock, with a schedule file of its own."""
        schedule = str(Path(self.folder.name) / name)
        self.beats.append(self._celery("beat", "--schedule", schedule, "--loglevel=WARNING", "--pidfile="))
        return self.beats[-1]

    def wipe_the_queue(self) -> None:
        """Lose every message that is waiting, whichever broker it waits in."""
        with self.connection() as broker:
            channel: Any = broker.default_channel
            channel.queue_purge(self.environment["QUEUE_NAME"])

    def connection(self) -> Connection:
        """Return a connection to the broker of these workers."""
        options = self._folders() if settings.IS_EMBEDDED_BROKER else {}
        return Connection(settings.CELERY_BROKER_URL, transport_options=options)

    def _folders(self) -> dict[str, str]:
        queue = Path(self.folder.name) / "queue"
        messages = str(queue / "messages")
        return {
            "data_folder_in": messages,
            "data_folder_out": messages,
            "control_folder": str(queue / "control"),
        }

    def kill(self, process: Running) -> None:
        """SIGKILL a worker with everything it started, and start another."""
        _kill(process)
        self.processes.remove(process)
        self.start()

    def _celery(self, *arguments: str) -> Running:
        return nursery.celery(
            ["-A", self.app, "--quiet", *arguments], environment=self.environment, log=self.log
        )

    def _started_alone(self, *arguments: str, code: Path = ROOT, prefix: Sequence[str] = ()) -> Running:
        """Start Celery without the nursery, which knows one code and one host: with other code, or elsewhere."""
        command = [*prefix, sys.executable, "-m", "celery", "-A", self.app, "--quiet", *arguments]
        with self.log.open("ab") as log:
            return subprocess.Popen(
                command, cwd=code, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )


def _kill(process: Running) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
