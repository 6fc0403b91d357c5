"""The page of a sync, and the panel of a workspace: who sees what, what buttons do, and what goes wrong."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns import tasks
from campaigns.importing import leavers
from campaigns.models import Import, Sync, SyncRun, Workspace
from campaigns.models.clock import now
from tests import builders
from tests.integrations.braze.conftest import AUSTRALIA, EVERYONE, KEY, Braze

pytestmark = pytest.mark.django_db
State = SyncRun.State


@pytest.fixture
def workspace(braze: Braze) -> Workspace:
    """A workspace with an endpoint and a key."""
    return builders.make_workspace(rest_endpoint=braze.url, rest_key=KEY)


@pytest.fixture
def sync(workspace: Workspace) -> Sync:
    """The sync of everyone, by hand."""
    return Sync.objects.create(workspace=workspace, segment_id=EVERYONE, segment_name="Everyone")


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The runs that workers were told of."""
    told: list[int] = []
    monkeypatch.setattr(tasks, "start_sync", told.append)
    return told


def address(workspace: Workspace, do: str = "") -> str:
    return reverse(f"workspace_sync{do}", args=[workspace.pk])


def shown(client: Client, workspace: Workspace, query: str = "") -> str:
    return client.get(address(workspace) + query).content.decode()


def live_part(client: Client, workspace: Workspace) -> str:
    answer = client.get(address(workspace), headers={"HX-Request": "true", "HX-Target": "sync-progress"})
    return answer.content.decode()


def make_run(sync: Sync, state: State, **columns) -> SyncRun:
    over = {} if state in SyncRun.OPEN_STATES else {"finished_at": timezone.now()}
    return SyncRun.objects.create(sync=sync, state=state, **{**over, **columns})


def test_a_workspace_without_a_key_is_told_what_to_do_first(admin):
    page = shown(admin, builders.make_workspace())

    assert "First type the REST endpoint and a REST key" in page
    assert "Nothing is kept in step yet" in page
    assert "Sync now" not in page


def test_the_segments_of_braze_are_listed_and_searched_only_when_asked(admin, workspace, braze):
    assert "Subscribers in Australia" not in shown(admin, workspace)
    assert braze.sandbox.log() == []

    everything, some, none = (shown(admin, workspace, f"?find={text}") for text in ("", "AUSTRAL", "zzz"))

    assert "Everyone with a calendar" in everything
    assert "Subscribers in Australia" in some
    assert "Everyone with a calendar" not in some
    assert "No segment in Braze has “zzz” in its name" in none


def test_a_key_that_may_not_list_segments_leaves_the_identifier_to_paste(admin, workspace, braze):
    braze.set(keys={KEY: ["users.export.segment"]})

    page = shown(admin, workspace, "?find=")
    assert "lacks the permission segments.list" in page
    assert "Give it to the key in Braze, or paste the identifier of the segment below." in page

    admin.post(address(workspace), {"segment_id": f" {AUSTRALIA} ", "every_minutes": "0"})
    sync = Sync.objects.get()
    assert (sync.segment_id, sync.segment_name, sync.next_at) == (AUSTRALIA, "", None)


def test_a_segment_is_picked_from_the_list_and_has_a_rhythm(admin, workspace):
    picked = {
        "picked": f"{AUSTRALIA} Subscribers in Australia",
        "segment_id": EVERYONE,
        "every_minutes": "360",
    }

    page = admin.post(address(workspace), picked, follow=True).content.decode()

    sync = Sync.objects.get()
    assert (sync.segment_id, sync.segment_name, sync.every_minutes) == (
        AUSTRALIA,
        "Subscribers in Australia",
        360,
    )
    assert sync.next_at is not None
    assert 21_590 < (sync.next_at - now()).total_seconds() <= 21_600
    assert "The next sync begins at" in page

    was_at = sync.next_at
    admin.post(address(workspace), {"segment_id": AUSTRALIA, "every_minutes": "360"})
    sync.refresh_from_db()
    assert (sync.next_at, sync.segment_name) == (was_at, "Subscribers in Australia")
    admin.post(address(workspace), {"segment_id": AUSTRALIA, "every_minutes": "0"})
    sync.refresh_from_db()
    assert sync.next_at is None


def test_while_the_list_is_shown_nothing_in_it_is_picked_so_what_is_typed_counts(admin, sync):
    page = shown(admin, sync.workspace, "?find=")

    assert "chosen now" in page
    assert "checked" not in page[page.index('id="found"') : page.index("</fieldset>")]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"segment_id": "", "every_minutes": "0"}, "Choose a segment from the list"),
        ({"segment_id": "a b", "every_minutes": "0"}, "letters, digits and hyphens"),
        ({"segment_id": "x" * 65, "every_minutes": "0"}, "at most 64"),
        ({"picked": "a/b name", "every_minutes": "0"}, "letters, digits and hyphens"),
        ({"segment_id": EVERYONE, "every_minutes": "7"}, "not one of the available choices"),
        ({"segment_id": EVERYONE}, "Choose how often"),
    ],
)
def test_what_cannot_be_is_refused_in_words(admin, workspace, typed, words):
    page = admin.post(address(workspace), typed).content.decode()

    assert words in page
    assert not Sync.objects.exists()


def test_sync_now_begins_one_run_and_stop_ends_it(admin, sync, woken):
    admin.post(address(sync.workspace, "_start"))
    again = admin.post(address(sync.workspace, "_start"), follow=True).content.decode()

    run = SyncRun.objects.get()
    assert woken == [run.pk]
    assert "on its way already" in again
    assert run.created_by is not None
    assert "Begun by admin" in again

    page = admin.post(address(sync.workspace, "_stop"), follow=True).content.decode()
    run.refresh_from_db()
    assert run.state == State.FAILED
    assert "Stopped by admin" in page
    assert "over already" in admin.post(address(sync.workspace, "_stop"), follow=True).content.decode()


def test_where_too_many_left_somebody_can_say_that_it_is_right(admin, sync, woken):
    over = now()
    SyncRun.objects.create(sync=sync, state=State.FINISHED, reason="9 of 10 left.", finished_at=over)
    page = admin.get(address(sync.workspace)).content.decode()
    assert 'name="leavers" value="all"' in page

    admin.post(address(sync.workspace, "_start"), {"leavers": "all"})

    assert sync.runs.get(state=State.ASKING).leavers == Import.Leavers.ALL
    assert len(woken) == 1


def test_where_a_line_was_damaged_nobody_can_say_so_for_nobody_may_leave(admin, sync):
    reason = leavers.hidden(2)
    batch = builders.make_import(workspace=sync.workspace, state="finished", reason=reason, hidden_count=2)
    columns = {"state": State.FINISHED, "reason": reason, "finished_at": now(), "batch": batch}
    SyncRun.objects.create(sync=sync, **columns)

    page = admin.get(address(sync.workspace)).content.decode()

    assert "2 lines of this file cannot be read" in page
    assert 'value="all"' not in page


def test_while_it_runs_the_page_asks_for_the_live_part_and_says_what_it_waits_for(admin, sync):
    make_run(sync, State.ASKING, reason="Braze takes no more calls for a while.", due_at=timezone.now())

    page = live_part(admin, sync.workspace)

    assert "<html" not in page
    assert 'hx-trigger="every 2s"' in page
    assert "Braze takes no more calls for a while." in page
    assert "It goes on at" in page
    assert page.count("sy-later") == 3


def test_while_people_are_read_there_are_numbers_and_the_time_left(admin, sync):
    job = builders.make_import(
        workspace=sync.workspace,
        state=Import.State.RUNNING,
        byte_count=1_000,
        bytes_read_count=250,
        read_count=1_234,
        started_at=timezone.now() - timedelta(seconds=100),
    )
    make_run(sync, State.IMPORTING, batch=job, due_at=timezone.now())

    page = live_part(admin, sync.workspace)

    assert "1,234" in page
    assert 'aria-valuenow="25"' in page
    assert "about 5 min" in page


def test_the_history_has_the_numbers_and_leads_to_the_import(auditor, sync):
    job = builders.make_import(
        workspace=sync.workspace,
        new_count=11,
        changed_count=22,
        unchanged_count=33,
        left_count=44,
        problem_count=55,
    )
    make_run(sync, State.FINISHED, batch=job, reason="nobody was deactivated")
    make_run(sync, State.FAILED, reason="The REST key lacks the permission users.export.segment (403).")

    page = shown(auditor, sync.workspace)

    assert all(f">{number}<" in page for number in (11, 22, 33, 44, 55))
    assert reverse("import_detail", args=[job.pk]) in page
    assert "lacks the permission users.export.segment" in page
    assert "nobody was deactivated" in page
    assert 'hx-trigger="every 2s"' not in page


def test_the_import_of_a_sync_was_fetched_and_leads_back_to_the_sync(auditor, marketer, admin, sync):
    job = builders.make_import(workspace=sync.workspace)
    page = reverse("import_detail", args=[job.pk])
    run = make_run(sync, State.FINISHED, batch=job)

    assert "fetched from Braze by the clock" in auditor.get(page).content.decode()
    run.created_by = admin.user
    run.save()
    assert f"fetched from Braze by {admin.user}" in auditor.get(page).content.decode()
    assert f'href="{address(sync.workspace)}"' in auditor.get(page).content.decode()
    assert address(sync.workspace) not in marketer.get(page).content.decode()
    assert "uploaded by" not in marketer.get(page).content.decode()


def test_auditors_read_and_change_nothing(auditor, sync, woken, braze):
    make_run(sync, State.ASKING, due_at=timezone.now())

    page = shown(auditor, sync.workspace, "?find=")
    assert "Everyone" in page
    assert 'method="post" action="/workspaces/' not in page
    assert braze.sandbox.log() == []
    for do in ("", "_start", "_stop"):
        answer = auditor.post(address(sync.workspace, do), {"segment_id": "other", "every_minutes": "0"})
        assert answer.status_code == 403
    assert SyncRun.objects.get().state == State.ASKING
    assert Sync.objects.get().segment_id == EVERYONE


@pytest.mark.parametrize("role", ["marketer", "approver"])
def test_those_who_do_not_see_workspaces_see_no_sync_but_its_import(role, sync):
    client = builders.make_client(role)
    builders.make_import(workspace=sync.workspace, file_name="Everyone")

    assert client.get(address(sync.workspace)).status_code == 403
    assert client.post(address(sync.workspace, "_start")).status_code == 403
    assert "Everyone" in client.get(reverse("admin:campaigns_import_changelist")).content.decode()


def test_secrets_and_addresses_of_exports_are_never_on_the_page(admin, sync):
    make_run(sync, State.EXPORTING, url="https://storage.example/secret.zip", due_at=timezone.now())

    page = shown(admin, sync.workspace)

    assert "secret.zip" not in page
    assert KEY not in page


def checked(client: Client, workspace: Workspace) -> str:
    answer = client.post(reverse("admin:campaigns_workspace_check", args=[workspace.pk]), follow=True)
    return answer.content.decode()


def test_the_check_of_the_key_names_each_permission_that_is_missing(admin, workspace, braze):
    assert "Braze lets the key in" in checked(admin, workspace)

    braze.set(keys={KEY: ["users.export.ids"]})
    page = checked(admin, workspace)
    assert "lacks the permission users.export.segment, to fetch the people of a segment" in page
    assert "lacks the permission segments.list" in page
    assert "lacks the permission users.export.ids" not in page


def test_the_check_tells_a_wrong_key_a_wrong_place_and_a_limit_apart(admin, workspace, braze):
    braze.set(keys={"another": ["segments.list"]})
    assert "It is wrong, or it is of another instance" in checked(admin, workspace)
    braze.set(keys={})
    braze.sandbox.fault("429", path="/segments/list", count=1)
    assert "takes no more calls" in checked(admin, workspace)
    Workspace.objects.update(rest_endpoint="http://127.0.0.1:9")
    assert "not a public https address" in checked(admin, workspace)
    Workspace.objects.update(rest_key="", rest_endpoint=braze.url)
    assert "no REST key" in checked(admin, workspace)


def test_a_place_where_nobody_listens_is_told(admin, workspace, settings):
    settings.BRAZE_HOSTS = ["127.0.0.1:9"]
    Workspace.objects.update(rest_endpoint="http://127.0.0.1:9")

    assert "cannot be reached" in checked(admin, workspace)


def test_only_those_who_set_up_may_check_and_only_by_a_post(admin, auditor, marketer, workspace):
    check = reverse("admin:campaigns_workspace_check", args=[workspace.pk])

    assert admin.get(check).status_code == 405
    assert auditor.post(check).status_code == 403
    assert marketer.post(check).status_code == 403
    change = reverse("admin:campaigns_workspace_change", args=[workspace.pk])
    assert "Check the key" in admin.get(change).content.decode()
    assert "Check the key" not in auditor.get(change).content.decode()
    assert address(workspace) in auditor.get(change).content.decode()


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("us-06", "https://rest.iad-06.braze.com"),
        ("rest.fra-01.braze.eu", "https://rest.fra-01.braze.eu"),
        ("HTTPS://Rest.Iad-01.Braze.Com/", "https://rest.iad-01.braze.com"),
        ("https://rest.new-99.braze.com", "https://rest.new-99.braze.com"),
        ("", ""),
    ],
)
def test_an_instance_is_picked_by_name_or_any_endpoint_typed(admin, typed, stored):
    workspace = {"name": "Shop", "rest_endpoint": typed, "rest_key": KEY, "credential_name": "Rokt"}

    admin.post(reverse("admin:campaigns_workspace_add"), workspace)

    assert Workspace.objects.get().rest_endpoint == stored


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("sdk.iad-01.braze.com", "SDK endpoint"),
        ("https://dashboard-06.braze.com", "Its REST endpoint is https://rest.iad-06.braze.com"),
        ("http://127.0.0.1:8100", "not a public https address"),
        ("https://rest.iad-01.braze.com/users", "https:// and a host name"),
    ],
)
def test_addresses_of_braze_that_are_copied_by_mistake_are_told(admin, typed, words):
    workspace = {"name": "Shop", "rest_endpoint": typed, "rest_key": KEY, "credential_name": "Rokt"}

    page = admin.post(reverse("admin:campaigns_workspace_add"), workspace).content.decode()

    assert words in page
    assert not Workspace.objects.exists()


def test_the_form_offers_the_instances(admin, workspace):
    page = admin.get(reverse("admin:campaigns_workspace_change", args=[workspace.pk])).content.decode()

    assert '<option value="https://rest.fra-02.braze.eu">EU-02</option>' in page
    assert 'list="rest_endpoint_instances"' in page
