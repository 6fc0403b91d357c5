"""Nouns that most tests need: an account, a campaign, an event, a segment, and somebody of each role."""

import pytest
from django.test import Client
from hypothesis import settings as hypothesis

from campaigns.models import Account, Campaign, Event, Segment
from tests import builders

hypothesis.register_profile("no clock", deadline=None)  # a busy machine is no reason to fail
hypothesis.load_profile("no clock")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests that take the longest and use no database of ours: so none of them is the last."""
    items.sort(key=lambda item: item.path.parent.name != "processes")


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
