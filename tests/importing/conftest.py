"""A stand-in for Braze, emptied before each test, that may be called; downloads go into a folder of the test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integrations.braze.conftest import Braze
from tests.sandbox_process import Sandbox


@pytest.fixture(scope="session")
def braze_process() -> Iterator[Braze]:
    with Sandbox("--people", "40") as running:
        yield Braze(running)


@pytest.fixture
def braze(braze_process: Braze, settings, tmp_path: Path) -> Braze:
    braze_process.sandbox.reset()
    settings.BRAZE_HOSTS = [braze_process.place]
    settings.DATA_DIR = tmp_path
    return braze_process
