"""Files that imports read: one of this machine becomes an import that waits; uploads have a folder of their own."""

import os
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from campaigns.importing.archive import FILE_LIMIT, display_name
from campaigns.importing.export import glance
from campaigns.importing.texts import ExportError
from campaigns.models import Import, Workspace


def start(path: Path, *, workspace: Workspace, by: User | None = None, name: str = "") -> Import:
    """Return a waiting import of this file; ExportError where a first look shows that it is no export."""
    glance(path)
    absolute = str(path.resolve())
    if len(absolute) > 500:
        raise ExportError(_("The path of the file is too long."))
    return Import.objects.create(
        workspace=workspace,
        file_name=display_name(name or path.name),
        path=absolute,
        byte_count=path.stat().st_size,
        created_by=by,
    )


def discard(job: Import) -> None:
    """Delete an uploaded file that has been read: it is full of people. Files from elsewhere stay."""
    path = Path(job.path)
    if path.parent == folder():
        path.unlink(missing_ok=True)


def folder() -> Path:
    """Return where uploaded files wait."""
    return Path(settings.DATA_DIR).resolve() / "uploads"


def copy(chunks: Iterable[bytes], path: Path) -> None:
    """Write a new file that only this user of the machine may read; stop where it grows too large."""
    size = 0
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
        for chunk in chunks:
            size += len(chunk)
            if size > FILE_LIMIT:
                raise ExportError(_("The file is larger than 2 GB."))
            target.write(chunk)
