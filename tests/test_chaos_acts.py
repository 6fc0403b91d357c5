"""Acts of chaos end by themselves, whatever the process that does them is waiting for."""

import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.chaos.acts import Night
from tests.chaos.mischief import Act
from tests.workers import wait_until


def is_stopped(process: subprocess.Popen[bytes]) -> bool:
    stat = Path(f"/proc/{process.pid}/stat").read_text()
    return stat.rpartition(")")[2].split()[0] == "T"


def test_a_frozen_worker_goes_on_while_everybody_waits_for_what_it_holds(monkeypatch: pytest.MonkeyPatch):
    """On SQLite it may hold the lock that the next act needs, and so nobody would look after it."""
    worker = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    nothing: Any = SimpleNamespace(environment={"LEASE_SECONDS": "0"})
    night = Night(
        send=nothing,
        staff=nothing,
        database=nothing,
        broker=nothing,
        rokt=nothing,
        door=nothing,
        workers=nothing,
    )
    monkeypatch.setattr(night, "_worker", lambda _act: worker)
    try:
        night.do(Act(share=0, verb="freeze", place=0, fault={}))
        wait_until(lambda: is_stopped(worker), seconds=1, what="the freeze")
        wait_until(lambda: not is_stopped(worker), seconds=3, what="its end")
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait()
