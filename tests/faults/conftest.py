"""What the fault tests share: a stand-in Rokt, a crowd of people, and a send to all of them."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from campaigns.models import Account, Event, Subscriber, Subscription
from tests.builders import (
    home_id,
    make_account,
    make_campaign,
    make_event,
    make_segment,
    make_workspace,
    traits_id,
)
from tests.sandbox_process import Sandbox


@pytest.fixture(autouse=True)
def _all_of_them(untraced: None) -> None:
    """Every process here is started untraced."""


@pytest.fixture
def rokt(untraced, settings) -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        settings.ROKT_HOSTS = [urlsplit(sandbox.url).netloc]
        yield sandbox


@pytest.fixture
def account(transactional_db, rokt) -> Account:
    return make_account(
        "acme", base_url=rokt.url, rate_per_second=10_000, burst_count=2_000, at_once_count=64
    )


@pytest.fixture
def event(account) -> Event:
    return make_event(make_campaign(account=account, segment=make_segment()), event_id="Event_0001")


def make_crowd(count: int) -> None:
    """Make many people with one subscription each, quickly."""
    workspace, traits, home = (
        make_workspace(),
        traits_id(account_code="acme", calendar_code="offers"),
        home_id(),
    )
    people = Subscriber.objects.bulk_create(
        (
            Subscriber(workspace=workspace, external_id=f"user-{n}", first_name=f"Name {n}")
            for n in range(count)
        ),
        batch_size=1_000,
    )
    Subscription.objects.bulk_create(
        (
            Subscription(
                subscriber=person,
                position=0,
                rokt_id=f"06423672-b6ba-4536-aa36-{person.pk:012x}",
                traits_id=traits,
                home_id=home,
            )
            for person in people
        ),
        batch_size=1_000,
    )
