"""Uploaded files that nobody needs any more: they are full of people."""

import re
import time
from datetime import timedelta
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.importing import sync_files
from campaigns.importing.upload import folder
from campaigns.models import Import
from campaigns.models.clock import now

OF_AN_UPLOAD = re.compile(r"[0-9a-f]{32}")
ARRIVING_SECONDS = 24 * 60 * 60  # a file that came today may be about to get its import
UNDER_WAY = (Import.State.WAITING, Import.State.RUNNING)


def sweep(*, days: int) -> int | None:
    """Delete what lies on this host for no reason, or was tried and not imported for ``days``; None where nothing did.

    0 days: what was tried stays. Files whose import is over, or that never got one, go in any case.
    """
    sync_files.sweep()
    gone = 0
    for path in folder().glob("*"):
        if OF_AN_UPLOAD.fullmatch(path.name) and _age(path) > ARRIVING_SECONDS and _let_go(path, days=days):
            path.unlink(missing_ok=True)
            gone += 1
    return gone or None


def _age(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0


@transaction.atomic
def _let_go(path: Path, *, days: int) -> bool:
    """Whether a file may go; its import says from then on why it cannot be read again."""
    job = Import.objects.select_for_update().filter(path=str(path)).first()
    if job is None or (job.state == Import.State.FINISHED and not job.is_dry_run):
        return True
    since = job.finished_at or job.created_at
    if job.state in UNDER_WAY or not days or since > now() - timedelta(days=days):
        return False
    job.state = Import.State.FAILED
    job.reason = _("The file was removed after %(days)s days; it was not imported. Upload it again.") % {
        "days": days
    }
    job.save(update_fields=["state", "reason"])
    return True
