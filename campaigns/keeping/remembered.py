"""What this host remembers of the database's clock: the newest beat it has seen, in a small file of its own."""

import fcntl
import json
import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.conf import settings

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Mark:
    """A beat as it is remembered: its number, and the database's time."""

    number: int
    at: datetime


def recall(family: UUID) -> Mark | None:
    """Return the newest beat that this host has seen of a database; None where there is no readable file."""
    try:
        found = json.loads(_path(family).read_text())
        return Mark(int(found["number"]), datetime.fromisoformat(found["at"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.warning("what this host remembers of the database cannot be read, and is written anew: %s", error)
        return None


def remember(family: UUID, mark: Mark, *, instead_of: Mark | None) -> None:
    """Keep a beat, unless another process has kept one since ``instead_of`` was recalled.

    A file is there whole or not at all, whoever is killed meanwhile.
    """
    path = _path(family)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _alone_in(path.parent):
            if recall(family) == instead_of:
                _write(path, {"number": mark.number, "at": mark.at.isoformat()})
    except OSError as error:
        log.warning("this host cannot remember the database's clock: %s", error)


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Let no other process of this host do the same in this folder."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _write(path: Path, document: object) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".")
    try:
        with os.fdopen(handle, "w") as file:
            json.dump(document, file)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def _path(family: UUID) -> Path:
    return Path(settings.DATA_DIR) / "beats" / f"{family}.json"
