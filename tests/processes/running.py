"""A real program under test: started as people start it, its output read, its descendants found."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from tests.workers import ROOT, wait_until

SETTINGS_OF_THE_TESTS = {"DJANGO_SETTINGS_MODULE", "DATABASE_URL", "BROKER_URL", "SECRET_KEY", "FIELD_KEYS"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def hang_up_as_usual() -> None:
    """Whoever runs the tests under nohup ignores SIGHUP; the program under test must not inherit that."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


class Running:
    """`python ARGUMENTS` in an environment without the test settings; DATA_DIR tells its descendants apart."""

    def __init__(self, arguments: list[str], *, data: Path, **environment: str) -> None:
        self.marker = f"DATA_DIR={data}".encode()
        self.log = data.parent / f"{len(list(data.parent.glob('*.log')))}.log"
        kept = {name: value for name, value in os.environ.items() if name not in SETTINGS_OF_THE_TESTS}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=ROOT,
                env={**kept, "LOG_LEVEL": "INFO", "DATA_DIR": str(data), **environment},
                stdin=subprocess.DEVNULL,
                preexec_fn=hang_up_as_usual,
                stdout=log,
                stderr=log,
            )

    @property
    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def wait_for(self, text: str, *, count: int = 1, seconds: float = 120) -> None:
        def seen() -> bool:
            assert self.process.poll() is None or self.output.count(text) >= count, self.output
            return self.output.count(text) >= count

        wait_until(seen, seconds=seconds, what=f"{text!r} in {self.output}")

    def family(self) -> Iterator[tuple[int, str]]:
        """(process id, command line) of everything that descends from it, adopted by init or not."""
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if self.marker in (folder / "environ").read_bytes().split(b"\0"):
                    command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                    yield int(folder.name), command
            except (OSError, ValueError):
                continue

    def only(self, text: str) -> int:
        """The oldest process whose command line holds the text."""
        return min(pid for pid, command in self.family() if text in command)

    def end(self, number: signal.Signals, *, seconds: float = 30) -> int:
        """Send a signal to the supervisor alone and return its exit code."""
        self.process.send_signal(number)
        return self.process.wait(timeout=seconds)

    def is_gone(self) -> bool:
        return not list(self.family())

    def clean_up(self) -> None:
        if self.process.poll() is None:
            with suppress(subprocess.TimeoutExpired):
                self.end(signal.SIGTERM)
        for pid, _command in self.family():
            os.kill(pid, signal.SIGKILL)
        self.process.wait(timeout=30)
