"""The way in: what a browser sends is kept safely until it is read, and no longer."""

import secrets
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile

from campaigns import importing
from campaigns.importing import intake, upload
from campaigns.models import Import
from tests import builders
from tests.importing.exports import plain, someone, text

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep uploads in a folder of this test."""
    monkeypatch.setattr(settings, "DATA_DIR", tmp_path / "data")
    return tmp_path / "data"


def receive(file: SimpleUploadedFile, by: User | None = None) -> Import:
    """Take an upload in, as the form does."""
    workspace = builders.make_workspace()
    return intake.receive(file, workspace=workspace, by=by, token=secrets.token_hex(16))


def waiting(data_dir: Path) -> list[Path]:
    """Return the files that wait in the upload folder."""
    return sorted((data_dir / "uploads").glob("*"))


def test_an_upload_waits_under_a_name_of_our_own_and_goes_when_it_is_read(data_dir: Path) -> None:
    user = builders.make_user()
    file = SimpleUploadedFile('..\\..\\exp\u202e"ort".zip', text([someone()]))
    job = receive(file, user)
    (kept,) = waiting(data_dir)
    assert (str(kept), kept.stat().st_mode & 0o777) == (job.path, 0o600)
    assert (job.file_name, job.created_by, job.state) == ('exp"ort".zip', user, Import.State.WAITING)
    assert job.byte_count == kept.stat().st_size
    assert importing.run(job.pk).new_count == 1
    assert waiting(data_dir) == [kept]  # tried, and not imported yet
    assert intake.confirm(importing.run(job.pk), Import.Leavers.KEEP)
    assert importing.run(job.pk).new_count == 1
    assert waiting(data_dir) == []


@pytest.mark.parametrize(
    ("content", "reason"), [(b"", "empty"), (b"<html>", "web page"), (b"PK\x03\x04oops", "damaged")]
)
def test_what_is_no_export_is_refused_at_once_and_not_kept(
    data_dir: Path, content: bytes, reason: str
) -> None:
    with pytest.raises(importing.ExportError, match=reason):
        receive(SimpleUploadedFile("e.zip", content))
    assert waiting(data_dir) == []
    assert not Import.objects.exists()


def test_an_upload_that_grows_too_large_is_refused_and_not_kept(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload, "FILE_LIMIT", 100)
    file = SimpleUploadedFile("e.txt", text([someone()]))
    with pytest.raises(importing.ExportError, match="larger than 2 GB"):
        receive(file)
    assert waiting(data_dir) == []


def test_an_upload_that_failed_is_kept_so_that_it_can_run_again(data_dir: Path) -> None:
    file = SimpleUploadedFile("e.txt", text([someone(None)]))
    job = receive(file)
    assert importing.run(job.pk).state == Import.State.FAILED
    assert len(waiting(data_dir)) == 1


def test_a_file_of_this_machine_is_read_where_it_is_and_stays(tmp_path: Path) -> None:
    path = plain(tmp_path / "e.txt", someone())
    job = importing.start(path, workspace=builders.make_workspace())
    assert (job.path, job.file_name) == (str(path), "e.txt")
    assert importing.run(job.pk).state == Import.State.FINISHED
    assert path.exists()


def test_a_path_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    folder = tmp_path.joinpath(*["x" * 200] * 3)
    folder.mkdir(parents=True)
    path = plain(folder / "e.txt", someone())
    with pytest.raises(importing.ExportError, match="path of the file is too long"):
        importing.start(path, workspace=builders.make_workspace())
