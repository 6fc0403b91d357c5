"""People who have subscribed to the shop's calendars, and a stand-in for Braze."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from campaigns import tasks
from tests import builders
from tests.integrations.braze.conftest import Braze
from tests.sandbox_process import Sandbox


@pytest.fixture
def ada(account):
    person = builders.make_subscriber(
        "user-1",
        first_name="Ada",
        last_name="Lovelace",
        email="ada@example.com",
        profile={"time_zone": "Europe/London"},
    )
    builders.make_subscription(person, account, rokt_id="06423672-b6ba-4536-aa36-70788a7a0a36")
    return person


@pytest.fixture
def bob(account, ada):
    person = builders.make_subscriber("user-2", first_name="", email="bob@example.com")
    builders.make_subscription(person, account)
    return person


@pytest.fixture
def people(account):
    """Three people: two in Australia, one of them without a subscription id, and one in Austria."""
    for user_id, country, rokt_id in (("a", "AU", None), ("b", "AU", ""), ("c", "AT", None)):
        person = builders.make_subscriber(user_id, first_name=user_id.upper())
        given = {} if rokt_id is None else {"rokt_id": rokt_id}
        builders.make_subscription(
            person, account, country_code=country, tags=["VIP"] * (country == "AT"), **given
        )


@pytest.fixture
def published(monkeypatch, django_capture_on_commit_callbacks):
    """The dry runs that were given to the workers."""
    given: list[int] = []
    monkeypatch.setattr(tasks, "start_dry_run", given.append)
    return given


@pytest.fixture
def three_people(event):
    """Two people with a last name, and one without."""
    named = [("ada", "Lovelace"), ("bob", "Ross"), ("cyd", "")]
    return {
        user_id: builders.make_subscription(
            builders.make_subscriber(user_id, first_name=user_id.title(), last_name=last_name), event.account
        ).subscriber
        for user_id, last_name in named
    }


@pytest.fixture(scope="module")
def braze_process() -> Iterator[Braze]:
    """A Braze with ten people."""
    with Sandbox("--people", "10") as running:
        yield Braze(running)


@pytest.fixture
def braze(braze_process: Braze, settings, tmp_path: Path) -> Braze:
    """It, emptied before each test, that may be called; downloads go into a folder of the test."""
    braze_process.sandbox.reset()
    settings.BRAZE_HOSTS = [braze_process.place]
    settings.DATA_DIR = tmp_path
    return braze_process
