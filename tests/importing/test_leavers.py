"""Who is no longer in the file, and imports that only look."""

from pathlib import Path
from typing import Any

import pytest

from campaigns import importing
from campaigns.importing import leavers, runs
from campaigns.models import Calendar, Import, Subscriber, Subscription, Traits, Workspace
from tests import builders
from tests.importing.exports import plain, someone, text

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let few people take several batches."""
    monkeypatch.setattr(runs, "BATCH_SIZE", 4)
    monkeypatch.setattr(leavers, "CHUNK_SIZE", 3)


@pytest.fixture
def workspace() -> Workspace:
    """A workspace without people."""
    return builders.make_workspace()


def crowd(numbers: range) -> list[dict[str, Any]]:
    """Return people."""
    return [someone(f"user-{number}") for number in numbers]


def started(path: Path, workspace: Workspace, *people: dict[str, Any], **columns: Any) -> Import:
    """Return an import of these people that waits to be run."""
    job = importing.start(plain(path / "e", *people), workspace=workspace)
    Import.objects.filter(pk=job.pk).update(**{"leavers": Import.Leavers.DEACTIVATE, **columns})
    return job


def imported(path: Path, workspace: Workspace, *people: dict[str, Any], **columns: Any) -> Import:
    """Import these people to the end."""
    return importing.run(started(path, workspace, *people, **columns).pk)


def active() -> set[str]:
    """Return who is active, and check that the others have left and get nothing."""
    gone = Subscriber.objects.filter(is_active=False)
    assert not gone.filter(left_at=None).exists()
    assert not Subscription.objects.filter(subscriber__in=gone, is_live=True).exists()
    return set(Subscriber.objects.filter(is_active=True).values_list("external_id", flat=True))


def test_whoever_is_not_in_the_file_becomes_inactive_and_is_not_deleted(
    tmp_path: Path, workspace: Workspace
) -> None:
    elsewhere = builders.make_subscriber("elsewhere", workspace=builders.make_workspace())
    imported(tmp_path, workspace, *crowd(range(10)))
    job = imported(tmp_path, workspace, *crowd(range(8, 12)))
    assert (job.state, job.left_count, job.reason) == (Import.State.FINISHED, 8, "")
    assert active() == {"user-8", "user-9", "user-10", "user-11", elsewhere.external_id}
    assert Subscriber.objects.count() == 13
    assert imported(tmp_path, workspace, *crowd(range(8, 12))).left_count == 0


def test_nobody_leaves_unless_that_was_asked_for(tmp_path: Path, workspace: Workspace) -> None:
    imported(tmp_path, workspace, *crowd(range(4)))
    assert imported(tmp_path, workspace, *crowd(range(1)), leavers="keep").left_count == 0
    assert len(active()) == 4


def test_nobody_leaves_where_more_than_half_would(
    tmp_path: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leavers, "FEW", 3)
    imported(tmp_path, workspace, *crowd(range(10)))
    job = imported(tmp_path, workspace, someone("user-0", first_name="New"))
    assert (job.state, job.left_count, job.changed_count) == (Import.State.FINISHED, 0, 1)
    assert job.reason.startswith("9 of 10 active people are not in this file.")
    assert len(active()) == 10
    assert imported(tmp_path, workspace, *crowd(range(5))).left_count == 5


def test_all_who_left_become_inactive_where_somebody_said_that_it_is_right(
    tmp_path: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leavers, "FEW", 3)
    imported(tmp_path, workspace, *crowd(range(10)))
    job = imported(tmp_path, workspace, *crowd(range(1)), leavers="all")
    assert (job.left_count, job.reason, active()) == (9, "", {"user-0"})


def test_somebody_whose_row_cannot_be_taken_is_in_the_file_all_the_same(
    tmp_path: Path, workspace: Workspace
) -> None:
    imported(tmp_path, workspace, *crowd(range(3)))
    job = imported(tmp_path, workspace, someone("user-0", custom_attributes=7), *crowd(range(1, 2)))
    assert active() == {"user-0", "user-1"}
    assert job.problems.get().message == "custom_attributes is not an object."


@pytest.mark.parametrize("leavers", ["deactivate", "all"])
def test_nobody_leaves_where_a_line_may_be_about_anybody(
    tmp_path: Path, workspace: Workspace, leavers: str
) -> None:
    imported(tmp_path, workspace, *crowd(range(10)))
    path = tmp_path / "damaged"
    path.write_bytes(text(crowd(range(5))) + b'{"external_id": "user-5", "first_name": "A" "B"}\n')
    job = importing.start(path, workspace=workspace)
    Import.objects.filter(pk=job.pk).update(leavers=leavers)
    job = importing.run(job.pk)
    assert (job.state, job.problem_count, job.left_count) == (Import.State.FINISHED, 1, 0)
    assert job.reason.startswith("1 line of this file cannot be read, and it may be about somebody")
    assert len(active()) == 10


def test_nobody_leaves_where_the_file_was_cut_off_within_a_line(tmp_path: Path, workspace: Workspace) -> None:
    imported(tmp_path, workspace, *crowd(range(10)))
    path = tmp_path / "cut-off"
    path.write_bytes(text(crowd(range(9)))[:-40])
    job = importing.start(path, workspace=workspace)
    Import.objects.filter(pk=job.pk).update(leavers=Import.Leavers.DEACTIVATE)
    assert importing.run(job.pk).left_count == 0
    assert len(active()) == 10


def test_a_line_without_a_user_id_keeps_nobody(tmp_path: Path, workspace: Workspace) -> None:
    imported(tmp_path, workspace, *crowd(range(3)))
    job = imported(tmp_path, workspace, someone(None), *crowd(range(2)))
    assert (job.left_count, job.reason, active()) == (1, "", {"user-0", "user-1"})


def test_a_damaged_line_is_not_mentioned_where_everybody_is_in_the_file(
    tmp_path: Path, workspace: Workspace
) -> None:
    imported(tmp_path, workspace, *crowd(range(3)))
    path = tmp_path / "damaged"
    path.write_bytes(b"{}}\n" + text(crowd(range(3))))
    job = importing.start(path, workspace=workspace)
    Import.objects.filter(pk=job.pk).update(leavers=Import.Leavers.DEACTIVATE)
    assert importing.run(job.pk).reason == ""


def test_a_file_without_usable_people_switches_nobody_off(tmp_path: Path, workspace: Workspace) -> None:
    imported(tmp_path, workspace, *crowd(range(3)))
    assert imported(tmp_path, workspace, someone(None)).state == Import.State.FAILED
    assert len(active()) == 3


def test_an_import_that_was_cut_off_while_people_left_ends_the_same(
    tmp_path: Path, workspace: Workspace
) -> None:
    imported(tmp_path, workspace, *crowd(range(10)))
    job = started(tmp_path, workspace, *crowd(range(2)))
    steps = importing.steps(job.pk)
    assert next(steps).left_count == 0
    assert len(active()) == 10  # the file comes first
    assert next(steps).left_count == 3  # and the process dies
    done = importing.run(job.pk)
    assert (done.state, done.left_count, active()) == (Import.State.FINISHED, 8, {"user-0", "user-1"})


def test_who_came_in_after_the_upload_does_not_leave(tmp_path: Path, workspace: Workspace) -> None:
    job = started(tmp_path, workspace, *crowd(range(1)))
    builders.make_subscriber("newcomer", workspace=workspace)
    assert importing.run(job.pk).left_count == 0


def test_a_dry_run_says_what_would_happen_and_writes_no_people(tmp_path: Path, workspace: Workspace) -> None:
    builders.make_account("shop")
    imported(tmp_path, workspace, *crowd(range(5)))
    Calendar.objects.all().delete()
    before = [list(model.objects.values()) for model in (Subscriber, Subscription, Traits)]
    people = [someone("user-0", first_name=5), someone("user-1"), someone("new"), someone(None)]
    job = imported(tmp_path, workspace, *people, is_dry_run=True)
    assert (job.state, job.read_count, job.left_count) == (Import.State.FINISHED, 4, 3)
    assert (job.new_count, job.changed_count, job.unchanged_count) == (1, 1, 1)
    assert [problem.place for problem in job.problems.all()] == ["line 1", "line 4"]
    assert [list(model.objects.values()) for model in (Subscriber, Subscription, Traits)] == before
    assert not Calendar.objects.exists()
    again = imported(tmp_path, workspace, *people)
    assert (again.new_count, again.changed_count, again.unchanged_count, again.left_count) == (1, 1, 1, 3)
