"""The list of segments on the page of a sync: where Braze does not give it, the page says what helps."""

import pytest
from django.test import Client
from django.urls import reverse

from campaigns.models import Workspace
from tests import builders
from tests.integrations.braze.conftest import KEY, Braze

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace(braze: Braze) -> Workspace:
    return builders.make_workspace(rest_endpoint=braze.url, rest_key=KEY)


def shown(client: Client, workspace: Workspace, query: str) -> str:
    return client.get(reverse("workspace_sync", args=[workspace.pk]) + query).content.decode()


@pytest.mark.parametrize(
    ("columns", "fault", "advice"),
    [
        ({"rest_key": "wrong"}, "does not accept the REST key", "Put it right in the workspace"),
        ({"rest_key": "a b"}, "without blanks or line breaks", "Put it right in the workspace"),
        ({"rest_key": ""}, "has no REST key", "Open the workspace"),
        ({"rest_endpoint": "http://10.0.0.1"}, "must start with https", "Put it right in the workspace"),
    ],
)
def test_where_a_key_or_an_endpoint_is_wrong_no_identifier_is_asked_for(
    admin, workspace, braze, columns, fault, advice
):
    braze.set(keys={KEY: ["segments.list"]})
    Workspace.objects.filter(pk=workspace.pk).update(**columns)

    page = shown(admin, Workspace.objects.get(), "?find=")
    found = page[page.index('id="found"') : page.index('name="segment_id"')]

    assert fault in found
    assert advice in found
    assert reverse("admin:campaigns_workspace_change", args=[workspace.pk]) in found
    assert "paste the identifier" not in found


def test_where_braze_cannot_answer_just_now_there_are_two_ways(admin, workspace, braze):
    braze.sandbox.fault("429", path="/segments/list", count=1)

    page = shown(admin, workspace, "?find=")

    assert "takes no more calls" in page
    assert "Try again in a moment, or paste the identifier of the segment below." in page
