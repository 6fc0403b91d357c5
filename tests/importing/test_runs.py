"""A whole import: its counts always add up, and it may be cut off, repeated or run twice at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from campaigns import importing
from campaigns.importing import batch, runs
from campaigns.importing.intake import read_again
from campaigns.models import Account, Calendar, Import, ImportProblem, Subscriber, Subscription, Workspace
from tests import builders
from tests.importing.exports import plain, someone, text, zipped

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a file of ten people take several batches."""
    monkeypatch.setattr(runs, "BATCH_SIZE", 4)


@pytest.fixture
def workspace() -> Workspace:
    """A workspace without people."""
    return builders.make_workspace()


@pytest.fixture
def ten(tmp_path: Path) -> Path:
    """A file of ten people."""
    return plain(tmp_path / "ten.txt", *(someone(f"user-{number}") for number in range(10)))


def imported(path: Path, workspace: Workspace) -> Import:
    """Import a file to its end."""
    return importing.run(importing.start(path, workspace=workspace).pk)


def counts(job: Import) -> tuple[int, int, int, int]:
    """Return what an import counted: read, new, changed, unchanged."""
    return job.read_count, job.new_count, job.changed_count, job.unchanged_count


def problems(job: Import) -> list[tuple[str, str, str]]:
    """Return what an import complained about."""
    return [(found.place, found.external_id, found.message) for found in job.problems.all()]


def test_a_file_is_read_to_its_end_and_counted(ten: Path, workspace: Workspace) -> None:
    job = imported(ten, workspace)
    assert job.state == Import.State.FINISHED
    assert counts(job) == (10, 10, 0, 0)
    assert job.problem_count == 0
    assert job.bytes_read_count == job.byte_count == ten.stat().st_size
    assert job.started_at is not None
    assert job.finished_at is not None
    assert Subscriber.objects.count() == Subscription.objects.count() == 10


def test_the_same_file_twice_changes_nothing(ten: Path, workspace: Workspace) -> None:
    imported(ten, workspace)
    before = list(Subscriber.objects.values()), list(Subscription.objects.values())
    assert counts(imported(ten, workspace)) == (10, 0, 0, 10)
    assert (list(Subscriber.objects.values()), list(Subscription.objects.values())) == before


def test_the_counts_move_with_every_batch(ten: Path, workspace: Workspace) -> None:
    job = importing.start(ten, workspace=workspace)
    seen = [
        (step.read_count, Import.objects.get(pk=job.pk).new_count, Subscriber.objects.count())
        for step in importing.steps(job.pk)
    ]
    assert seen == [(4, 4, 4), (8, 8, 8), (10, 10, 10)]


def test_an_import_that_was_cut_off_runs_again_from_the_start(ten: Path, workspace: Workspace) -> None:
    job = importing.start(ten, workspace=workspace)
    next(importing.steps(job.pk))  # and the process dies
    assert Import.objects.get(pk=job.pk).state == Import.State.RUNNING
    again = importing.run(job.pk)
    assert (again.state, counts(again)) == (Import.State.FINISHED, (10, 6, 0, 4))


def test_of_two_runs_of_one_import_the_later_goes_on(ten: Path, workspace: Workspace) -> None:
    job = importing.start(ten, workspace=workspace)
    first = importing.steps(job.pk)
    next(first)
    finished = importing.run(job.pk)
    assert list(first) == []
    job.refresh_from_db()
    assert (job.state, counts(job)) == (Import.State.FINISHED, counts(finished))


def test_a_finished_import_is_left_alone(ten: Path, workspace: Workspace) -> None:
    job = imported(ten, workspace)
    ten.unlink()
    again = importing.run(job.pk)
    assert (again.state, again.finished_at) == (Import.State.FINISHED, job.finished_at)


def test_an_import_that_failed_can_run_again(ten: Path, workspace: Workspace) -> None:
    job = importing.start(ten, workspace=workspace)
    content = ten.read_bytes()
    ten.write_bytes(b"<html>")
    failed = importing.run(job.pk)
    assert (failed.state, counts(failed)) == (Import.State.FAILED, (0, 0, 0, 0))
    assert failed.reason.startswith("This is a web page")
    ten.write_bytes(content)
    assert importing.run(job.pk).reason == failed.reason, "not by itself"
    assert read_again(job)
    again = importing.run(job.pk)
    assert (again.state, again.reason, again.new_count) == (Import.State.FINISHED, "", 10)


def test_a_damaged_archive_changes_nothing(tmp_path: Path, workspace: Workspace) -> None:
    good = text(someone(f"user-{number}") for number in range(20))
    path = zipped(tmp_path / "e.zip", {"1.txt": good, "2.txt": good})
    content = bytearray(path.read_bytes())
    content[content.index(b"2.txt") + 30] ^= 0xFF
    path.write_bytes(content)
    job = imported(path, workspace)
    assert (job.state, Subscriber.objects.count()) == (Import.State.FAILED, 0)
    assert "damaged" in job.reason


def test_a_fault_of_ours_fails_the_import_and_is_raised(
    ten: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: Any) -> None:
        raise RuntimeError("disk on fire")

    job = importing.start(ten, workspace=workspace)
    monkeypatch.setattr(runs, "store", broken)
    with pytest.raises(RuntimeError, match="disk on fire"):
        importing.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.reason) == (
        Import.State.FAILED,
        "Something went wrong; the log says more. Start it again.",
    )


def test_a_file_without_people_and_one_without_usable_people_fail(
    tmp_path: Path, workspace: Workspace
) -> None:
    blank = tmp_path / "blank"
    blank.write_bytes(b"\n  \n")
    assert imported(blank, workspace).reason == "There is nobody in this file."
    job = imported(plain(tmp_path / "e", someone(None), someone(5)), workspace)
    assert (job.state, job.reason) == (Import.State.FAILED, "Not one of the 2 rows could be taken.")
    assert job.problem_count == 2


def test_rows_with_problems_are_told_with_their_place(tmp_path: Path, workspace: Workspace) -> None:
    odd = {"rokt:country_code": "AU/abc", "rokt:subscription_id": ["nonsense"]}
    good = text([someone("a")])
    path = zipped(
        tmp_path / "e.zip",
        {"1.txt": good + b"{nonsense\n", "2.txt": text([someone("b", custom_attributes=odd)])},
    )
    job = imported(path, workspace)
    assert (job.state, counts(job), job.problem_count) == (Import.State.FINISHED, (3, 2, 0, 0), 2)
    first, second = problems(job)
    assert first[:2] == ("1.txt line 2", "")
    assert first[2].startswith("Not valid JSON")
    assert second == (
        "2.txt line 1",
        "b",
        "rokt:country_code is a text, where Rokt Calendar writes a list. rokt:subscription_id: 1 of 1 values"
        " left out; 'nonsense' is not a GUID. 1 subscription has no id and can receive no event.",
    )
    assert Subscriber.objects.filter(external_id="b").exists()


def test_problems_are_told_again_when_nothing_else_changed(tmp_path: Path, workspace: Workspace) -> None:
    path = plain(tmp_path / "e", someone(first_name=5))
    assert problems(imported(path, workspace)) == problems(imported(path, workspace)) != []


@pytest.mark.parametrize("between", [0, 9])
def test_of_two_rows_for_one_person_the_later_counts(
    tmp_path: Path, workspace: Workspace, between: int
) -> None:
    others = [someone(f"user-{number}") for number in range(between)]
    path = plain(tmp_path / "e", someone(first_name="Old"), *others, someone(first_name="New"))
    job = imported(path, workspace)
    assert Subscriber.objects.get(external_id="ada").first_name == "New"
    assert problems(job) == [
        (f"line {between + 2}", "ada", "This user id was in the file before; this later row counts.")
    ]


def test_attributes_that_the_export_left_out_are_kept_and_told(tmp_path: Path, workspace: Workspace) -> None:
    imported(plain(tmp_path / "e", someone()), workspace)
    job = imported(plain(tmp_path / "e", someone(custom_attributes=None)), workspace)
    assert problems(job) == [
        ("line 1", "ada", "The export says nothing about custom attributes; what was known is kept.")
    ]


def test_problems_are_counted_to_the_end_but_not_all_kept(
    tmp_path: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "PROBLEM_LIMIT", 6)
    job = imported(plain(tmp_path / "e", *[someone(None)] * 11, someone("a")), workspace)
    assert (job.problem_count, ImportProblem.objects.count()) == (11, 6)


def test_calendars_of_our_accounts_become_known_and_the_rest_is_counted(
    ten: Path, workspace: Workspace
) -> None:
    imported(ten, workspace)
    assert not Calendar.objects.exists()
    assert importing.unknown_accounts(workspace) == {"shop": 10}
    shop = builders.make_account("shop")
    imported(ten, workspace)
    assert list(Calendar.objects.values_list("account", "code", "title")) == [
        (shop.pk, "sale", "Summer Sale")
    ]
    assert importing.unknown_accounts(workspace) == {}


def test_a_calendar_keeps_the_title_it_has(ten: Path, workspace: Workspace, account: Account) -> None:
    Calendar.objects.create(account=account, code="sale", title="Sale!")
    imported(ten, workspace)
    assert Calendar.objects.get().title == "Sale!"


def test_a_calendar_whose_code_does_not_fit_is_left_out(
    tmp_path: Path, workspace: Workspace, account: Account
) -> None:
    long = {"rokt:account_code": ["shop/a"], "rokt:calendar_code": ["x" * 201 + "/a"]}
    assert imported(plain(tmp_path / "e", someone(custom_attributes=long)), workspace).new_count == 1
    assert not Calendar.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_imports_of_the_same_people_at_once_do_not_disagree(ten: Path) -> None:
    workspace = builders.make_workspace()
    jobs = [importing.start(ten, workspace=workspace) for _ in range(3)]

    def work(job: Import) -> None:
        try:
            importing.run(job.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as threads:
        list(threads.map(work, jobs))
    done = [Import.objects.get(pk=job.pk) for job in jobs]
    assert {job.state for job in done} == {Import.State.FINISHED}
    assert sum(job.new_count for job in done) == 10
    assert sum(job.unchanged_count for job in done) == 20
    assert Subscriber.objects.count() == Subscription.objects.count() == 10


def test_an_import_that_nobody_runs_any_more_is_found(ten: Path, workspace: Workspace) -> None:
    fresh, lost, alive, dead, done = (importing.start(ten, workspace=workspace) for _ in range(5))
    long_ago, now = timezone.now() - timedelta(hours=1), timezone.now()
    Import.objects.filter(pk=lost.pk).update(created_at=long_ago)
    Import.objects.filter(pk=alive.pk).update(state=Import.State.RUNNING, created_at=long_ago, moved_at=now)
    Import.objects.filter(pk=dead.pk).update(state=Import.State.RUNNING, moved_at=long_ago)
    Import.objects.filter(pk=done.pk).update(state=Import.State.FINISHED, moved_at=long_ago)

    assert importing.forgotten() == [lost.pk, dead.pk]
    assert fresh.state == Import.State.WAITING
