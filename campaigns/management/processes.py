"""The supervisor: several programs run as one; what dies is started again; nothing is left behind."""

import asyncio
import ctypes
import os
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

LOOPBACK = "127.0.0.1"
STOP_SECONDS = 8.0  # from the request to end until the kill
FIRST_DELAY_SECONDS = 0.5
LONGEST_DELAY_SECONDS = 10.0
STEADY_SECONDS = 30.0  # a program that lived this long starts again with the first delay
LONGEST_LINE_BYTES = 1_000_000
PR_SET_PDEATHSIG = 1  # linux/prctl.h


class StopRequestedError(Exception):
    """Somebody asked the supervisor to stop: the normal way it ends."""


@dataclass(frozen=True, kw_only=True)
class Program:
    """One child: its name in the output, its command, and what to do before each start.

    Where ``port`` is given, the programs after it start once it listens there on 127.0.0.1.
    """

    name: str
    command: Sequence[str]
    port: int | None = None
    prepare: Callable[[], object] | None = None


def run(programs: Sequence[Program], *, on_ready: Callable[[], None]) -> None:
    """Run the programs until SIGINT, SIGTERM or SIGHUP; then stop them, within about ``STOP_SECONDS``.

    ``on_ready`` is called once, when all are started and those with a port listen. Must be called
    from the main thread: the kernel ends the children when the thread that started them ends.
    """
    asyncio.run(_supervise(programs, on_ready))


async def _supervise(programs: Sequence[Program], on_ready: Callable[[], None]) -> None:
    stopping = asyncio.Event()
    _listen_for_signals(stopping)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(_start_in_order(programs, group, on_ready))
            await stopping.wait()
            raise StopRequestedError  # cancels every task of the group, and each one stops its child
    except* StopRequestedError:
        pass


def _listen_for_signals(stopping: asyncio.Event) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN:
            continue  # started with nohup
        asyncio.get_running_loop().add_signal_handler(number, _stop_all, stopping, number)


def _stop_all(stopping: asyncio.Event, number: signal.Signals) -> None:
    _say("all", f"stopping ({number.name})")
    stopping.set()


async def _start_in_order(
    programs: Sequence[Program], group: asyncio.TaskGroup, on_ready: Callable[[], None]
) -> None:
    for program in programs:
        group.create_task(_keep_running(program))
        if program.port:
            await _listening(program.port)
    on_ready()


async def _listening(port: int) -> None:
    while True:
        with suppress(OSError):
            _reader, writer = await asyncio.open_connection(LOOPBACK, port)
            writer.close()
            return
        await asyncio.sleep(0.1)


async def _keep_running(program: Program) -> None:
    delay = 0.0
    while True:
        started = time.monotonic()
        try:
            outcome = f"ended with {await _run_once(program)}"
        except OSError as error:
            outcome = f"did not start: {error}"
        was_steady = time.monotonic() - started > STEADY_SECONDS
        delay = min(2 * delay, LONGEST_DELAY_SECONDS) if delay and not was_steady else FIRST_DELAY_SECONDS
        _say(program.name, f"{outcome}; starting it again in {delay:g} s")
        await asyncio.sleep(delay)


async def _run_once(program: Program) -> int:
    """Run one child to its end, whoever ends it, and return its exit code (negative: a signal)."""
    if program.prepare:
        program.prepare()
    # A pipe of our own: Process.wait() would wait for a pipe of asyncio's to be closed by all heirs.
    read_end, write_end = os.pipe()
    relaying = asyncio.create_task(_relay(program.name, read_end))
    try:
        child = await asyncio.create_subprocess_exec(
            *program.command,
            stdin=DEVNULL,
            stdout=write_end,
            stderr=write_end,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            start_new_session=True,  # Ctrl-C reaches the supervisor alone; the group can be killed as one
            preexec_fn=partial(_die_with_parent, os.getpid()),
        )
    finally:
        os.close(write_end)
    try:
        return await child.wait()
    finally:
        await _stop(child)
        await asyncio.wait([relaying], timeout=1)
        relaying.cancel()


async def _stop(child: Process) -> None:
    """Ask the child to end, wait, then kill whatever is left of its process group."""
    with suppress(ProcessLookupError, TimeoutError):
        child.terminate()
        await asyncio.wait_for(child.wait(), STOP_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    await child.wait()


async def _relay(name: str, read_end: int) -> None:
    """Repeat what a child writes, line by line, under its name."""
    reader = asyncio.StreamReader(limit=LONGEST_LINE_BYTES)
    pipe = os.fdopen(read_end, "rb", buffering=0)
    transport, _protocol = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), pipe
    )
    try:
        while line := await _line(reader):
            _say(name, line.decode(errors="replace").rstrip())
    finally:
        transport.close()


async def _line(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readline()
    except ValueError:  # readline has thrown the line away
        return b"(a line that was too long to repeat)"


def _say(name: str, text: str) -> None:
    try:
        is_json = text.startswith("{")  # a log line that is to be read by a program
        sys.stdout.write(f"{text}\n" if is_json else f"{name:<8}| {text}\n")
        sys.stdout.flush()
    except OSError:  # nobody reads the output any more: no reason to stop working
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _die_with_parent(parent: int) -> None:  # pragma: no cover - between fork and exec nothing is recorded
    """Run in the child before its program: the kernel kills it when the supervisor is gone."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it went in between
            os.kill(os.getpid(), signal.SIGKILL)
