"""Starts real programs for a test, and ends whatever a failing test leaves of them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.processes.running import Running


@pytest.fixture(autouse=True)
def _all_of_them(untraced: None) -> None:
    """Every program here is started untraced."""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def start(data: Path) -> Iterator[Callable[..., Running]]:
    started: list[Running] = []

    def _start(*arguments: str, **environment: str) -> Running:
        started.append(Running(list(arguments), data=data, **environment))
        return started[-1]

    yield _start
    for running in started:
        running.clean_up()
