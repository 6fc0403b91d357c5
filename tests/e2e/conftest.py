"""The demo as people start it, and a real browser in front of it."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.processes.running import SETTINGS_OF_THE_TESTS, free_port
from tests.workers import ROOT, wait_until

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-quic",
    "--no-first-run",
)


@dataclass(frozen=True)
class Demo:
    """Where the running demo is."""

    url: str
    sandbox_url: str

    def sandbox(self, path: str) -> Any:
        """What the stand-in Rokt says at one of its doors."""
        with urllib.request.urlopen(f"{self.sandbox_url}{path}", timeout=30) as answer:
            return json.load(answer)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    port, sandbox_port = free_port(), free_port()
    folder = tmp_path_factory.mktemp("demo")
    environment = {name: value for name, value in os.environ.items() if name not in SETTINGS_OF_THE_TESTS}
    environment |= {"PORT": str(port), "SANDBOX_PORT": str(sandbox_port), "DATA_DIR": str(folder / "data")}
    environment["LOG_LEVEL"] = "INFO"  # it is asked whether the worker is ready
    log = folder / "demo.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "demo"], cwd=ROOT, env=environment, stdout=output, stderr=output
        )
    try:
        wait_until(lambda: "Sign in as" in log.read_text(), seconds=240, what="the demo's greeting")
        wait_until(lambda: "ready." in log.read_text(), seconds=120, what="the demo's worker")
        yield Demo(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{sandbox_port}")
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    assert Path(CHROMIUM).exists(), f"{CHROMIUM} is missing: apt-get install chromium"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=[*QUIET])
        yield chromium
        chromium.close()


class Visitor:
    """Somebody at the screen; whatever the browser's console complains about is kept."""

    def __init__(self, browser: Browser, demo: Demo, role: str) -> None:
        self.demo = demo
        self.context = browser.new_context(base_url=demo.url, viewport={"width": 1280, "height": 900})
        self.context.set_default_timeout(20_000)
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.lost: list[str] = []  # requests without an answer, which may be why a page complains
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("response", self._note)
        self.page.on("requestfailed", lambda asked: self.lost.append(f"{asked.failure} {asked.url}"))
        self.page.goto("/")
        self.page.get_by_label("Username").fill(role)
        self.page.get_by_label("Password").fill("demo")
        self.page.get_by_role("button", name="Log in").click()
        expect(self.page.get_by_text("Recent campaigns")).to_be_visible()

    def _note(self, response: Any) -> None:
        if response.status >= 500:
            self.complaints.append(f"{response.status} {response.url}")


@pytest.fixture
def visit(browser: Browser, demo: Demo) -> Iterator[Any]:
    visitors: list[Visitor] = []

    def sign_in(role: str) -> Visitor:
        visitors.append(Visitor(browser, demo, role))
        return visitors[-1]

    yield sign_in
    for visitor in visitors:
        visitor.context.close()
        assert visitor.complaints == [], visitor.lost
