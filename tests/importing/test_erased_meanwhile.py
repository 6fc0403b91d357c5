"""Somebody is erased while a file that names them is read."""

import threading
from io import BytesIO
from pathlib import Path

import pytest
from django.db import connection, transaction

from campaigns import importing
from campaigns.forms import person_list
from campaigns.importing import suppressed
from campaigns.importing.people import take
from campaigns.importing.person import person
from campaigns.importing.shared import Finder
from campaigns.models import ErasedSubscription, Import, ImportProblem, Notice, PersonList, PersonListMember
from campaigns.models.clock import now
from campaigns.models.keyed import keys_of_subscription
from campaigns.models.turns import turn
from campaigns.pipeline.record import erase
from tests import builders
from tests.importing.exports import plain, someone
from tests.pipeline.test_erase import everything_kept
from tests.workers import wait_until

WAITING = (
    "SELECT count(*) FROM pg_locks WHERE NOT granted"
    " AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())"
)


def waiting_count() -> int:
    """Return how many wait for a lock in this database; on SQLite whoever writes keeps everybody waiting."""
    if connection.vendor == "sqlite":
        return 1
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_stat_clear_snapshot()"
        )  # else a transaction goes on seeing who was there first
        cursor.execute(WAITING)
        count: int = cursor.fetchone()[0]
        return count


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
                while not is_read.wait(0.01) and not waiting_count():
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


@pytest.mark.django_db(transaction=True)
def test_what_an_import_brings_of_somebody_who_is_erased_this_moment_goes_too() -> None:
    if connection.vendor == "sqlite":
        pytest.skip("SQLite lets nobody write meanwhile")
    ada, admin = builders.make_subscriber("ada-77"), builders.make_user("admin")
    account = builders.make_account()
    rokt_id, email = "0f0f0f0f-b6ba-4536-aa36-70788a7a0a36", "ada@example.net"
    for number, said in enumerate([rokt_id.upper(), email]):
        Notice.objects.create(
            account=account,
            event_id=f"n{number}",
            state="orphan",
            body=f'{{"of": "{said}"}}',
            received_at=now(),
        )
    told = {"external_id": "ada-77", "email": email, "custom_attributes": {"rokt:subscription_id": [rokt_id]}}
    marks = erase.Marks(admin, "why", suppressed.keys(ada.workspace_id, "ada-77"))
    faults: list[BaseException] = []

    def erasing() -> None:
        try:
            erase.erase(ada, marks)
        except BaseException as fault:  # noqa: BLE001 - for the test to show
            faults.append(fault)
        finally:
            connection.close()

    eraser = threading.Thread(target=erasing)
    with transaction.atomic():  # a batch of an import
        turn(ada.workspace_id)
        eraser.start()
        wait_until(waiting_count, seconds=20, what="the erasure to wait")
        take(ada.workspace_id, {"ada-77": person(told)}, Finder())
    eraser.join()

    assert faults == []
    kept = everything_kept().casefold()
    assert [word for word in ("ada-77", rokt_id, email) if word in kept] == []
    assert ErasedSubscription.objects.filter(key=keys_of_subscription(rokt_id)[0]).exists()


@pytest.mark.django_db(transaction=True)
def test_a_list_on_its_way_keeps_nobody_who_is_erased_this_moment() -> None:
    if connection.vendor == "sqlite":
        pytest.skip("SQLite lets nobody write meanwhile")
    ada, admin = builders.make_subscriber("ada-77"), builders.make_user("admin")
    counts: list[int] = []

    def uploading() -> None:
        try:
            kept = person_list.keep(BytesIO(b"ada-77\nbob\n"), PersonList(name="VIPs"))
            counts.append(kept.erased_count)
        finally:
            connection.close()

    upload = threading.Thread(target=uploading)
    with transaction.atomic():
        erase.erase(ada, erase.Marks(admin, "why", suppressed.keys(ada.workspace_id, "ada-77")))
        upload.start()
        wait_until(waiting_count, seconds=20, what="the upload to wait")
    upload.join()

    assert counts == [1]
    assert list(PersonListMember.objects.values_list("external_id", flat=True)) == ["bob"]
