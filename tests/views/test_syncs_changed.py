"""Another segment is chosen while a run is on its way: nobody of the segment before comes in, or leaves, by it."""

import pytest
from django.urls import reverse

from campaigns.models import Subscriber
from tests.importing.syncing import State, begun, finished, fresh, make_sync, reach
from tests.integrations.braze.conftest import AUSTRALIA, EVERYONE

pytestmark = pytest.mark.django_db


def test_a_run_of_the_segment_before_ends_and_says_why(admin, braze):
    sync = make_sync(braze, segment_id=AUSTRALIA, segment_name="Australia")
    run = reach(begun(sync), State.DOWNLOADING)

    chosen = {"picked": f"{EVERYONE} Everyone", "every_minutes": "0"}
    page = admin.post(reverse("workspace_sync", args=[sync.workspace_id]), chosen, follow=True)

    run = fresh(run)
    assert (run.state, run.due_at, run.url) == (State.FAILED, None, "")
    assert "another segment was chosen" in run.reason
    assert "is stopped" in page.content.decode()
    assert not Subscriber.objects.exists()
    again = finished(begun(run.sync))
    assert (again.state, Subscriber.objects.count() > 0) == (State.FINISHED, True)


def test_another_rhythm_leaves_a_run_as_it_is(admin, braze):
    sync = make_sync(braze)
    run = reach(begun(sync), State.DOWNLOADING)

    chosen = {"segment_id": EVERYONE, "every_minutes": "60"}
    admin.post(reverse("workspace_sync", args=[sync.workspace_id]), chosen)

    assert finished(run).state == State.FINISHED


@pytest.mark.parametrize("is_other", [True, False])
def test_a_run_with_another_braze_ends_when_the_workspace_gets_a_new_endpoint(admin, braze, is_other):
    sync = make_sync(braze)
    run = reach(begun(sync), State.DOWNLOADING)
    change = reverse("admin:campaigns_workspace_change", args=[sync.workspace_id])
    endpoint = "https://rest.iad-05.braze.com" if is_other else sync.workspace.rest_endpoint

    typed = {"name": "Renamed", "rest_endpoint": endpoint, "credential_name": "Rokt"}
    page = admin.post(change, typed, follow=True).content.decode()

    assert ("The sync on its way was with the endpoint before" in page) == is_other
    if is_other:
        assert "another REST endpoint was set" in fresh(run).reason
        assert not Subscriber.objects.exists()
    else:
        assert finished(run).state == State.FINISHED
