"""Uploading subscribers: what is taken, what is refused and why, and watching it being read."""

import io
import json
import zipfile

import pytest
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from campaigns import importing, tasks
from campaigns.models import Import, ImportProblem, Subscriber
from tests import builders

NEW = "import_new"
PERSON = {
    "external_id": "ada",
    "email": "ada@example.com",
    "custom_attributes": {"rokt:account_code": ["shop/1"]},
}


@pytest.fixture
def workspace(db):
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
        archive.writestr("export-1.txt", "\n".join(json.dumps(person) for person in people))
    return file.getvalue()


def upload(client, workspace, content, name="export.zip"):
    return client.post(
        reverse(NEW),
        {"workspace": workspace.pk if workspace else "", "file": SimpleUploadedFile(name, content)},
    )


def page(client, job, **headers):
    response = client.get(reverse("import_detail", args=[job.pk]), headers=headers)
    assert response.status_code == 200
    return response.content.decode()


def test_an_upload_becomes_an_import_that_a_worker_reads(marketer, workspace, started):
    response = upload(marketer, workspace, zipped(PERSON))

    job = Import.objects.get()
    assert response["Location"] == reverse("import_detail", args=[job.pk])
    assert started == [job.pk]
    assert (job.workspace, job.created_by, job.file_name) == (workspace, marketer.user, "export.zip")
    importing.run(job.pk)
    assert Subscriber.objects.get().external_id == "ada"
    text = page(marketer, job)
    assert "finished" in text
    assert "What next?" in text
    assert reverse("segment_new") in text


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (b"", "export.zip", "The file is empty."),
        (b"<html>expired</html>", "export.json", "This is a web page"),
        (b"external_id,email\nada,a@b", "people.csv", "This is not a Braze segment export"),
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


@pytest.mark.parametrize("name", ["../../etc/passwd", 'a"b.zip', "x\r\ny.zip", "\u202egpj.zip", "x" * 5_000])
def test_hostile_file_names_are_only_shown(marketer, workspace, started, name):
    upload(marketer, workspace, zipped(PERSON), name)

    job = Import.objects.get()
    assert len(job.file_name) <= 255
    assert "/" not in job.file_name
    assert job.file_name.isprintable()
    assert page(marketer, job)


def test_workspace_and_file_are_needed_and_foreign_workspaces_do_not_exist(marketer, workspace):
    missing = marketer.post(reverse(NEW), {}).content.decode()
    foreign = marketer.post(reverse(NEW), {"workspace": "999", "file": SimpleUploadedFile("a", b"x")})

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
    Import.objects.update(state="finished")
    assert "hx-trigger" not in page(auditor, job, hx_request="true")


def test_problems_are_listed_with_their_place_and_cut_off_where_there_are_many(
    auditor, workspace, monkeypatch
):
    monkeypatch.setattr("campaigns.views.imports.PROBLEMS_SHOWN_COUNT", 2)
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
