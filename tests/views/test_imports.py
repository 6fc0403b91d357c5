"""Uploading subscribers: what is taken, what is refused and why, and watching it being read."""

import errno
import io
import json
import os
import secrets
import zipfile

import pytest
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import encode_multipart
from django.urls import reverse

from campaigns import importing, tasks
from campaigns.importing import upload as upload_folder
from campaigns.models import Import, ImportProblem, Subscriber
from tests import builders

NEW = "import_new"
PERSON = {
    "external_id": "ada",
    "email": "ada@example.com",
    "custom_attributes": {"rokt:account_code": ["shop/1"]},
}


@pytest.fixture
def workspace(db, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    return builders.make_workspace(name="Europe")


@pytest.fixture
def started(monkeypatch):
    """The imports that a worker was asked to read."""
    asked: list[int] = []
    monkeypatch.setattr(tasks, "start_import", asked.append)
    return asked


def zipped(*people):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        lines = (each.decode() if isinstance(each, bytes) else json.dumps(each) for each in people)
        archive.writestr("export-1.txt", "\n".join(lines))
    return file.getvalue()


def upload(client, workspace, content, name="export.zip"):
    return client.post(
        reverse(NEW),
        {
            "token": secrets.token_hex(16),
            "workspace": workspace.pk if workspace else "",
            "file": SimpleUploadedFile(name, content),
            "end": "1",
        },
    )


def page(client, job, **headers):
    response = client.get(reverse("import_detail", args=[job.pk]), headers=headers)
    assert response.status_code == 200
    return response.content.decode()


def act(client, job, action, **fields):
    return client.post(reverse("import_detail", args=[job.pk]), {"action": action, **fields})


def told(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


def test_an_upload_is_tried_and_writes_nothing_until_somebody_says_so(marketer, workspace, started):
    response = upload(marketer, workspace, zipped(PERSON))

    job = Import.objects.get()
    assert response["Location"] == reverse("import_detail", args=[job.pk])
    assert started == [job.pk]
    assert (job.workspace, job.created_by, job.file_name) == (workspace, marketer.user, "export.zip")
    importing.run(job.pk)
    assert not Subscriber.objects.exists()
    text = page(marketer, job)
    assert "tried, not imported" in text
    assert "Would be added: 1. Brought up to date: 0. Stay as they are: 0." in text

    act(marketer, job, "import")
    importing.run(job.pk)

    assert Subscriber.objects.get().external_id == "ada"
    text = page(marketer, job)
    assert "finished" in text
    assert "What next?" in text
    assert reverse("segment_new") in text


def test_where_the_disk_is_full_an_upload_is_refused_in_words_and_nothing_is_kept(
    marketer, workspace, started, tmp_path, monkeypatch
):
    real = os.fdopen

    class Full:
        """A file that takes nothing."""

        def __init__(self, *given):
            self.file = real(*given)

        def __enter__(self):
            return self

        def __exit__(self, *_fault):
            self.file.close()

        def write(self, _data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("campaigns.importing.upload.os.fdopen", Full)

    response = upload(marketer, workspace, zipped(PERSON))

    assert response.status_code == 200
    assert "No space left on device" in response.content.decode()
    assert (Import.objects.count(), list((tmp_path / "uploads").iterdir()), started) == (0, [], [])


def test_the_same_file_twice_changes_nothing_and_says_so(marketer, workspace, started):
    for _time in range(2):
        upload(marketer, workspace, zipped(PERSON))
        job = Import.objects.latest("pk")
        importing.run(job.pk)
        tried = page(marketer, job)
        act(marketer, job, "import")
        importing.run(job.pk)

    assert "would change nothing" in tried
    assert 'value="import"' not in tried
    assert "Nothing was changed: everybody in this file was here already" in page(marketer, job)


def test_a_form_that_is_sent_twice_makes_one_import(marketer, workspace, started):
    fields = {"token": "a" * 32, "workspace": workspace.pk, "end": "1"}
    places = [
        marketer.post(reverse(NEW), {**fields, "file": SimpleUploadedFile("x.zip", zipped(PERSON))})[
            "Location"
        ]
        for _time in range(2)
    ]

    assert places[0] == places[1] == reverse("import_detail", args=[Import.objects.get().pk])
    job = Import.objects.get()
    importing.run(job.pk)
    answers = [told(act(marketer, job, "import")) for _time in range(2)]
    assert answers[0][-1] == "These people are imported now."
    assert answers[1][-1] == "This file is being imported already, or has to be tried first."


def test_a_token_that_is_a_path_writes_nothing(marketer, workspace, started):
    fields = {"token": "../../x", "workspace": workspace.pk, "end": "1"}

    response = marketer.post(reverse(NEW), {**fields, "file": SimpleUploadedFile("x.zip", zipped(PERSON))})

    assert "This page has been open for too long" in response.content.decode()
    assert not Import.objects.exists()


def test_an_upload_that_was_cut_off_is_refused_and_nothing_of_it_is_kept(marketer, workspace, started):
    mark = "mark"
    parts = {"token": secrets.token_hex(16), "workspace": workspace.pk}
    parts["file"] = SimpleUploadedFile("people.csv", b"user_id,first_name\n" + b"ada,Ada\n" * 1_000)
    body = encode_multipart(mark, {**parts, "end": "1"})

    response = marketer.generic(
        "POST", reverse(NEW), body[: len(body) // 2], f"multipart/form-data; boundary={mark}"
    )

    assert response.status_code == 400
    assert "The upload was cut off on its way; nothing of it was kept." in response.content.decode()
    assert not Import.objects.exists()


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (b"", "export.zip", "The file is empty."),
        (b"<html>expired</html>", "export.json", "This is a web page"),
        (b"external_id,email\n", "people.csv", "nobody below them"),
        (b"external_id,email\nada,Zo\xeb\n", "people.csv", "Line 2 is not UTF-8 text."),
        (b"PK\x03\x04" + b"\0" * 26 + b"[Content_Types].xml", "people.csv", "This is an Excel workbook."),
        (b"PK\x03\x04 broken", "export.zip", "The ZIP is damaged"),
        (b"[]", "export.json", "This is one JSON list"),
    ],
)
def test_what_is_no_export_is_refused_by_its_content(marketer, workspace, started, content, name, message):
    response = upload(marketer, workspace, content, name)

    assert response.status_code == 200
    assert message in response.content.decode()
    assert not Import.objects.exists()
    assert started == []
    assert not list(upload_folder.folder().glob("*"))


@pytest.mark.parametrize("name", ["../../etc/passwd", 'a"b.zip', "x\r\ny.zip", "\u202egpj.zip", "x" * 5_000])
def test_hostile_file_names_are_only_shown(marketer, workspace, started, name):
    upload(marketer, workspace, zipped(PERSON), name)

    job = Import.objects.get()
    assert len(job.file_name) <= 255
    assert "/" not in job.file_name
    assert job.file_name.isprintable()
    assert page(marketer, job)


def test_workspace_and_file_are_needed_and_foreign_workspaces_do_not_exist(marketer, workspace):
    missing = marketer.post(reverse(NEW), {"end": "1"}).content.decode()
    foreign = marketer.post(
        reverse(NEW), {"end": "1", "workspace": "999", "file": SimpleUploadedFile("a", b"x")}
    )

    assert "Choose the workspace that the people come from." in missing
    assert "Choose a file." in missing
    assert "Select a valid choice" in foreign.content.decode()
    assert not Import.objects.exists()


def test_without_a_workspace_the_page_says_what_to_do_first(marketer, admin):
    assert "Ask an admin to add it first." in marketer.get(reverse(NEW)).content.decode()
    assert reverse("admin:campaigns_workspace_add") in admin.get(reverse(NEW)).content.decode()


def test_progress_is_live_while_it_runs_and_still_afterwards(auditor, workspace):
    job = builders.make_import(state="running", bytes_read_count=420, read_count=1_234)

    live = page(auditor, job, hx_request="true")

    assert "<html" not in live
    assert 'hx-trigger="every 2s"' in live
    assert 'aria-valuenow="42"' in live
    assert "1,234" in live
    assert "Time left" in live
    Import.objects.update(state="finished")
    assert "hx-trigger" not in page(auditor, job, hx_request="true")


def test_problems_are_listed_with_their_place_and_cut_off_where_there_are_many(
    auditor, workspace, monkeypatch
):
    monkeypatch.setattr("campaigns.views.import_state.PROBLEMS_SHOWN_COUNT", 2)
    job = builders.make_import(state="finished", problem_count=3)
    for number in range(3):
        ImportProblem.objects.create(batch=job, place=f"line {number}", external_id="eve", message="Bad <b>")

    text = page(auditor, job)

    assert "line 0" in text
    assert "line 2" not in text
    assert "Bad &lt;b&gt;" in text
    assert "The first 2 are shown." in text


def test_accounts_that_are_not_set_up_are_told_of(auditor, admin, workspace):
    builders.make_subscription(account_code="stranger")
    job = builders.make_import(state="finished")

    assert "“stranger”, which is not set up here" in page(auditor, job)
    assert reverse("admin:campaigns_account_add") in page(admin, job)
    assert reverse("admin:campaigns_account_add") not in page(auditor, job)


@pytest.mark.parametrize("state", ["waiting", "running", "failed"])
def test_an_import_that_did_not_end_can_be_read_again(marketer, auditor, workspace, started, state):
    job = builders.make_import(state=state, reason="The ZIP is damaged." if state == "failed" else "")

    assert "Start reading it again" in page(marketer, job)
    assert "Start reading it again" not in page(auditor, job)
    marketer.post(reverse("import_detail", args=[job.pk]))

    assert started == [job.pk]


def test_a_finished_import_is_not_read_again(marketer, workspace, started):
    job = builders.make_import(state="finished")

    response = marketer.post(reverse("import_detail", args=[job.pk]))

    assert "is not kept" in str(next(iter(get_messages(response.wsgi_request))))
    assert started == []


def test_why_an_import_failed_is_said(auditor, workspace):
    job = builders.make_import(state="failed", reason="The ZIP is damaged.")

    assert "The ZIP is damaged." in page(auditor, job)


def test_who_would_leave_is_counted_by_the_try_and_leaves_only_if_somebody_says_so(
    marketer, workspace, started
):
    for user_id in ("ada", "gone"):
        builders.make_subscriber(user_id, workspace=workspace)
    upload(marketer, workspace, zipped(PERSON))
    job = Import.objects.get()
    importing.run(job.pk)

    assert "1 of 2 active people in this workspace is not in the file" in page(marketer, job)
    assert Subscriber.objects.filter(is_active=True).count() == 2
    act(marketer, job, "import", leavers="deactivate", left_count="1")
    importing.run(job.pk)

    assert [each.external_id for each in Subscriber.objects.filter(is_active=True)] == ["ada"]
    assert "became inactive: not in the file" in page(marketer, job)


def test_a_file_without_most_people_offers_nobody_to_leave(auditor, marketer, workspace):
    for number in range(3):
        builders.make_subscriber(f"p{number}", workspace=workspace)
    job = builders.make_import(
        workspace=workspace, state="finished", is_dry_run=True, new_count=1, left_count=101
    )

    assert "So many can only leave by a file of the whole segment." in page(marketer, job)
    assert 'name="leavers"' not in page(marketer, job)
    assert "<form" not in page(auditor, job, hx_request="true")


def test_a_file_with_a_damaged_line_offers_nobody_to_leave_and_says_why(marketer, workspace, started):
    for user_id in ("ada", "gone"):
        builders.make_subscriber(user_id, workspace=workspace)
    upload(marketer, workspace, zipped(PERSON, b'{"external_id": "gone", "first_name": "A" "B"}'))
    job = Import.objects.get()
    importing.run(job.pk)

    shown = page(marketer, job)
    assert "1 line of this file cannot be read, and it may be about somebody who seems to have left" in shown
    assert 'name="leavers"' not in shown

    act(marketer, job, "import", leavers="deactivate", left_count="1")
    assert Import.objects.get().is_dry_run
    act(marketer, job, "import")
    importing.run(job.pk)
    assert Subscriber.objects.filter(is_active=True).count() == 2
