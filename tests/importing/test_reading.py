"""A large file is read by a process of its own: the same comes in, and nothing is lost when that process dies."""

import os
import signal
import threading
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from django.forms.models import model_to_dict

from campaigns import importing
from campaigns.importing import ahead, reading, runs, shared
from campaigns.importing.export import Row, read
from campaigns.importing.intake import read_again
from campaigns.importing.parcels import Packer, Unpacker
from campaigns.importing.shared import common, weight
from campaigns.models import Import, Subscriber, Subscription, Workspace
from integrations.braze.profile import Values
from integrations.sandbox.people import write_export
from tests import builders
from tests.importing.exports import plain, someone

pytestmark = pytest.mark.django_db
PEOPLE = 60
TABLE = "user id,first name\nada,Ada\n,Nobody\ngrace,Grace\n"
MAPPING = {"user id": "external_id", "first name": "first_name"}


@pytest.fixture(autouse=True)
def everything_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "SMALL", 0)
    monkeypatch.setattr(runs, "BATCH_SIZE", 10)


@pytest.fixture
def export(tmp_path: Path) -> Path:
    write_export(tmp_path / "export.zip", PEOPLE)
    return tmp_path / "export.zip"


def readers() -> list[int]:
    """Return the processes that this one has started to read."""
    started = Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text().split()
    return [int(pid) for pid in started if b"reading.main" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def everybody(workspace: Workspace) -> list[dict[str, object]]:
    """Return all that is stored of a workspace's people and their subscriptions, but for what differs by nature."""
    people = Subscriber.objects.filter(workspace=workspace).order_by("external_id")
    return [
        model_to_dict(person, exclude=["id", "workspace"])
        | {"subscriptions": [model_to_dict(each, exclude=["id", "subscriber"]) for each in theirs(person)]}
        for person in people
    ]


def theirs(person: Subscriber) -> list[Subscription]:
    return list(person.subscriptions.order_by("position"))


def test_what_another_process_reads_is_what_this_one_reads(
    export: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there, here = builders.make_workspace(), builders.make_workspace(name="Here")
    job = importing.run(importing.start(export, workspace=there).pk)
    monkeypatch.setattr(ahead, "SMALL", 10**9)
    same = importing.run(importing.start(export, workspace=here).pk)
    assert (job.state, job.new_count, job.bytes_read_count) == (Import.State.FINISHED, PEOPLE, job.byte_count)
    assert everybody(there) == everybody(here)
    assert everybody(there)[0]["subscriptions"]
    told = ("place", "external_id", "message")
    assert list(job.problems.values_list(*told)) == list(same.problems.values_list(*told))
    assert job.problem_count > 0


def test_the_process_is_gone_when_the_import_is_through(export: Path) -> None:
    steps = importing.steps(importing.start(export, workspace=builders.make_workspace()).pk)
    next(steps)
    (pid,) = readers()
    assert len(list(steps)) == PEOPLE // 10 - 1
    assert pid not in readers()


def test_the_process_is_gone_when_nobody_wants_more(export: Path) -> None:
    steps = importing.steps(importing.start(export, workspace=builders.make_workspace()).pk)
    next(steps)
    steps.close()  # type: ignore[attr-defined]  # a generator
    assert readers() == []


@pytest.mark.parametrize("answered", [True, False])
def test_a_process_that_dies_fails_the_import_which_can_be_started_again(
    export: Path, answered: bool
) -> None:
    job = importing.start(export, workspace=builders.make_workspace())
    steps = importing.steps(job.pk)
    next(steps)
    (pid,) = readers()
    if answered:
        time.sleep(0.5)  # then the next batch is on its way already, and the order after it meets nobody
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    with pytest.raises(ChildProcessError, match="-9"):
        list(steps)
    job.refresh_from_db()
    assert (job.state, job.reason) == (
        Import.State.FAILED,
        "Something went wrong; the log says more. Start it again.",
    )
    assert read_again(job)
    assert importing.run(job.pk).state == Import.State.FINISHED
    assert Subscriber.objects.count() == PEOPLE


def test_a_file_that_is_damaged_changes_nothing(export: Path) -> None:
    content = export.read_bytes()
    with zipfile.ZipFile(export) as archive:
        middle = archive.infolist()[0].compress_size // 2
    export.write_bytes(content[:middle] + bytes(20) + content[middle + 20 :])
    job = importing.run(importing.start(export, workspace=builders.make_workspace()).pk)
    assert (job.state, job.reason) == (
        Import.State.FAILED,
        "The file is damaged or cut off; fetch it again.",
    )
    assert not Subscriber.objects.exists()
    assert readers() == []


def test_a_file_that_is_gone_fails_with_its_reason(tmp_path: Path) -> None:
    path = plain(tmp_path / "people.txt", *(someone(f"user-{number}") for number in range(PEOPLE)))
    job = importing.start(path, workspace=builders.make_workspace())
    Import.objects.filter(pk=job.pk).update(path=str(tmp_path / "away.txt"))
    job = importing.run(job.pk)
    assert (job.state, job.reason) == (
        Import.State.FAILED,
        "The file cannot be opened: No such file or directory.",
    )


@pytest.mark.parametrize("kind", [Import.Format.CSV, Import.Format.LINES])
def test_tables_and_lines_come_in_row_by_row(tmp_path: Path, kind: Import.Format) -> None:
    path = tmp_path / "people"
    if kind == Import.Format.CSV:
        path.write_text(TABLE)
    else:
        plain(path, {"user id": "ada", "first name": "Ada"}, {}, {"user id": "grace", "first name": "Grace"})
    job = builders.make_import(path=str(path), format=kind, mapping=MAPPING)
    done = importing.run(job.pk)
    assert (done.read_count, done.new_count, done.problem_count) == (3, 2, 1)
    assert list(Subscriber.objects.order_by("pk").values_list("external_id", "first_name")) == [
        ("ada", "Ada"),
        ("grace", "Grace"),
    ]


def test_combinations_are_told_once_and_forgotten_when_they_are_too_many(
    export: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = list(read(export))
    for row in rows:
        assert row.person
        row.person.read()
    packer, unpacker = Packer(), Unpacker()
    monkeypatch.setattr(shared, "MOST_REMEMBERED", 15_000)

    told = [packer.pack(rows[place : place + 3]) for place in range(0, PEOPLE, 3) for _twice in range(2)]

    assert sum(parcel.first == 0 for parcel in told) > 1
    assert not all(parcel.combinations for parcel in told)
    opened = [unpacker.unpack(parcel) for parcel in told]
    assert opened[::2] == opened[1::2]
    assert [row for some in opened[::2] for row in some] == [without_given(row) for row in rows]


def without_given(row: Row) -> Row:
    """The attributes themselves stay where they were read."""
    return replace(row, person=replace(row.person, given=None)) if row.person else row


def test_an_import_may_forget_combinations_at_any_time(export: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "MOST_REMEMBERED", 0)

    job = importing.run(importing.start(export, workspace=builders.make_workspace()).pk)

    assert (job.state, job.new_count) == (Import.State.FINISHED, PEOPLE)


def test_combinations_are_weighed_by_their_letters() -> None:
    """A file may hold a thousand tags for each subscription."""
    light, heavy = (common(Values(0, tags=("😀" * letters,))) for letters in (10, 100_000))

    assert weight(light) < 2_000
    assert weight(heavy) > 400_000


def test_people_with_long_attributes_come_in_smaller_batches(
    export: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_LETTERS", 3_000)
    people = read(export)

    batches = list(iter(lambda: reading.some(people, 10), []))

    assert [row.number for batch in batches for row in batch] == [*range(1, PEOPLE + 1)]
    assert 1 < max(map(len, batches)) < 10
