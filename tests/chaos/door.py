"""The way to Rokt, which can be shut: closed, every connection is reset and none can be made."""

import subprocess
import sys
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from tests.chaos.stack import LOOPBACK, free_port
from tests.workers import ROOT


class Door:
    """`with Door(sandbox.url) as door:` leads from ``door.host`` to there."""

    def __init__(self, url: str) -> None:
        self.there = urlsplit(url).netloc
        self.host = f"{LOOPBACK}:{free_port()}"
        self.process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def open(self) -> None:
        """Let calls through, unless they are let through already."""
        if self.process is None:
            command = [sys.executable, "-m", "tests.forwarder", self.host, self.there]
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
            assert self.process.stdout
            assert self.process.stdout.readline() == "ready\n"

    def close(self) -> None:
        """Reset every connection and refuse new ones."""
        if self.process is not None:
            with self.process:
                self.process.kill()
            self.process = None
