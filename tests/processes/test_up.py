"""`manage.py up` as people use it: one command, real web server, worker and clock."""

import signal
import socket
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from tests.processes.running import Running, free_port
from tests.workers import wait_until

Up = Callable[[], Running]


@pytest.fixture
def up(start: Callable[..., Running]) -> Up:
    def _up() -> Running:
        port = free_port()
        running = start("manage.py", "up", PORT=str(port))
        running.wait_for(f"Calendar Admin runs at http://127.0.0.1:{port}/")
        return running

    return _up


def page(running: Running) -> requests.Response:
    address = running.output.rpartition("runs at ")[2].partition(". ")[0]
    return requests.get(f"{address}login/", timeout=60)


def test_one_command_serves_pages_heals_a_worker_that_broken_messages_end_and_stops_with_ctrl_c(
    up: Up, data: Path
) -> None:
    running = up()
    assert page(running).status_code == 200
    running.wait_for("ready.")

    for number in (1, 2):  # the first ends the worker: kombu cannot read it
        (data / "queue" / "messages" / f"{number}_empty.calendar_admin.msg").touch()
    running.wait_for("starting it again in 0.5 s")
    running.wait_for("ready.", count=2)
    assert (data / "queue" / "quarantine" / "2_empty.calendar_admin.msg").exists()

    assert running.end(signal.SIGINT) == 0
    assert running.is_gone()
    assert running.output.endswith("Stopped.\n")


def test_a_second_start_after_a_crash_keeps_the_keys_and_the_data(up: Up, data: Path) -> None:
    running = up()
    keys = (data / "keys.env").read_text()
    with sqlite3.connect(data / "calendar_admin.sqlite3") as database:
        database.execute("INSERT INTO auth_group (name) VALUES ('kept')")
    database.close()

    running.end(signal.SIGKILL)
    wait_until(running.is_gone, seconds=10, what="no child is left")
    again = up()

    assert page(again).status_code == 200
    assert (data / "keys.env").read_text() == keys
    assert stat.S_IMODE((data / "keys.env").stat().st_mode) == 0o600
    database = sqlite3.connect(data / "calendar_admin.sqlite3")
    assert database.execute("SELECT count(*) FROM auth_group WHERE name = 'kept'").fetchone() == (1,)
    database.close()
    assert again.end(signal.SIGTERM) == 0


def test_a_port_in_use_is_told_in_one_sentence(start: Callable[..., Running]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        running = start("manage.py", "up", PORT=str(port))

        assert running.process.wait(timeout=120) == 1
    assert running.output == (
        f"CommandError: Port {port} cannot be used: Address already in use."
        f" Try another one, for instance PORT={port + 1}.\n"
    )


def test_a_setting_that_is_wrong_is_told_by_its_name(start: Callable[..., Running]) -> None:
    running = start("manage.py", "up", PORT=str(free_port()), FIELD_KEYS="not-a-key", SECRET_KEY="short")

    assert running.process.wait(timeout=120) == 1
    assert "SECRET_KEY is missing or too short." in running.output
    assert "FIELD_KEYS: key 1 is not a Fernet key." in running.output


def test_keys_that_cannot_be_kept_are_told_in_one_sentence(start: Callable[..., Running], data: Path) -> None:
    (data / "keys.env").mkdir()
    running = start("manage.py", "up", PORT=str(free_port()))

    assert running.process.wait(timeout=120) == 1
    assert running.output.startswith("CommandError: The keys could not be kept: ")
    assert running.output.count("\n") == 1


def test_ctrl_c_while_it_prepares_is_no_error(start: Callable[..., Running]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"postgres://nobody@127.0.0.1:{silent.getsockname()[1]}/nothing"
        running = start("manage.py", "up", PORT=str(free_port()), DATABASE_URL=address)
        silent.settimeout(120)
        connection, _address = silent.accept()

        assert running.end(signal.SIGINT) == 0
        connection.close()
    assert running.output == "Stopped.\n"


def test_a_database_that_does_not_answer_is_told_in_one_sentence(start: Callable[..., Running]) -> None:
    address = f"postgres://nobody@127.0.0.1:{free_port()}/nothing"
    running = start("manage.py", "up", PORT=str(free_port()), DATABASE_URL=address)

    assert running.process.wait(timeout=120) == 1
    assert running.output.startswith("CommandError: The database cannot be used: ")
    assert "Traceback" not in running.output
