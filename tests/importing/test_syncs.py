"""A sync from "now" to the people it brought, over real sockets: the whole way, and each trouble on it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from campaigns import importing
from campaigns.importing import syncs
from campaigns.models import Import, Subscriber, Subscription, SyncRun, Workspace
from tests import builders
from tests.importing.syncing import (
    State,
    asked,
    begun,
    finished,
    fresh,
    kept_files,
    make_sync,
    pause_seconds,
    reach,
    step,
)
from tests.inbound.pushing import make_key, push, subscribing
from tests.integrations.braze.conftest import Braze

pytestmark = pytest.mark.django_db


def active() -> set[str]:
    return set(Subscriber.objects.filter(is_active=True).values_list("external_id", flat=True))


def counts(run: SyncRun) -> tuple[int, int, int, int]:
    job = run.batch
    assert job is not None
    return job.new_count, job.changed_count, job.unchanged_count, job.left_count


def test_everybody_in_the_segment_comes_in_and_a_second_sync_changes_nothing(braze: Braze):
    sync = make_sync(braze)

    run = finished(begun(sync))

    assert (run.state, run.reason) == (State.FINISHED, "")
    people = Subscriber.objects.filter(is_active=True).count()
    assert 30 < people <= 40
    assert counts(run) == (people, 0, 0, 0)
    assert run.batch is not None
    assert (run.batch.file_name, run.batch.workspace) == ("Everyone", sync.workspace)
    assert run.ready_at is not None
    assert (run.url, run.due_at, kept_files()) == ("", None, [])
    assert counts(finished(begun(sync))) == (0, 0, people, 0)


def test_who_left_the_segment_is_inactive_and_who_comes_back_is_active(braze: Braze):
    sync = make_sync(braze)
    finished(begun(sync))
    everybody, gone = active(), min(active())
    events_reach = Subscription.objects.filter(subscriber__external_id=gone)

    braze.set(remove=[gone])
    run = finished(begun(sync))
    assert active() == everybody - {gone}
    assert counts(run)[3] == 1
    assert Subscriber.objects.get(external_id=gone).left_at is not None
    assert events_reach.exists()
    assert not events_reach.filter(is_live=True).exists()

    braze.set(remove=[])
    finished(begun(sync))
    assert active() == everybody
    assert events_reach.filter(is_live=True).exists()


def test_while_braze_exports_there_are_pauses_that_grow_to_a_minute(braze: Braze):
    braze.set(ready_after=3600)
    run = reach(begun(make_sync(braze)), State.EXPORTING)
    pauses = []
    for _ in range(9):
        run = step(run)
        pauses.append(round(pause_seconds(run)))

    assert run.state == State.EXPORTING
    assert pauses[0] == 5
    assert pauses == sorted(pauses)
    assert pauses[-1] == 60


def test_after_six_hours_of_waiting_a_run_is_given_up(braze: Braze):
    braze.set(ready_after=3600)
    run = reach(begun(make_sync(braze)), State.EXPORTING)
    SyncRun.objects.update(try_count=359)

    assert step(run).state == State.EXPORTING
    run = step(run)

    assert run.state == State.FAILED
    assert "Given up after six hours of waiting" in run.reason


def test_while_the_same_segment_is_exported_for_somebody_else_the_sync_waits(braze: Braze):
    braze.set(ready_after=3600)
    sync = make_sync(braze)
    with braze.client() as somebody:
        somebody.export_segment(sync.segment_id, ["external_id"])
    run = step(begun(sync))

    assert run.state == State.ASKING
    assert "exporting this segment already" in run.reason
    assert pause_seconds(run) > 1


def test_too_many_calls_are_waited_for_as_long_as_braze_says(braze: Braze):
    run = begun(make_sync(braze))
    braze.sandbox.fault("429", path="/users/export/", retry_after="900", count=1)

    run = step(run)

    assert run.state == State.ASKING
    assert "takes no more calls" in run.reason or "exporting" in run.reason
    assert 895 < pause_seconds(run) < 910
    assert finished(run).state == State.FINISHED


@pytest.mark.parametrize("fault", ["cut", "reset", "garbage"])
def test_a_download_that_breaks_off_is_fetched_again_and_leaves_nothing(braze: Braze, fault: str):
    run = reach(begun(make_sync(braze)), State.DOWNLOADING)
    braze.sandbox.fault(fault, path="/segment-export/", count=1)

    run = step(run)

    assert run.state == State.DOWNLOADING
    assert run.reason
    assert (kept_files(), Import.objects.count()) == ([], 0)
    assert finished(run).state == State.FINISHED
    assert asked(braze) == 1


def test_an_address_that_has_expired_is_asked_for_again(braze: Braze):
    run = reach(begun(make_sync(braze)), State.DOWNLOADING)
    braze.set(expires_after=0)

    run = step(run)
    assert run.state == State.ASKING
    assert "expired" in run.reason
    assert run.ready_at is None

    braze.set(expires_after=3600)
    assert finished(run).state == State.FINISHED
    assert asked(braze) == 2


def test_when_nobody_looked_for_hours_braze_is_asked_again(braze: Braze):
    run = reach(begun(make_sync(braze)), State.EXPORTING)
    braze.set(expires_after=0)
    SyncRun.objects.update(moved_at=timezone.now() - timedelta(hours=5))

    run = step(run)

    assert run.state == State.ASKING
    braze.set(expires_after=3600)
    assert finished(run).state == State.FINISHED


def test_a_file_that_is_on_another_machine_is_downloaded_again_into_the_same_import(braze: Braze):
    run = reach(begun(make_sync(braze)), State.DOWNLOADING)
    SyncRun.objects.update(due_at=run.moved_at)
    syncs.advance(run.pk, start_import=lambda _id: None)
    for path in kept_files():
        path.unlink()
    job = Import.objects.get()
    reads_no_file(job)

    run = step(run)
    assert run.state == State.DOWNLOADING
    run = finished(run)
    assert run.state == State.FINISHED
    assert run.batch == job


def reads_no_file(job: Import) -> None:
    assert "No such file" in importing.run(job.pk).reason


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"other": ["users.export.segment"]}, "does not accept the REST key"),
        ({"b7c1e0d2-key": ["segments.list"]}, "lacks the permission users.export.segment"),
    ],
)
def test_a_key_that_is_not_let_in_ends_the_run_with_what_to_do(braze: Braze, keys, words):
    braze.set(keys=keys)

    run = step(begun(make_sync(braze)))

    assert run.state == State.FAILED
    assert words in run.reason
    assert "then sync again" in run.reason
    assert (run.due_at, run.finished_at is None) == (None, False)


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"rest_endpoint": ""}, "no REST endpoint"),
        ({"rest_key": ""}, "no REST key"),
        ({"rest_endpoint": "http://127.0.0.1:9"}, "not a public https address"),
    ],
)
def test_a_workspace_that_is_not_set_up_ends_the_run_in_words(braze: Braze, columns, words):
    run = begun(make_sync(braze))
    Workspace.objects.update(**columns)

    run = step(run)

    assert run.state == State.FAILED
    assert words in run.reason


def test_a_segment_that_is_gone_ends_the_run(braze: Braze):
    run = step(begun(make_sync(braze, segment_id="gone")))

    assert run.state == State.FAILED
    assert "choose it again" in run.reason


def test_an_export_into_the_companys_own_storage_ends_the_run_in_words(braze: Braze):
    run = begun(make_sync(braze))
    body = '{"message":"success","object_prefix":"abc"}'
    braze.sandbox.fault("status", status=201, body=body, path="/users/export/", count=1)

    run = step(run)

    assert run.state == State.FAILED
    assert "your company's own storage" in run.reason


def test_a_failed_import_ends_the_run_with_its_reason_and_its_file_is_gone(braze: Braze):
    braze.set(people=0)

    run = finished(begun(make_sync(braze)))

    assert run.state == State.FAILED
    assert run.batch is not None
    assert run.reason == run.batch.reason != ""
    assert kept_files() == []


def test_where_most_people_would_leave_nobody_does_and_the_run_says_so(braze: Braze):
    sync = make_sync(braze)
    finished(begun(sync))
    for number in range(200):
        builders.make_subscriber(f"old-{number}", workspace=sync.workspace)
    before = active()

    run = finished(begun(sync))

    assert run.state == State.FINISHED
    assert "nobody was" in run.reason
    assert active() == before


def test_a_run_that_is_stopped_by_hand_imports_nobody_any_more(braze: Braze):
    by = builders.make_user("admin")
    run = reach(begun(make_sync(braze)), State.DOWNLOADING)
    imports: list[int] = []
    syncs.advance(run.pk, start_import=imports.append)
    assert len(kept_files()) == 1

    assert syncs.stop(run.pk, by=by)

    run = fresh(run)
    assert run.state == State.FAILED
    assert by.username in run.reason
    assert run.batch is not None
    assert run.batch.state == Import.State.FAILED
    assert kept_files() == []
    assert by.username in importing.run(run.batch.pk).reason, "a wake-up that comes late reads nothing"
    assert not Subscriber.objects.exists()
    assert not syncs.stop(run.pk, by=by)
    assert begun(run.sync).state == State.ASKING


def test_somebody_who_came_in_while_braze_was_exporting_stays_active(braze: Braze):
    sync = make_sync(braze)
    run = reach(begun(sync), State.DOWNLOADING)
    builders.make_subscriber("tracked", workspace=sync.workspace)

    run = finished(run)

    assert run.state == State.FINISHED
    assert "tracked" in active()
    finished(begun(sync))
    assert "tracked" not in active()


def test_somebody_who_came_back_while_braze_was_exporting_stays_active(braze: Braze):
    sync = make_sync(braze)
    finished(begun(sync))
    back = min(active())
    braze.set(remove=[back])
    finished(begun(sync))
    run = reach(begun(sync), State.DOWNLOADING)

    assert push(make_key(sync.workspace), {"attributes": [subscribing(back)]}).status_code == 201
    run = finished(run)

    assert run.state == State.FINISHED
    assert back in active()
    finished(begun(sync))
    assert back not in active()
