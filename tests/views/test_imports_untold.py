"""A table whose columns nobody has told yet: it waits for somebody, says so everywhere, and is not tried by itself."""

import json
import secrets
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from campaigns import importing, tasks
from campaigns.keeping import uploads
from campaigns.models import Import
from campaigns.models.clock import now
from tests import builders

TABLE = b"Nummer;Vorname\r\nada;Ada\r\n"
WAITS = "waits for columns"


@pytest.fixture
def job(marketer, db, settings, tmp_path, monkeypatch):
    """The import of a table that has just been uploaded, some minutes ago."""
    settings.DATA_DIR = tmp_path
    fields = {"token": secrets.token_hex(16), "workspace": builders.make_workspace().pk, "end": "1"}
    marketer.post(reverse("import_new"), {**fields, "file": SimpleUploadedFile("people.csv", TABLE)})
    Import.objects.update(created_at=now() - timedelta(minutes=5))
    return Import.objects.get()


def columns(job):
    return reverse("import_columns", args=[job.pk])


def detail(client, job):
    return client.get(reverse("import_detail", args=[job.pk])).content.decode()


def live(client, job):
    page = client.get(reverse("import_detail", args=[job.pk]), headers={"hx-request": "true"})
    return page.content.decode()


def listed(client):
    return client.get(reverse("admin:campaigns_import_changelist")).content.decode()


def test_the_clock_does_not_try_what_nobody_has_explained(job):
    assert importing.forgotten() == []
    assert Import.objects.get().state == Import.State.UNTOLD


def test_the_list_says_whom_it_waits_for_and_leads_there(marketer, job):
    page = listed(marketer)

    assert WAITS in page
    assert f'href="{columns(job)}"' in page
    assert (
        job.file_name
        in marketer.get(
            reverse("admin:campaigns_import_changelist"), {"state__exact": "untold"}
        ).content.decode()
    )


def test_its_page_says_so_and_leads_there_and_offers_no_reading(marketer, auditor, job):
    page = detail(marketer, job)

    assert WAITS in page
    assert "Say what its columns mean" in page
    assert f'href="{columns(job)}"' in page
    assert "Start reading it again" not in page
    assert "rows read" not in page
    assert "Throw the file away" in page
    assert "hx-trigger" not in live(marketer, job)
    assert "Somebody has to say what its columns mean" in detail(auditor, job)
    assert "<button" not in live(auditor, job)


def test_reading_it_all_the_same_says_what_comes_first(marketer, job, monkeypatch):
    started: list[int] = []
    monkeypatch.setattr(tasks, "start_import", started.append)

    page = marketer.post(reverse("import_detail", args=[job.pk]), follow=True).content.decode()

    assert "Say first what its columns mean." in page
    assert started == []


def test_once_it_is_told_it_is_an_import_like_any_other(marketer, job):
    marketer.post(columns(job), {"meaning_0": "external_id", "meaning_1": "first_name"})

    assert Import.objects.get().state == Import.State.WAITING
    assert importing.forgotten() == [job.pk]
    assert f'href="{columns(job)}"' not in listed(marketer)
    assert importing.run(job.pk).state == Import.State.FINISHED


def test_lines_that_are_asked_about_again_wait_for_the_answer(marketer, job):
    marketer.post(
        reverse("import_new"),
        {
            "token": secrets.token_hex(16),
            "workspace": job.workspace_id,
            "end": "1",
            "file": SimpleUploadedFile("x.txt", b'{"external_id": "ada", "custom_attributes": {}}\n'),
        },
    )
    lines = Import.objects.exclude(pk=job.pk).get()
    importing.run(lines.pk)

    marketer.post(reverse("import_detail", args=[lines.pk]), {"action": "as_lines"})

    lines.refresh_from_db()
    assert (lines.state, importing.forgotten()) == (Import.State.UNTOLD, [])


def test_a_file_that_nobody_explains_is_removed_in_time_like_one_that_nobody_imports(job, monkeypatch):
    monkeypatch.setattr(uploads, "ARRIVING_SECONDS", -1)
    Import.objects.update(created_at=now() - timedelta(days=40))

    assert uploads.sweep(days=30) == 1
    assert "The file was removed after 30 days" in Import.objects.get().reason


def test_a_wake_up_that_comes_late_does_not_try_what_is_asked_about_again(marketer, job):
    importing.run(job.pk)

    assert WAITS in detail(marketer, job)


def test_a_key_that_is_too_long_for_a_name_does_not_keep_the_others_from_coming_in(marketer, job):
    line = json.dumps({"user_id": "ada", "n" * 1_000: 1}).encode()
    fields = {"token": secrets.token_hex(16), "workspace": job.workspace_id, "end": "1"}
    marketer.post(reverse("import_new"), {**fields, "file": SimpleUploadedFile("people.jsonl", line)})
    job = Import.objects.latest("pk")
    asked = marketer.get(columns(job)).context["form"]
    marketer.post(columns(job), {field.html_name: field.value() for field in asked})

    assert importing.run(job.pk).new_count == 1
