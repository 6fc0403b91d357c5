"""One sandbox process for this room's tests, emptied before each, and a caller that holds a token."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.sandbox_process import Sandbox

ALICE = "06423672-b6ba-4536-aa36-70788a7a0a36"
BOB = "7d5b1f9c-0b1e-4c55-9f6e-000000000b0b"


class Caller:
    """Calls the Rokt side as a client would: with a bearer, following nothing."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.url = sandbox.url
        self.session = requests.Session()
        self.session.trust_env = False

    def token(self, **form: str) -> requests.Response:
        wanted = {"grant_type": "client_credentials", "client_id": "app", "client_secret": "s3cret", **form}
        no_bearer = {"Authorization": None}
        return self.session.post(f"{self.url}/oauth2/token", data=wanted, headers=no_bearer, timeout=10)

    def log_in(self) -> None:
        self.session.headers["Authorization"] = f"Bearer {self.token().json()['access_token']}"

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> requests.Response:
        more = {"timeout": 10, "allow_redirects": False, **more}
        return self.session.request(method, self.url + path, json=body, **more)

    def create(self, *subscriptions: str, account: str = "acme", **fields: Any) -> requests.Response:
        body = {"event": event(**fields), "subscriptionIds": list(subscriptions or [ALICE])}
        return self.call("POST", f"/v1/subscriptionevent/{account}", body)

    def update(self, **fields: Any) -> requests.Response:
        return self.call("POST", "/v1/subscriptionevent/acme/update", {"event": event(**fields)})


def event(**fields: Any) -> dict[str, Any]:
    """The event of Rokt's partner page; a field that is None is left out."""
    told = {
        "eventId": "Event_0001_user42",
        "title": "Summer Sale",
        "description": "Half the price",
        "location": "Open for 50% off",
        "start": "2019-02-21T15:00:00",
        "end": "2019-02-21T16:00:00",
        "timezone": "Eastern Standard Time",
        "notifyBefore": "15",
        **fields,
    }
    return {name: value for name, value in told.items() if value is not None}


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture
def sandbox(sandbox_process: Sandbox) -> Sandbox:
    sandbox_process.reset()
    return sandbox_process


@pytest.fixture
def rokt(sandbox: Sandbox) -> Iterator[Caller]:
    caller = Caller(sandbox)
    caller.log_in()
    with caller.session:
        yield caller
