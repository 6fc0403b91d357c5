"""The servers of a run: a database and a broker that may be restarted, cut off and wiped at will."""

import os
import shutil
import socket
import sqlite3
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

import psycopg
from kombu import Connection
from psycopg import sql
from redis import Redis
from redis.exceptions import ConnectionError as NotReadyError

LOOPBACK = "127.0.0.1"
STACKS = ("postgresql+redis", "postgresql+rabbitmq", "sqlite+files", "given")


class Database(Protocol):
    """Makes databases; ``restart`` interrupts everybody who works in one."""

    def make(self, name: str) -> str:
        """Make an empty database and return its address."""

    def drop(self, name: str) -> None:
        """Remove a database."""

    def restart(self) -> None:
        """Be gone for a moment."""

    def stop(self) -> None:
        """End for good."""


class Broker(Protocol):
    """Carries messages, until it is wiped."""

    url: str

    def wipe(self) -> None:
        """Lose every message."""

    def restart(self) -> None:
        """Be gone for a moment."""

    def stop(self) -> None:
        """End for good."""


class GivenPostgres:
    """A server that somebody else runs: instead of a restart it ends every connection to the database."""

    def __init__(self, url: str) -> None:
        self.url = url.rpartition("/")[0]
        self.name = ""

    def make(self, name: str) -> str:
        self.name = name
        self._run(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return f"{self.url}/{name}"

    def drop(self, name: str) -> None:
        self._run(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def restart(self) -> None:
        ends = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {}"
        self._run(sql.SQL(ends).format(self.name))

    def stop(self) -> None:
        """Nothing was started."""

    def _run(self, statement: sql.Composed) -> None:
        with psycopg.connect(
            f"{self.url}/postgres".replace("postgres://", "postgresql://"), autocommit=True
        ) as c:
            c.execute(statement)


class OwnPostgres(GivenPostgres):
    """A cluster of its own on a free port, that forgets nothing (fsync is on) and crashes when restarted."""

    def __init__(self) -> None:
        port = free_port()
        super().__init__(f"postgres://postgres@{LOOPBACK}:{port}/")
        self.folder = Path(tempfile.mkdtemp(prefix="chaos-postgresql-"))
        self.user = "postgres" if os.geteuid() == 0 else None  # it does not run as root
        if self.user:
            shutil.chown(self.folder, self.user)
        self._call("initdb", "--no-sync", "--auth=trust", "--username=postgres", "--encoding=UTF8")
        (self.folder / "postgresql.auto.conf").write_text(
            f"port = {port}\nlisten_addresses = '{LOOPBACK}'\nunix_socket_directories = '{self.folder}'\n"
        )
        self._call("pg_ctl", "start", "--wait", f"--log={self.folder}/log")

    def restart(self) -> None:
        self._call("pg_ctl", "restart", "--wait", "--mode=immediate", f"--log={self.folder}/log")

    def stop(self) -> None:
        self._call("pg_ctl", "stop", "--wait", "--mode=immediate")
        shutil.rmtree(self.folder)

    def _call(self, program: str, *arguments: str) -> None:
        found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"))
        path = str(found[-1]) if found else program
        command = [path, f"--pgdata={self.folder}", *arguments]
        subprocess.run(command, check=True, user=self.user, cwd=self.folder, stdout=subprocess.DEVNULL)


class Sqlite:
    """Files; a restart is another program that keeps everybody from writing for two seconds."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.name = folder, ""

    def make(self, name: str) -> str:
        self.name = name
        return f"sqlite:///{self.folder}/{name}.sqlite3"

    def drop(self, name: str) -> None:
        for file in self.folder.glob(f"{name}.sqlite3*"):
            file.unlink()

    def restart(self) -> None:
        threading.Thread(target=self._lock).start()

    def stop(self) -> None:
        """Nothing was started."""

    def _lock(self) -> None:
        with suppress(sqlite3.OperationalError):
            other = sqlite3.connect(self.folder / f"{self.name}.sqlite3", timeout=10, isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            time.sleep(2)
            other.close()


class OwnRedis:
    """A Redis of its own that keeps nothing on disk: killed, it comes back empty."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"redis://{LOOPBACK}:{self.port}/0"
        self._start()

    def wipe(self) -> None:
        with Redis(port=self.port) as redis:
            redis.flushall()

    def restart(self) -> None:
        self.stop()
        time.sleep(0.5)
        self._start()

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()

    def _start(self) -> None:
        command = [
            "redis-server",
            "--bind",
            LOOPBACK,
            "--port",
            str(self.port),
            "--save",
            "",
            "--loglevel",
            "warning",
        ]
        self.process = subprocess.Popen(command, cwd=tempfile.gettempdir(), stdout=subprocess.DEVNULL)
        while not self._answers():
            time.sleep(0.05)

    def _answers(self) -> bool:
        with Redis(port=self.port) as redis, suppress(NotReadyError):
            return bool(redis.ping())
        return False


class RabbitVhost:
    """A virtual host of its own in this machine's RabbitMQ: wiped by making it anew, restarted by cutting it off."""

    def __init__(self) -> None:
        self.name = f"chaos-{os.getpid()}"
        self.url = f"amqp://guest:guest@{LOOPBACK}:5672/{self.name}"
        self._make()

    def wipe(self) -> None:
        self._control("delete_vhost", self.name)
        self._make()

    def restart(self) -> None:
        self._control("close_all_connections", "--vhost", self.name, "restarted")

    def stop(self) -> None:
        self._control("delete_vhost", self.name)

    def _make(self) -> None:
        self._control("add_vhost", self.name)
        self._control("set_permissions", "--vhost", self.name, "guest", ".*", ".*", ".*")

    def _control(self, *arguments: str) -> None:
        subprocess.run(["rabbitmqctl", "--quiet", *arguments], check=True, stdout=subprocess.DEVNULL)


class GivenBroker:
    """A broker that somebody else runs: only the queue of the run is wiped, and nothing is restarted."""

    def __init__(self, url: str, queue: str) -> None:
        self.url, self.queue = url, queue

    def wipe(self) -> None:
        with Connection(self.url) as broker:
            channel: Any = broker.default_channel
            channel.queue_declare(self.queue, durable=True, auto_delete=False)
            channel.queue_purge(self.queue)

    def restart(self) -> None:
        self.wipe()

    def stop(self) -> None:
        with Connection(self.url) as broker:
            channel: Any = broker.default_channel
            channel.queue_delete(self.queue)


class Files:
    """The embedded broker: a folder. Wiped, it is empty; restarted, it also holds a message of no bytes."""

    url = "filesystem://localhost"

    def __init__(self, data: Path) -> None:
        self.folder = data / "queue" / "messages"

    def wipe(self) -> None:
        for file in self.folder.glob("*"):
            file.unlink(missing_ok=True)

    def restart(self) -> None:
        self.wipe()
        (self.folder / "0_broken.msg").touch()

    def stop(self) -> None:
        """Nothing was started."""


@contextmanager
def stack(name: str, *, data: Path, queue: str) -> Iterator[tuple[Database, Broker]]:
    """Start the servers of a stack and stop them; "given" takes those that the environment names."""
    database, broker = _database(name, data), _broker(name, data, queue)
    try:
        yield database, broker
    finally:
        broker.stop()
        database.stop()


def _database(name: str, data: Path) -> Database:
    given = os.environ.get("DATABASE_URL", "")
    if name == "given" and given.startswith("postgres"):
        return GivenPostgres(given)
    return OwnPostgres() if name.startswith("postgresql") else Sqlite(data)


def _broker(name: str, data: Path, queue: str) -> Broker:
    given = os.environ.get("BROKER_URL", "")
    if name == "given" and given.startswith(("redis", "amqp")):
        return GivenBroker(given, queue)
    if name.endswith("redis"):
        return OwnRedis()
    return RabbitVhost() if name.endswith("rabbitmq") else Files(data)


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
