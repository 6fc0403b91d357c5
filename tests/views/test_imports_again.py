"""A file that was tried, read again or thrown away: what was said last holds, whatever comes late."""

import secrets

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from campaigns import importing, tasks
from campaigns.models import Import
from tests import builders

LINES = b'{"external_id": "ada", "custom_attributes": {}}\n{"external_id": "bob"}\n'


@pytest.fixture
def workspace(db, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    return builders.make_workspace()


@pytest.fixture
def woken(monkeypatch):
    """The imports that a worker was asked to read."""
    asked: list[int] = []
    monkeypatch.setattr(tasks, "start_import", asked.append)
    return asked


@pytest.fixture
def job(marketer, workspace, woken):
    """An import whose file was tried."""
    fields = {"token": secrets.token_hex(16), "workspace": workspace.pk, "end": "1"}
    marketer.post(reverse("import_new"), {**fields, "file": SimpleUploadedFile("people.txt", LINES)})
    return importing.run(woken.pop())


def said(client, job, action=""):
    """Post an action; return the page that answers."""
    page = client.post(reverse("import_detail", args=[job.pk]), {"action": action}, follow=True)
    return page.content.decode()


def test_a_try_is_made_again_with_the_people_who_are_here_now(marketer, job, workspace, woken):
    assert job.new_count == 2
    builders.make_subscriber(workspace=workspace, external_id="ada")

    assert "It is read again from the beginning" in said(marketer, job)
    assert woken == [job.pk]
    again = importing.run(job.pk)

    assert (again.state, again.is_dry_run) == (Import.State.FINISHED, True)
    assert (again.new_count, again.changed_count + again.unchanged_count) == (1, 1)


def test_a_file_that_was_thrown_away_is_not_read_again(marketer, job, woken):
    said(marketer, job, "throw_away")

    assert "The file is not kept any more. Upload it again." in said(marketer, job)
    assert woken == []


def test_a_wake_up_that_comes_late_leaves_a_file_thrown_away(marketer, job):
    said(marketer, job, "throw_away")

    late = importing.run(job.pk)

    assert late.state == Import.State.FAILED
    assert late.reason.startswith("Thrown away by marketer")
