"""Who left by an import or a run of a sync: the number leads to them."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from campaigns.models import Sync, SyncRun
from campaigns.models.clock import now
from tests import builders

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace():
    """A workspace that "gone" left just now, "before" yesterday, and where "back" is again."""
    workspace = builders.make_workspace()
    left = {"workspace": workspace, "is_active": False}
    builders.make_subscriber("gone", **left, left_at=now() - timedelta(seconds=30))
    builders.make_subscriber("before", **left, left_at=now() - timedelta(days=1))
    builders.make_subscriber("back", workspace=workspace)
    return workspace


@pytest.fixture
def job(workspace):
    """An import of the last minute that two left by; it was interrupted after that and begun again."""
    return builders.make_import(
        workspace=workspace,
        state="finished",
        leavers="all",
        left_count=2,
        started_at=now() - timedelta(seconds=10),
        finished_at=now(),
    )


def sync_of(job, **columns):
    sync = Sync.objects.create(workspace=job.workspace, segment_id="everyone")
    run = SyncRun.objects.create(sync=sync, batch=job, **{"state": "finished", **columns})
    SyncRun.objects.update(created_at=now() - timedelta(minutes=1))
    return run


def sync_page(client, job):
    return client.get(reverse("workspace_sync", args=[job.workspace_id])).content.decode()


def import_page(client, job):
    return client.get(reverse("import_detail", args=[job.pk])).content.decode()


def people_behind(client, page, link):
    """Return the user ids in the list that a link of a page leads to."""
    (address,) = re.findall(rf'<a [^>]*id="{link}"[^>]* href="([^"]*)"', page)
    text = client.get(address.replace("&amp;", "&")).content.decode()
    return {each for each in ("gone", "before", "back") if f">{each}<" in text}


def test_the_number_of_those_who_left_by_a_run_leads_to_them(auditor, job):
    run = sync_of(job)

    page = sync_page(auditor, job)

    assert people_behind(auditor, page, f"left-{run.pk}") == {"gone"}
    assert re.search(r">2<span class=\"ca-hidden\"> who left</span></a>", page)
    assert "have not come back since" in page


def test_where_nobody_left_or_the_run_is_not_over_there_is_nothing_to_follow(auditor, job):
    sync_of(job, state="importing", due_at=now())
    job.finished_at = None
    job.save()
    assert 'id="left-' not in sync_page(auditor, job)

    job.finished_at, job.left_count = now(), 0
    job.save()
    page = sync_page(auditor, job)
    assert 'id="left-' not in page
    assert "have not come back since" not in page


def test_the_import_that_was_fetched_leads_to_the_same_people(marketer, job):
    sync_of(job)

    page = import_page(marketer, job)

    assert "became inactive: not in the file" in page
    assert people_behind(marketer, page, "left-people") == {"gone"}


def test_an_upload_leads_to_those_who_left_while_it_was_read(marketer, job):
    job.started_at = now() - timedelta(minutes=1)
    job.save()
    page = import_page(marketer, job)
    assert people_behind(marketer, page, "left-people") == {"gone"}

    job.left_count = 0
    job.save()
    assert 'id="left-people"' not in import_page(marketer, job)
