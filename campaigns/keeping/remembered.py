"""What this host remembers of the database's clock: the newest beat it has seen, in a small file of its own."""

import json
import logging
import os
import tempfile
from contextlib import suppress
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


def remember(family: UUID, mark: Mark) -> None:
    """Keep a beat: a file is there whole or not at all, whoever is killed meanwhile."""
    path = _path(family)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".")
        try:
            with os.fdopen(handle, "w") as file:
                json.dump({"number": mark.number, "at": mark.at.isoformat()}, file)
            Path(name).replace(path)
        except BaseException:
            with suppress(OSError):
                Path(name).unlink()
            raise
    except OSError as error:
        log.warning("this host cannot remember the database's clock: %s", error)


def _path(family: UUID) -> Path:
    return Path(settings.DATA_DIR) / "beats" / f"{family}.json"
