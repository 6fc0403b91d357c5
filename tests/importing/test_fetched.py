"""One person fetched from Braze at once, through the button on their page."""

from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from campaigns.models import Subscriber, Workspace
from campaigns.models.standing import settle
from integrations.sandbox.people import users
from tests import builders
from tests.integrations.braze.conftest import KEY, Braze

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace(braze: Braze) -> Workspace:
    return builders.make_workspace(rest_endpoint=braze.url, rest_key=KEY)


def known_id() -> str:
    return next(str(user["external_id"]) for user in users(seed=1) if user["external_id"])


def said(client: Client, person: Subscriber) -> str:
    response = client.post(reverse("subscriber_fetch", args=[person.pk]), follow=True)
    assert response.status_code == 200
    return " ".join(str(message) for message in response.context["messages"])


def test_what_braze_says_of_the_person_is_taken_over(workspace: Workspace) -> None:
    person = builders.make_subscriber(known_id(), workspace=workspace, first_name="Old")
    marketer = builders.make_client("marketer")

    assert said(marketer, person) == "Fetched from Braze: what had changed is here now."

    person.refresh_from_db()
    assert person.first_name != "Old"
    assert person.attributes
    assert said(marketer, person) == "Fetched from Braze: nothing has changed."


def test_whom_braze_does_not_know_stays_as_they_are(workspace: Workspace) -> None:
    person = builders.make_subscriber("nobody-there", workspace=workspace, first_name="Old")
    builders.make_subscription(person)
    settle([person.pk])

    assert "does not know this user id" in said(builders.make_client("marketer"), person)

    person.refresh_from_db()
    assert (person.first_name, person.subscriptions.count()) == ("Old", 1)


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"rest_key": ""}, "has no REST key"),
        ({"rest_key": "another"}, "does not accept the REST key"),
        ({"rest_endpoint": "https://rest.invalid"}, "Nothing was changed"),
    ],
)
def test_what_keeps_braze_from_answering_is_said(
    workspace: Workspace, columns: dict[str, str], words: str, braze: Braze
) -> None:
    braze.set(keys={KEY: ["users.export.ids"]})
    Workspace.objects.filter(pk=workspace.pk).update(**columns)
    person = builders.make_subscriber(known_id(), workspace=workspace)

    message = said(builders.make_client("marketer"), person)

    assert words in message
    assert "Nothing was changed." in message


def test_auditors_do_not_fetch(workspace: Workspace, tmp_path: Path) -> None:
    person = builders.make_subscriber(known_id(), workspace=workspace)
    auditor = builders.make_client("auditor")
    assert auditor.post(reverse("subscriber_fetch", args=[person.pk])).status_code == 403
    assert (
        "Fetch from Braze now"
        not in auditor.get(reverse("subscriber_detail", args=[person.pk])).content.decode()
    )
