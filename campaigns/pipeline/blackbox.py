"""Whose call is being written right now, in small files that outlive the process: its black boxes."""

import fcntl
import logging
import mmap
import os
import struct
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from uuid import uuid4

from django.conf import settings

# One slot for writing a batch, one for each of those that are written at the same time; and behind them the dry run.
SLOTS = 17
DRY_RUN = 17
SHAPE = struct.Struct(f"{SLOTS + 1}q")

Box = memoryview | list[int]
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """Whom a process was writing when it died: deliveries, or the people of a dry run."""

    path: Path
    ids: Sequence[int]
    dry_run_id: int = 0


class _Own(threading.local):
    box: memoryview
    path: Path | None = None
    pid = 0


_own = _Own()


def mine() -> Box:
    """Return this thread's box: a slot holds the id of the delivery that is being written, or 0.

    While ``DRY_RUN`` holds the id of a dry run, it is the ids of people.

    Writing into a slot costs what writing into a list does, and what was written survives the death of the process
    (not that of the machine). Where the disk has no room it is a list: sending goes on without.
    """
    if _own.path is None or _own.pid != os.getpid() or not _own.path.exists():
        try:
            _own.path, _own.box = _new()
            _own.pid = os.getpid()
        except OSError as error:
            warn(error.strerror)
            return none()
    return _own.box


def none() -> Box:
    """Return a box that nobody finds."""
    return [0] * (SLOTS + 1)


def _new() -> tuple[Path, memoryview]:
    """Make a box that is locked for as long as this process lives: the lock goes with the memory."""
    folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    while True:
        path = folder() / f"{os.getpid()}-{uuid4().hex}"
        with path.open("xb+", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.write(bytes(SHAPE.size))  # not just made longer: memory without a disk behind it kills
            if _is_there(file.fileno()):  # nobody took it for a dead one before it was locked
                return path, memoryview(mmap.mmap(file.fileno(), SHAPE.size)).cast("q")


def dead() -> Iterator[Found]:
    """Yield the boxes of this host whose owners are gone; each is ours meanwhile.

    The name says nothing about life, for process ids come again: a lock is held exactly as long as its owner lives.
    """
    for path in _files():
        try:
            file = path.open("rb+")
        except OSError:  # somebody else was quicker, or it is none of ours
            continue
        with file:
            if _is_ours(file.fileno()):
                yield _read(path, file.read(SHAPE.size + 1))


def folder() -> Path:
    """Return where the boxes of this host are."""
    return Path(settings.DATA_DIR) / "perils"


@cache
def warn(reason: str | None) -> None:
    """Say once that there is no room for boxes."""
    log.warning("black boxes cannot be kept, whoever stops a worker will not be found: %s", reason)


def _files() -> list[Path]:
    try:
        return list(folder().iterdir())
    except OSError:
        return []


def _is_ours(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return _is_there(handle)


def _is_there(handle: int) -> bool:
    return os.fstat(handle).st_nlink > 0


def _read(path: Path, content: bytes) -> Found:
    """Read a box; one that is damaged names nobody."""
    if len(content) != SHAPE.size:
        return Found(path, [])
    *ids, dry_run_id = SHAPE.unpack(content)
    return Found(path, [number for number in ids if number > 0], dry_run_id)
