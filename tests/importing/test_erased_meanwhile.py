"""Somebody is erased while a file that names them is read."""

import threading
from pathlib import Path

import pytest
from django.db import connection, transaction

from campaigns import importing
from campaigns.importing import suppressed
from campaigns.models import Import, ImportProblem
from campaigns.pipeline.record import erase
from tests import builders
from tests.importing.exports import plain, someone

WAITING = (
    "SELECT count(*) FROM pg_locks WHERE NOT granted"
    " AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())"
)


def somebody_waits() -> bool:
    """Return whether anybody waits for a lock in this database; on SQLite whoever writes keeps everybody waiting."""
    if connection.vendor == "sqlite":
        return True
    with connection.cursor() as cursor:
        cursor.execute(WAITING)
        return bool(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_dry_run", [True, False])
def test_no_problem_names_somebody_who_is_erased_this_moment(tmp_path: Path, *, is_dry_run: bool) -> None:
    workspace, admin = builders.make_workspace(), builders.make_user("admin")
    ada = builders.make_subscriber("ada", workspace=workspace)
    job = importing.start(
        plain(tmp_path / "e", someone(email="no mail"), someone("bob")), workspace=workspace
    )
    Import.objects.filter(pk=job.pk).update(is_dry_run=is_dry_run)
    gone, is_read = threading.Event(), threading.Event()

    def erasing() -> None:
        try:
            with transaction.atomic():
                erase.erase(ada, erase.Marks(admin, "why", suppressed.keys(workspace.pk, "ada")))
                gone.set()
                while not is_read.wait(0.01) and not somebody_waits():
                    pass
        finally:
            gone.set()
            connection.close()

    eraser = threading.Thread(target=erasing)
    eraser.start()
    assert gone.wait(20)
    job = importing.run(job.pk)
    is_read.set()
    eraser.join()
    assert (job.state, job.suppressed_count) == (Import.State.FINISHED, 1)
    assert not ImportProblem.objects.exists()
