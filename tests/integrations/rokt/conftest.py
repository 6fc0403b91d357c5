"""What the Rokt tests share: one event, and both ways of sending one call."""

import asyncio
from collections.abc import Callable
from datetime import datetime

import pytest

from integrations.rokt.client import Client
from integrations.rokt.sender import Sender
from integrations.rokt.wire import Call, Event, Reply

SendOne = Callable[..., Reply]


@pytest.fixture(params=["client", "sender"])
def send_one(request: pytest.FixtureRequest) -> SendOne:
    """Send one call with the client, and again with the sender: they must agree."""
    return _with_client if request.param == "client" else _with_sender


def _with_client(
    call: Call, *, allowed_hosts: set[str], timeout_seconds: float = 5, token: str = "tok-1"
) -> Reply:
    with Client(timeout_seconds=timeout_seconds, allowed_hosts=allowed_hosts) as client:
        return client.call(call, token=token)


def _with_sender(
    call: Call, *, allowed_hosts: set[str], timeout_seconds: float = 5, token: str = "tok-1"
) -> Reply:
    async def send() -> Reply:
        async with Sender(1, timeout_seconds, allowed_hosts) as sender:
            return (await sender.send([call], token=token))[0]

    return asyncio.run(send())


@pytest.fixture
def event() -> Event:
    return Event(
        event_id="Event_0001_user42",
        title="Summer Sale",
        description="Three days only",
        location="Open for 50% off",
        start=datetime(2019, 2, 21, 15, 0, 0),
        end=datetime(2019, 2, 21, 16, 0, 0),
        timezone="Eastern Standard Time",
        notify_before=15,
    )
