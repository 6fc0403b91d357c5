"""Somebody is erased while a file that names them is read."""

from io import BytesIO
from pathlib import Path

import pytest
from django.db import connection, transaction

from campaigns import importing
from campaigns.forms import person_list
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
from tests.meanwhile import Act, being_erased, marks, waiting_count
from tests.pipeline.test_erase import everything_kept
from tests.workers import wait_until


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_dry_run", [True, False])
def test_no_problem_names_somebody_who_is_erased_this_moment(tmp_path: Path, *, is_dry_run: bool) -> None:
    workspace, admin = builders.make_workspace(), builders.make_user("admin")
    ada = builders.make_subscriber("ada", workspace=workspace)
    job = importing.start(
        plain(tmp_path / "e", someone(email="no mail"), someone("bob")), workspace=workspace
    )
    Import.objects.filter(pk=job.pk).update(is_dry_run=is_dry_run)

    with being_erased(ada, admin):
        job = importing.run(job.pk)

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

    with transaction.atomic():  # a batch of an import
        turn(ada.workspace_id)
        eraser = Act(lambda: erase.erase(ada, marks(ada, admin)))
        wait_until(waiting_count, seconds=20, what="the erasure to wait")
        take(ada.workspace_id, {"ada-77": person(told)}, Finder())
    eraser.done()

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
        kept = person_list.keep(BytesIO(b"ada-77\nbob\n"), PersonList(name="VIPs"))
        counts.append(kept.erased_count)

    with transaction.atomic():
        erase.erase(ada, marks(ada, admin))
        upload = Act(uploading)
        wait_until(waiting_count, seconds=20, what="the upload to wait")
    upload.done()

    assert counts == [1]
    assert list(PersonListMember.objects.values_list("external_id", flat=True)) == ["bob"]
