"""`manage.py demo` as people use it: one command, sample data, and a send that really arrives at the sandbox."""

import re
import signal
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests

from tests.processes.running import Running, free_port
from tests.workers import wait_until


def demo(start: Callable[..., Running]) -> tuple[Running, str, str]:
    """Start the demo; return it, its address, and the sandbox's."""
    web, sandbox = free_port(), free_port()
    running = start("manage.py", "demo", PORT=str(web), SANDBOX_PORT=str(sandbox))
    running.wait_for("Sign in as")
    return running, f"http://127.0.0.1:{web}/", f"http://127.0.0.1:{sandbox}"


def sign_in(address: str, *, name: str, password: str) -> requests.Response:
    browser = requests.Session()
    try:
        form = browser.get(f"{address}login/", timeout=60).text
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form)
        assert token
        words = {"username": name, "password": password, "csrfmiddlewaretoken": token[1], "next": "/"}
        return browser.post(f"{address}login/", words, timeout=60)
    finally:
        browser.close()


def sent(data: Path) -> dict[str, int]:
    """How many deliveries of the sample send are in which state."""
    database = sqlite3.connect(data / "calendar_admin.sqlite3")
    try:
        return dict(
            database.execute("SELECT state, count(*) FROM campaigns_delivery GROUP BY state").fetchall()
        )
    finally:
        database.close()


def arrived(sandbox: str) -> dict[str, Any]:
    return dict(requests.get(f"{sandbox}/sandbox/summary", timeout=60).json())


def test_the_demo_sends_its_sample_campaign_and_starts_again_with_the_same_data(
    start: Callable[..., Running], data: Path
) -> None:
    running, address, sandbox = demo(start)
    page = sign_in(address, name="marketer", password="demo")
    assert page.status_code == 200
    assert page.url == address

    wait_until(
        lambda: sent(data) and not sent(data).keys() & {"queued", "sending"},
        seconds=120,
        what="the sample campaign is sent",
    )
    assert sent(data)["accepted"] == arrived(sandbox)["events"] > 300
    assert arrived(sandbox)["posted_twice"] == {}
    assert running.end(signal.SIGINT) == 0
    assert running.is_gone()

    before = sent(data)
    again, address, sandbox = demo(start)
    assert sign_in(address, name="approver", password="demo").url == address
    assert arrived(sandbox)["events"] == 0
    assert sent(data) == before
    assert again.end(signal.SIGTERM) == 0
