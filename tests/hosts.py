"""Several machines on one: network namespaces on a bridge, and the servers that they share on its near end."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from tests.workers import ROOT, Running, Workers

NUMBER = os.getpid() % 200 + 1  # so that two runs at once do not meet
NET = f"10.77.{NUMBER}"
MACHINE = f"{NET}.1"
BRIDGE = f"rk{NUMBER}"


def need_namespaces() -> None:
    """Go on where networks can be made; fail in CI and skip elsewhere, saying what is missing."""
    probe = f"{BRIDGE}probe"
    done = (
        subprocess.run(["ip", "netns", "add", probe], capture_output=True, text=True) if _has_ip() else None
    )
    if done is not None and done.returncode == 0:
        _ip("netns", "delete", probe)
        return
    why = (
        done.stderr.strip()
        if done is not None
        else "there is no program ip (Debian: apt-get install iproute2)"
    )
    words = f"Several machines need network namespaces, made by root with CAP_NET_ADMIN: {why}"
    if os.environ.get("CI"):
        pytest.fail(words)
    pytest.skip(words)


class Network:
    """`with Network() as network:` makes a bridge whose near end is this machine, and hosts on it."""

    def __enter__(self) -> Self:
        _ip("link", "add", BRIDGE, "type", "bridge")
        _ip("address", "add", f"{MACHINE}/24", "dev", BRIDGE)
        _ip("link", "set", BRIDGE, "up")
        self._count = 1
        return self

    def __exit__(self, *_: object) -> None:
        _ip("link", "delete", BRIDGE)

    @contextmanager
    def host(self) -> "Iterator[Host]":
        """One more machine on it."""
        self._count += 1
        host = Host(self._count)
        try:
            yield host
        finally:
            _ip("link", "delete", host.name)  # at once; with its namespace it would go when the kernel likes
            _ip("netns", "delete", host.name)


class Host:
    """One machine of its own on the network."""

    def __init__(self, number: int) -> None:
        self.name = f"{BRIDGE}h{number}"
        self.address = f"{NET}.{number}"
        near, far = self.name, f"{self.name}i"
        _ip("netns", "add", self.name)
        _ip("link", "add", near, "type", "veth", "peer", "name", far)
        _ip("link", "set", near, "master", BRIDGE, "up")
        _ip("link", "set", far, "netns", self.name)
        _ip("-netns", self.name, "address", "add", f"{self.address}/24", "dev", far)
        _ip("-netns", self.name, "link", "set", far, "up")
        _ip("-netns", self.name, "link", "set", "lo", "up")

    @property
    def inside(self) -> tuple[str, ...]:
        """What to put before a command that is to run on this host."""
        return ("ip", "netns", "exec", self.name)

    def cut(self) -> None:
        """Take its cable out, on the far side: nothing is refused, all is swallowed."""
        _ip("link", "set", self.name, "nomaster")

    def mend(self) -> None:
        """Put the cable back."""
        _ip("link", "set", self.name, "master", BRIDGE)

    def move(self, number: int) -> None:
        """Come back under another address, as after a failover: what was connected stays silent for ever."""
        old, self.address = self.address, f"{NET}.{number}"
        _ip("-netns", self.name, "address", "delete", f"{old}/24", "dev", f"{self.name}i")
        _ip("-netns", self.name, "address", "add", f"{self.address}/24", "dev", f"{self.name}i")
        self.mend()


class HostWorkers(Workers):
    """Worker processes and a clock on a host."""

    def __init__(self, host: Host, count: int, **environment: str) -> None:
        super().__init__(count, **environment)
        self.host = host

    def _celery(self, *arguments: str) -> Running:
        return self._started_alone(*arguments, prefix=self.host.inside)


@contextmanager
def door(target: str, *, at: str = "", inside: tuple[str, ...] = ()) -> Iterator[str]:
    """A door to `target` (`host:port`) on the network's near end, or `at` a place on the host that `inside` names."""
    at = at or f"{MACHINE}:{free_port(MACHINE)}"
    command = [*inside, sys.executable, "-m", "tests.forwarder", at, target]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline(), f"no door at {at}"
        try:
            yield at
        finally:
            process.kill()


@contextmanager
def postgresql() -> Iterator[str]:
    """A PostgreSQL of its own on the network's near end; its URL."""
    programs = _postgresql_programs()
    port = free_port(MACHINE)
    with tempfile.TemporaryDirectory(prefix="calendar-admin-postgresql-") as folder:
        shutil.chown(folder, "postgres", "postgres")
        data = Path(folder) / "data"
        _as_postgres(
            [
                programs / "initdb",
                "--no-sync",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--pgdata",
                data,
            ]
        )
        with (data / "pg_hba.conf").open("a") as rules:
            rules.write(f"host all all {NET}.0/24 trust\n")
        options = f"-p {port} -c listen_addresses={MACHINE} -c unix_socket_directories={folder}"
        control: list[str | Path] = [
            programs / "pg_ctl",
            "--pgdata",
            data,
            "--wait",
            "--log",
            Path(folder) / "log",
        ]
        _as_postgres([*control, "--options", options, "start"])
        try:
            yield f"postgres://postgres@{MACHINE}:{port}/postgres"
        finally:
            _as_postgres([*control, "--mode=immediate", "stop"])


@contextmanager
def broker() -> Iterator[str]:
    """A broker on the network's near end: the RabbitMQ of these tests, or else a Redis of its own; its URL."""
    theirs = urlsplit(settings.CELERY_BROKER_URL)
    if theirs.scheme == "amqp":
        with door(f"{theirs.hostname}:{theirs.port or 5672}") as place:
            yield f"amqp://{theirs.username}:{theirs.password}@{place}/{theirs.path[1:]}"
        return
    port = free_port(MACHINE)
    command = ["redis-server", "--bind", MACHINE, "--port", str(port), "--save", "", "--protected-mode", "no"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            wait_for_port(MACHINE, port)
            yield f"redis://{MACHINE}:{port}/0"
        finally:
            process.kill()


def free_port(address: str) -> int:
    with socket.create_server((address, 0)) as free:
        return int(free.getsockname()[1])


def wait_for_port(address: str, port: int) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            socket.create_connection((address, port), timeout=1).close()
        except OSError:
            assert time.monotonic() < deadline, f"nobody listens on {address}:{port}"
            time.sleep(0.05)
        else:
            return


def _postgresql_programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    beside = shutil.which("initdb")
    assert found or beside, "there is no initdb (Debian: apt-get install postgresql)"
    return found[-1].parent if found else Path(str(beside)).parent


def _as_postgres(command: Sequence[str | Path]) -> None:
    subprocess.run(
        command, user="postgres", group="postgres", extra_groups=[], cwd="/", check=True, capture_output=True
    )


def _has_ip() -> bool:
    return shutil.which("ip") is not None


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)


@contextmanager
def database_at(url: str) -> Iterator[None]:
    """Work with the database at `url`, migrated, instead of the one under test."""
    place, before = urlsplit(url), dict(connection.settings_dict)
    connection.close()
    connection.settings_dict.update(
        HOST=place.hostname, PORT=place.port, USER=place.username, PASSWORD="", NAME=place.path[1:]
    )
    try:
        call_command("migrate", verbosity=0)
        yield
    finally:
        connection.close()
        connection.settings_dict.update(before)
