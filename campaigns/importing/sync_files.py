"""The files of syncs: under a random name beside the uploads, and gone when their run is over."""

import re
import secrets
from pathlib import Path

from campaigns.importing.upload import folder
from campaigns.models import SyncRun

NAME = re.compile(r"sync-([0-9]{1,18})-.*")


def fresh(run_id: int) -> Path:
    """Return where a run may download to; what it has left behind there before is deleted."""
    folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    sweep()
    for path in folder().glob(f"sync-{run_id}-*"):
        path.unlink(missing_ok=True)
    return folder() / f"sync-{run_id}-{secrets.token_hex(16)}"


def sweep() -> None:
    """Delete the files of runs that are over: they are full of people."""
    found = [(path, match) for path in folder().glob("sync-*") if (match := NAME.fullmatch(path.name))]
    # Asked after looking: a run is stored before it has a file.
    is_open = set(SyncRun.objects.filter(state__in=SyncRun.OPEN_STATES).values_list("pk", flat=True))
    for path, match in found:
        if int(match[1]) not in is_open:
            path.unlink(missing_ok=True)
