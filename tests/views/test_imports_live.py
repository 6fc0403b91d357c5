"""Pages of imports and syncs while they run: what is heard, where the keyboard stays, and who has been signed out."""

import re

import pytest
from django.urls import reverse

from campaigns.models import Import, Sync, SyncRun
from campaigns.models.clock import now
from tests import builders

pytestmark = pytest.mark.django_db


@pytest.fixture
def job():
    """A table that is read, with a problem so far."""
    job = builders.make_import(
        state="running",
        format="csv",
        mapping={"Nummer": "external_id"},
        bytes_read_count=420,
        read_count=1_234,
        started_at=now(),
        problem_count=1,
    )
    job.problems.create(place="line 2", external_id="eve", message="Bad")
    return job


@pytest.fixture
def run():
    """A run of a sync whose people are read."""
    workspace = builders.make_workspace()
    batch = builders.make_import(workspace=workspace, state="running", bytes_read_count=420, started_at=now())
    sync = Sync.objects.create(workspace=workspace, segment_id="everyone")
    return SyncRun.objects.create(sync=sync, state="importing", batch=batch, due_at=now())


def import_page(job):
    return reverse("import_detail", args=[job.pk])


def sync_page(run):
    return reverse("workspace_sync", args=[run.sync.workspace_id])


def live(client, address, target):
    """Return what the browser asks for every other second."""
    headers = {"HX-Request": "true", "HX-Target": target}
    return client.get(address, headers=headers).content.decode()


def following(text):
    """Return the address that the live part asks for next."""
    address: str = re.findall('hx-get="([^"]*)"', text)[0]
    return address.replace("&amp;", "&")


def heard(text):
    """Return what a screen reader is given to say, without blanks; None where it stays silent."""
    said = re.search(r'hx-swap-oob="innerHTML"[^>]*>(.*?)</p>', text, re.DOTALL)
    return " ".join(said[1].split()) if said else None


def test_an_import_says_each_tenth_once_and_then_its_end(marketer, job):
    page = marketer.get(import_page(job)).content.decode()
    before, _live, after = page.partition('<div id="import-progress"')
    assert re.search(r'<p id="import-said"[^>]*role="status"[^>]*>\s*</p>', before)
    assert 'role="status"' not in after
    assert heard(page) is None

    first = live(marketer, following(after), "import-progress")
    assert heard(first) is None
    Import.objects.update(bytes_read_count=499)
    assert heard(live(marketer, following(first), "import-progress")) is None
    Import.objects.update(bytes_read_count=512)
    second = live(marketer, following(first), "import-progress")
    assert heard(second) == "51 % read"
    Import.objects.update(state="finished", is_dry_run=True)
    assert heard(live(marketer, following(second), "import-progress")) == "tried, not imported"
    Import.objects.update(is_dry_run=False)
    assert heard(live(marketer, following(second), "import-progress")) == "finished"


def test_a_sync_says_its_steps_and_tenths_once_and_then_its_end(admin, run):
    before, _live, after = admin.get(sync_page(run)).content.decode().partition('<div id="sync-progress"')
    assert re.search(r'<p id="sync-said"[^>]*role="status"[^>]*>\s*</p>', before)

    first = live(admin, following(after), "sync-progress")
    assert heard(first) is None
    Import.objects.update(bytes_read_count=900)
    second = live(admin, following(first), "sync-progress")
    assert heard(second) == "importing: 90 %"
    SyncRun.objects.update(state="finished", due_at=None, finished_at=now())
    assert heard(live(admin, following(second), "sync-progress")) == "finished"


@pytest.mark.parametrize("has_file", [True, False])
def test_the_keyboard_stays_where_it_is_while_numbers_come_in(marketer, admin, job, run, tmp_path, has_file):
    """Htmx puts it back on what has the same id."""
    path = tmp_path / "people.csv"
    path.write_text("Nummer\nada\n")
    Import.objects.filter(pk=job.pk).update(is_dry_run=has_file, path=str(path))
    texts = [
        live(marketer, import_page(job), "import-progress"),
        live(admin, sync_page(run), "sync-progress"),
    ]

    for text in texts:
        found = re.findall(r"<(?:a|button|summary)\b[^>]*>", text)
        assert found
        assert [each for each in found if " id=" not in each] == []
        ids = re.findall(r' id="([^"]*)"', text)
        assert len(ids) == len(set(ids))


def test_what_the_columns_mean_stays_open_while_numbers_come_in(marketer, job):
    page = marketer.get(import_page(job)).content.decode()

    assert "What the columns mean" in page
    assert "What the columns mean" not in live(marketer, import_page(job), "import-progress")


@pytest.mark.parametrize("page", [import_page, sync_page])
def test_whoever_is_signed_out_meanwhile_signs_in_on_a_page_of_its_own_and_is_back(
    client, admin, job, run, page
):
    address = page(job if page is import_page else run)

    answer = client.get(address + "?said=x", headers={"HX-Request": "true"})

    assert answer["HX-Refresh"] == "true"
    assert answer.content == b""
    sign_in = client.get(address)["Location"]
    assert sign_in == f"{reverse('admin:login')}?next={address}"


def test_each_answer_says_of_when_its_numbers_are(marketer, admin, job, run):
    """What the page says when no more answers come."""
    for client, page, target in (
        (marketer, import_page(job), "import-progress"),
        (admin, sync_page(run), "sync-progress"),
    ):
        whole = client.get(page).content.decode()
        assert re.search(rf'role="status" data-old-of="{target}" data-says="[^"]*{{time}}[^"]*"></p>', whole)
        for text in (whole, live(client, page, target)):
            asks = re.search(rf'<div id="{target}"[^>]*>', text)
            assert asks
            assert re.search(r'data-at="\d{4}-\d\d-\d\d \d\d:\d\d UTC"', asks[0])
            assert (
                "&quot;timeout&quot;" in asks[0] or '"timeout"' in asks[0]
            )  # nothing is heard of a server that hangs


def test_rows_with_a_problem_are_sent_again_only_when_they_changed(marketer, job):
    page = marketer.get(import_page(job)).content.decode()
    assert page.count('id="import-problems"') == 1
    assert "eve" in page

    second = live(marketer, following(page), "import-progress")
    assert 'id="import-problems"' not in second
    job.problems.create(place="line 9", external_id="mallory", message="Worse")
    third = live(marketer, following(second), "import-progress")
    assert re.search(r'<div id="import-problems" hx-swap-oob="true">.*eve.*mallory', third, re.DOTALL)
    assert 'id="import-problems"' not in live(marketer, following(third), "import-progress")

    job.problems.all().delete()  # it is read again from the beginning
    fourth = live(marketer, following(third), "import-progress")
    assert re.search(r'<div id="import-problems" hx-swap-oob="true">\s*</div>', fourth)
    for number in range(2):
        job.problems.create(place=f"line {number}", external_id="oscar", message="Other")
    assert "oscar" in live(marketer, following(third), "import-progress")


def test_the_runs_of_a_sync_are_sent_again_only_when_they_changed(admin, run):
    page = admin.get(sync_page(run)).content.decode()
    assert page.count('id="sync-runs"') == 1
    assert "hx-swap-oob" not in page

    second = live(admin, following(page), "sync-progress")
    assert 'id="sync-runs"' not in second
    Import.objects.update(new_count=1_717)
    third = live(admin, following(second), "sync-progress")
    assert re.search(r'<div id="sync-runs" hx-swap-oob="true">.*1,717', third, re.DOTALL)
    assert 'id="sync-runs"' not in live(admin, following(third), "sync-progress")

    SyncRun.objects.update(state="failed", reason="Stopped by ada.", due_at=None, finished_at=now())
    last = live(admin, following(third), "sync-progress")
    assert re.search(r'<div id="sync-runs" hx-swap-oob="true">.*Stopped by ada\.', last, re.DOTALL)


def test_rows_beyond_those_that_are_shown_are_told_once(marketer, job):
    for number in range(200):
        job.problems.create(place=f"line {number}", external_id="eve", message="Bad")
    page = marketer.get(import_page(job)).content.decode()
    assert "The first 200 are shown." in page

    job.problems.create(place="line 201", external_id="eve", message="Bad")
    assert 'id="import-problems"' not in live(marketer, following(page), "import-progress")


def test_rows_with_a_problem_come_once_more_at_the_end_with_what_became_of_them(marketer, job):
    page = marketer.get(import_page(job)).content.decode()
    Import.objects.update(state="finished", is_dry_run=True, new_count=1_233, refused_count=1)

    assert "1 of 1,234 rows brings nobody in." in live(marketer, following(page), "import-progress")


def test_rows_with_a_problem_say_where_to_put_them_right(marketer, auditor, job, run):
    Import.objects.update(state="finished", is_dry_run=False)
    run.batch.problems.create(place="line 1", external_id="eve", message="Bad")
    upload = f'href="{reverse("import_new")}" id="corrected"'
    fetched = marketer.get(import_page(run.batch)).content.decode()

    assert upload in marketer.get(import_page(job)).content.decode()
    assert upload not in auditor.get(import_page(job)).content.decode()
    assert "Put them right in Braze" in fetched
    assert upload not in fetched
