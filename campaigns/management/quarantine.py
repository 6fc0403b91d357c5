"""Keeps the embedded broker's folder readable: kombu's filesystem transport ends the worker on a broken file."""

import json
import logging
from pathlib import Path

log = logging.getLogger(__name__)


def clear(queue: Path) -> list[Path]:
    """Move what kombu could not read from ``messages/`` and ``control/`` to ``quarantine/``; return where to.

    A message that is still being written may be taken too: that loses a wake-up, and the next tick
    brings another. An exchange file (bindings) is written again when the worker starts.
    """
    broken = [file for file in (queue / "messages").glob("*.msg") if not is_message(file)]
    broken += [file for file in (queue / "control").glob("*.exchange") if not is_exchange(file)]
    return [aside(file, queue / "quarantine") for file in broken]


def aside(file: Path, folder: Path) -> Path:
    """Move one file out of kombu's sight."""
    folder.mkdir(mode=0o700, exist_ok=True)
    log.warning("%s cannot be read as a message; moved to %s", file.name, folder)
    return file.rename(folder / file.name)


def is_message(file: Path) -> bool:
    """Whether kombu could read this message: virtual.base.Message asks for these two names."""
    try:
        return "delivery_tag" in json.loads(file.read_bytes())["properties"]
    except (OSError, ValueError, KeyError, TypeError):
        return False


def is_exchange(file: Path) -> bool:
    """Whether kombu could read these bindings: a list of (routing key, pattern, queue)."""
    try:
        return all(len(binding) == 3 for binding in json.loads(file.read_bytes()))
    except (OSError, ValueError, TypeError):
        return False
