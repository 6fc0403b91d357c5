"""Exports of the stand-in's Braze: files written aside while it goes on answering, there for a while, then gone."""

import gzip
import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from integrations.sandbox.braze_crowd import Person
from integrations.sandbox.people import write_people


@dataclass(slots=True)
class Export:
    """One export; `ready_at` (monotonic) is known when the file is written, and may still be to come."""

    segment_id: str
    path: Path
    ready_at: float | None = None

    @property
    def is_ready(self) -> bool:
        """Whether the file may be fetched, or could be until it expired."""
        return self.ready_at is not None and self.ready_at <= time.monotonic()


class Exports:
    """Every export since the sandbox was emptied, its file in a folder of its own."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="sandbox-exports-")
        self._held: dict[str, Export] = {}
        self._threads: list[threading.Thread] = []
        self._closed = threading.Event()

    def running(self, segment_id: str) -> bool:
        """Whether this segment is being exported."""
        return any(one.segment_id == segment_id and not one.is_ready for one in self._held.values())

    def begin(
        self,
        segment_id: str,
        people: Iterator[Person],
        *,
        ending: str,
        seconds: float,
        done: Callable[[], None],
    ) -> str:
        """Begin to write a file (`.zip` or `.gz`), there after `seconds` at the earliest; `done` is called then.

        Returns the name of the file.
        """
        name = f"{uuid.uuid4()}-{int(time.time())}{ending}"
        export = self._held[name] = Export(segment_id, Path(self._folder.name, name))
        due_at = time.monotonic() + seconds
        thread = threading.Thread(target=self._write, args=(export, people, due_at, done), daemon=True)
        self._threads = [one for one in self._threads if one.is_alive()] + [thread]
        thread.start()
        return name

    def find(self, name: str) -> Export | None:
        """The export of this file name."""
        return self._held.get(name)

    def close(self) -> None:
        """Stop writing, and remove every file."""
        self._closed.set()
        for thread in self._threads:
            thread.join()
        self._folder.cleanup()

    def _write(
        self, export: Export, people: Iterator[Person], due_at: float, done: Callable[[], None]
    ) -> None:
        write = write_people if export.path.suffix == ".zip" else write_gzip
        write(export.path, self._until_closed(people))
        export.ready_at = max(due_at, time.monotonic())
        if not self._closed.wait(max(0.0, due_at - time.monotonic())):
            done()

    def _until_closed(self, people: Iterator[Person]) -> Iterator[Person]:
        for person in people:
            if self._closed.is_set():
                return
            yield person


def write_gzip(path: Path, people: Iterator[Person]) -> None:
    """Write all people into one text, packed."""
    with gzip.open(path, "wt", encoding="utf-8", newline="\n") as text:
        text.writelines(json.dumps(person, ensure_ascii=False) + "\n" for person in people)
