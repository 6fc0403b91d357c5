"""The sample data of the demo: all of it is there, can be made twice, and never lands among somebody's work."""

import pytest
from django.contrib.auth import authenticate

from campaigns.management import sample
from campaigns.models import Account, Campaign, Event, Import, Segment, Send, Subscriber
from campaigns.models.roles import ROLES
from campaigns.pipeline import audience, compose, validate
from campaigns.pipeline.render import Content
from tests.builders import make_account, make_user

SANDBOX = "http://127.0.0.1:8100"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _few_people_and_a_sandbox(monkeypatch: pytest.MonkeyPatch, settings) -> None:
    monkeypatch.setattr(sample, "PEOPLE_COUNT", 300)
    settings.ROKT_HOSTS = ["127.0.0.1:8100", "127.0.0.1:8200"]


def counts() -> dict[str, int]:
    models = (Account, Campaign, Event, Import, Segment, Send, Subscriber)
    return {model.__name__: model.objects.count() for model in models}


def test_there_is_something_of_everything() -> None:
    sample.make(sandbox=SANDBOX)

    assert counts() == {
        "Account": 2,
        "Campaign": 3,
        "Event": 3,
        "Import": 1,
        "Segment": 3,
        "Send": 1,
        "Subscriber": 300,
    }
    assert all(account.is_stand_in for account in Account.objects.all())


@pytest.mark.parametrize("role", ROLES)
def test_somebody_of_every_role_can_sign_in(role: str) -> None:
    sample.make(sandbox=SANDBOX)

    user = authenticate(username=role, password="demo")

    assert user is not None
    assert user.is_staff
    assert [group.name for group in user.groups.all()] == [role]


def test_every_event_could_be_sent_to_somebody() -> None:
    sample.make(sandbox=SANDBOX)

    for event in Event.objects.all():
        send = compose.draft(event, Send.Kind.CREATE)
        assert not validate.content_problems(Content.of(event), account=event.account, event_pk=event.pk), (
            event.title
        )
        assert audience.matching(send).exists(), event.title


def test_a_second_time_adds_nothing_but_follows_the_sandbox() -> None:
    sample.make(sandbox=SANDBOX)
    before = counts()
    Account.objects.update(name="renamed by somebody")

    sample.make(sandbox="http://127.0.0.1:8200")

    assert counts() == before
    assert set(Account.objects.values_list("name", "base_url")) == {
        ("renamed by somebody", "http://127.0.0.1:8200")
    }


@pytest.mark.parametrize("make", [make_user, make_account])
def test_a_database_in_use_is_left_alone(make) -> None:
    make()
    before = counts()

    with pytest.raises(sample.InUseError, match="This database is in use"):
        sample.make(sandbox=SANDBOX)

    assert counts() == before
