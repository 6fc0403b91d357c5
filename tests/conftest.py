"""Nouns that most tests need: an account, a campaign, an event, a segment, and somebody of each role."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from hypothesis import settings as hypothesis

from campaigns.models import Account, Campaign, Event, Segment
from tests import builders, copying, emptying

hypothesis.register_profile("no clock", deadline=None)  # a busy machine is no reason to fail
hypothesis.load_profile("no clock")
emptying.quickly()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the longest tests away from the end, where all others would wait for them."""
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    """When a test may run: whoever commits empties the tables, also of what migrations put there, and so comes late.

    First come those that take longest and have databases of their own: others work while they wait.
    """
    folder = item.path.parent.name
    if not _commits(item):
        return 0 if folder in {"processes", "faults"} else 1
    return 2 if folder == "faults" else 3


def _commits(item: pytest.Item) -> bool:
    mark = item.get_closest_marker("django_db")
    wanted = getattr(item, "fixturenames", ())
    return "transactional_db" in wanted or bool(mark and mark.kwargs.get("transaction"))


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: Any) -> Iterator[None]:
    """Give each process of the tests a database, instead of the fixture of pytest-django."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    with django_db_blocker.unblock():
        copying.make(run, process=os.environ.get("PYTEST_XDIST_WORKER", "alone"))
    yield
    with django_db_blocker.unblock():
        copying.remove()


@pytest.hookimpl(trylast=True)  # when pytest-django no longer keeps anybody from the database
def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the database that all of them copied."""
    if not hasattr(config, "workerinput"):
        copying.forget()


@pytest.fixture
def untraced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start processes without coverage: what they run is measured elsewhere, and traced they are twice as slow."""
    for name in [name for name in os.environ if name.startswith("COVERAGE_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def account(db: None) -> Account:
    """An account named "shop"."""
    return builders.make_account("shop", name="The Shop")


@pytest.fixture
def segment(db: None) -> Segment:
    """A segment of everyone."""
    return builders.make_segment(name="Everybody")


@pytest.fixture
def campaign(account: Account, segment: Segment) -> Campaign:
    """A campaign of the shop for everyone."""
    return builders.make_campaign(name="Summer", account=account, segment=segment)


@pytest.fixture
def event(campaign: Campaign) -> Event:
    """An event of the summer campaign."""
    return builders.make_event(campaign, event_id="Event_0001")


@pytest.fixture
def auditor(db: None) -> Client:
    """A browser of somebody who may read everything and change nothing."""
    return builders.make_client("auditor")


@pytest.fixture
def marketer(db: None) -> Client:
    """A browser of somebody who composes and sends."""
    return builders.make_client("marketer")


@pytest.fixture
def approver(db: None) -> Client:
    """A browser of somebody who may also release sends."""
    return builders.make_client("approver")


@pytest.fixture
def admin(db: None) -> Client:
    """A browser of somebody who may also set up accounts and staff."""
    return builders.make_client("admin")
