"""The supervisor over small programs: order, output, restarts, and that nothing outlives it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from tests.processes.running import Running, free_port
from tests.workers import ROOT, wait_until

SLEEP = "import time; print('awake', flush=True); time.sleep(600)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SLEEP
PARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {SLEEP!r}])"
LISTEN = "import socket, sys; s = socket.create_server(('127.0.0.1', int(sys.argv[1]))); " + SLEEP

Start = Callable[..., Running]


def program(name: str, code: str, *arguments: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "command": [sys.executable, "-c", code, *arguments], **more}


def supervise(start: Start, *programs: dict[str, Any]) -> Running:
    return start("-m", "tests.processes.supervised", json.dumps(programs))


def test_a_program_that_is_killed_is_started_again(start: Start) -> None:
    running = supervise(start, program("sleeper", SLEEP))
    running.wait_for("sleeper | awake")

    os.kill(running.only(f"-c {SLEEP}"), signal.SIGKILL)

    running.wait_for("sleeper | ended with -9; starting it again in 0.5 s")
    running.wait_for("sleeper | awake", count=2)


def test_the_delay_grows_while_a_program_keeps_ending(start: Start) -> None:
    running = supervise(start, program("hasty", "raise SystemExit(3)"))

    running.wait_for("hasty   | ended with 3; starting it again in 0.5 s")
    running.wait_for("hasty   | ended with 3; starting it again in 1 s")


def test_the_delay_begins_anew_after_a_steady_life(start: Start) -> None:
    programs = json.dumps([program("steady", "raise SystemExit(3)")])
    running = start("-m", "tests.processes.supervised", programs, "0")

    running.wait_for("steady  | ended with 3; starting it again in 0.5 s", count=3)


def test_a_command_that_does_not_exist_is_told_and_the_others_run(start: Start) -> None:
    running = supervise(start, {"name": "missing", "command": ["/no/such/file"]}, program("sleeper", SLEEP))

    running.wait_for("missing | did not start: [Errno 2] No such file or directory")
    running.wait_for("sleeper | awake")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_request_to_stop_ends_everything_with_exit_code_0(start: Start, number: signal.Signals) -> None:
    running = supervise(start, program("one", SLEEP), program("two", PARENT))
    running.wait_for("| awake", count=2)

    assert running.end(number) == 0
    assert running.is_gone()
    assert f"all     | stopping ({number.name})\n" in running.output


def test_one_that_was_started_with_nohup_outlives_its_terminal(start: Start) -> None:
    ignore = "import os, signal, sys; signal.signal(signal.SIGHUP, signal.SIG_IGN); "
    nohup = ignore + "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
    programs = json.dumps([program("sleeper", SLEEP)])
    running = start("-c", nohup, "-m", "tests.processes.supervised", programs)
    running.wait_for("sleeper | awake")

    running.process.send_signal(signal.SIGHUP)
    os.kill(running.only(f"-c {SLEEP}"), signal.SIGKILL)

    running.wait_for("sleeper | awake", count=2)
    assert running.end(signal.SIGINT) == 0


def test_a_program_that_ignores_the_request_is_killed(start: Start) -> None:
    running = supervise(start, program("stubborn", STUBBORN))
    running.wait_for("stubborn| awake")

    assert running.end(signal.SIGTERM) == 0
    assert running.is_gone()


def test_a_killed_supervisor_leaves_no_child(start: Start) -> None:
    running = supervise(start, program("one", SLEEP), program("stubborn", STUBBORN))
    running.wait_for("| awake", count=2)

    running.end(signal.SIGKILL)

    wait_until(running.is_gone, seconds=5, what="the children are gone")


def test_the_next_program_waits_until_the_one_before_listens(start: Start) -> None:
    port = free_port()
    running = supervise(
        start,
        program("server", LISTEN, str(port), port=port),
        program(
            "client",
            "import socket, sys; socket.create_connection(('127.0.0.1', int(sys.argv[1])))",
            str(port),
        ),
    )

    running.wait_for("all are ready")
    running.wait_for("client  | ended with 0")  # it came through at its first try


def test_output_is_repeated_line_by_line_whatever_it_holds(start: Start) -> None:
    code = r"import sys; sys.stdout.buffer.write(b'bad \xff byte\n' + b'x' * 3_000_000 + b'\nlast')"
    running = supervise(start, program("writer", code))

    running.wait_for("writer  | ended with 0")
    assert "writer  | bad \N{REPLACEMENT CHARACTER} byte\n" in running.output
    assert "writer  | (a line that was too long to repeat)\n" in running.output
    assert "writer  | last\n" in running.output


def test_programs_go_on_when_nobody_reads_the_output() -> None:
    code = "import time\nwhile True: print('tick', flush=True); time.sleep(0.01)"
    supervisor = subprocess.Popen(
        [sys.executable, "-m", "tests.processes.supervised", json.dumps([program("ticker", code)])],
        cwd=ROOT,
        stdout=subprocess.PIPE,
    )
    assert supervisor.stdout
    assert supervisor.stdout.readline()
    supervisor.stdout.close()

    with pytest.raises(subprocess.TimeoutExpired):
        supervisor.wait(timeout=1)
    supervisor.send_signal(signal.SIGINT)

    assert supervisor.wait(timeout=60) == 0
