"""People behind findings, snapshots and uploaded files: kept for a while."""

import os
import time
from datetime import timedelta

import pytest
from django.utils import timezone

from campaigns import keeping
from campaigns.importing.upload import folder
from campaigns.models import DryRun, DryRunCause, DryRunPerson, Import, Snapshot
from tests.builders import make_import, make_segment, make_send, make_subscriber
from tests.keeping.conftest import ago, old_event, old_send

pytestmark = pytest.mark.django_db

NAME = "0123456789abcdef" * 2


def checked(days: int, **columns):
    event = old_event()
    job = DryRun.objects.create(
        event=event, kind="create", content={}, fingerprint="x", state=DryRun.State.FINISHED, **columns
    )
    DryRun.objects.filter(pk=job.pk).update(created_at=ago(days))
    cause = DryRunCause.objects.create(dry_run=job, level="error", text="no name", people_count=1)
    return job, DryRunPerson.objects.create(cause=cause, subscriber=make_subscriber())


def tidy() -> None:
    keeping.tidy_up(seconds=60)


def test_people_behind_findings_go_and_their_number_stays(auditor):
    job, person = checked(91)
    _other, young = checked(89)

    tidy()

    assert list(DryRunPerson.objects.values_list("pk", flat=True)) == [young.pk]
    cause = DryRunCause.objects.get(dry_run=job)
    assert cause.people_count == 1
    page = auditor.get(f"/dry-runs/{job.pk}/people/?cause={cause.pk}").content.decode()
    assert f"was removed on {timezone.now():%Y-%m-%d}" in page
    assert person.pk != young.pk


def test_people_stay_while_a_send_leaves_them_out():
    job, _person = checked(120)
    make_send(job.event, dry_run=job, deliver_until=timezone.now() + timedelta(days=3))

    tidy()

    assert DryRunPerson.objects.filter(cause__dry_run=job).exists()


def test_snapshots_that_nobody_asked_for_go():
    segment = make_segment()
    for cause in Snapshot.Cause.values:
        for days in (401, 399):
            Snapshot.objects.create(
                segment=segment, version=1, cause=cause, people=b"", people_count=0, taken_at=ago(days)
            )

    tidy()

    assert Snapshot.objects.filter(taken_at__lt=ago(400)).get().cause == Snapshot.Cause.ASKED
    assert Snapshot.objects.filter(taken_at__gt=ago(400)).count() == 3


def uploaded(days: float):
    folder().mkdir(parents=True)
    path = folder() / NAME
    path.write_text("{}")
    at = time.time() - days * 24 * 60 * 60
    os.utime(path, (at, at))
    return path


def test_a_file_that_was_tried_and_never_imported_goes_and_its_page_says_so(marketer):
    path = uploaded(31)
    job = make_import(path=str(path), is_dry_run=True, state=Import.State.FINISHED, finished_at=ago(31))

    tidy()

    assert not path.exists()
    job.refresh_from_db()
    assert job.state == Import.State.FAILED
    page = marketer.get(f"/imports/{job.pk}/").content.decode()
    assert "removed after 30 days; it was not imported" in page
    assert "Import these people" not in page


@pytest.mark.parametrize(
    ("columns", "days"),
    [
        ({"is_dry_run": True, "state": Import.State.FINISHED}, 29),
        ({"is_dry_run": False, "state": Import.State.WAITING}, 400),
        ({"is_dry_run": True, "state": Import.State.RUNNING}, 400),
    ],
)
def test_a_file_that_may_still_be_read_stays(columns, days):
    path = uploaded(days)
    make_import(path=str(path), finished_at=ago(days), **columns)

    tidy()

    assert path.exists()


@pytest.mark.parametrize(("days", "stays"), [(2, False), (0.5, True)])
def test_a_file_without_an_import_goes_once_it_cannot_be_arriving(days, stays):
    path = uploaded(days)

    tidy()

    assert path.exists() == stays


def test_a_file_whose_import_ended_goes():
    path = uploaded(2)
    make_import(path=str(path), is_dry_run=False, state=Import.State.FINISHED)

    tidy()

    assert not path.exists()


def test_one_thing_that_cannot_go_does_not_keep_the_others(monkeypatch, caplog):
    from campaigns.keeping import findings

    def broken(**_options):
        raise OSError("no")

    monkeypatch.setattr(findings, "forget_people", broken)
    send = old_send(401)

    tidy()

    assert send.purges.filter(done_at__isnull=False).exists()
    assert "people behind findings could not be removed" in caplog.text
