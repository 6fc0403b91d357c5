"""What the pipeline's tests share: a stand-in Rokt, and an account that talks to it."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User

from campaigns.models import Account, Event
from tests.builders import make_account, make_campaign, make_event, make_segment, make_user
from tests.sandbox_process import Sandbox


@pytest.fixture(scope="session")
def rokt_process() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def rokt(rokt_process: Sandbox, settings) -> Sandbox:
    rokt_process.reset()
    settings.ROKT_HOSTS = [urlsplit(rokt_process.url).netloc]
    return rokt_process


@pytest.fixture
def account(db, rokt) -> Account:
    return make_account("acme", base_url=rokt.url, rate_per_second=5_000, burst_count=1_000, at_once_count=64)


@pytest.fixture
def event(account) -> Event:
    campaign = make_campaign(account=account, segment=make_segment())
    return make_event(campaign=campaign, event_id="Event_0001", title="Summer Sale")


@pytest.fixture
def staff(db) -> User:
    return make_user("marketer")
