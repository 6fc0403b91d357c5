"""A sandbox that stands in for Braze, emptied before each test, and a client with a key for it."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from integrations.braze.client import Client
from tests.sandbox_process import Sandbox

KEY = "b7c1e0d2-key"
EVERYONE = "9a1c3f52-7d0e-4b7a-8f43-2c5e6d7b8a90"
AUSTRALIA = "3be0d2b4-51f6-4c0c-9d2e-8a7f90c1e2d3"


class Braze:
    """The stand-in as a test sees it: where it is, and its door."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.url = sandbox.url
        self.place = urlsplit(sandbox.url).netloc

    def set(self, **settings: Any) -> None:
        answer = requests.post(f"{self.url}/sandbox/braze", json=settings, timeout=10)
        assert answer.status_code == 200, answer.text

    def client(self, key: str = KEY) -> Client:
        return Client(self.url, key, allowed_hosts={self.place})


def until(condition: Callable[[], bool]) -> None:
    """Wait for what another process does, with a deadline."""
    deadline, pause = time.monotonic() + 20, threading.Event()
    while not condition():
        assert time.monotonic() < deadline
        pause.wait(0.01)


@pytest.fixture(scope="session")
def braze_process() -> Iterator[Braze]:
    with Sandbox("--people", "100") as running:
        yield Braze(running)


@pytest.fixture
def braze(braze_process: Braze) -> Braze:
    braze_process.sandbox.reset()
    return braze_process


@pytest.fixture
def client(braze: Braze) -> Iterator[Client]:
    with braze.client() as opened:
        yield opened
