"""The token endpoint: who gets a token, how long it lives, and which error says why not."""

import base64
import time

import pytest
import requests

from tests.integrations.sandbox.conftest import Caller
from tests.sandbox_process import Sandbox

FORM = "application/x-www-form-urlencoded"


def basic(text: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}


def ask(sandbox: Sandbox, body: str, **headers: str) -> requests.Response:
    headers = {"Content-Type": FORM, **headers}
    return requests.post(f"{sandbox.url}/oauth2/token", data=body, headers=headers, timeout=10)


def test_credentials_in_the_form_give_a_token(rokt: Caller):
    answer = rokt.token()
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    told = answer.json()
    assert told.keys() == {"access_token", "token_type", "expires_in", "refresh_token"}
    assert (told["token_type"], told["expires_in"]) == ("bearer", 300)
    assert told["access_token"] != rokt.token().json()["access_token"]


def test_credentials_in_a_basic_header_give_a_token(sandbox: Sandbox):
    answer = ask(sandbox, "grant_type=client_credentials", **basic("app:s3:cret"))
    assert (answer.status_code, answer.json()["expires_in"]) == (200, 300)


def test_a_refresh_token_gives_another_token_to_its_own_client_only(rokt: Caller):
    refresh = rokt.token().json()["refresh_token"]
    again = rokt.token(grant_type="refresh_token", refresh_token=refresh)
    assert again.status_code == 200
    theirs = rokt.token(grant_type="refresh_token", refresh_token=refresh, client_id="somebody-else")
    assert (theirs.status_code, theirs.json()["error"]) == (400, "invalid_grant")
    rokt.session.headers["Authorization"] = f"Bearer {again.json()['access_token']}"


@pytest.mark.parametrize(
    ("body", "headers", "status", "error"),
    [
        ("client_id=a&client_secret=b", {}, 400, "invalid_request"),
        ("grant_type=password&client_id=a&client_secret=b", {}, 400, "unsupported_grant_type"),
        ("grant_type=refresh_token&refresh_token=x&client_id=a&client_secret=b", {}, 400, "invalid_grant"),
        ("grant_type=client_credentials&grant_type=x&client_id=a", {}, 400, "invalid_request"),
        ("grant_type=client_credentials&client_id=a&client_secret=", {}, 401, "invalid_client"),
        ("grant_type=client_credentials&client_secret=b", {}, 401, "invalid_client"),
        ("grant_type=client_credentials", {}, 401, "invalid_client"),
        ("grant_type=client_credentials", basic("app:"), 401, "invalid_client"),
        ("grant_type=client_credentials", basic("no colon"), 401, "invalid_client"),
        ("grant_type=client_credentials", {"Authorization": "Basic ==="}, 401, "invalid_client"),
        ("grant_type=client_credentials", {"Authorization": "Bearer YTpi"}, 401, "invalid_client"),
        ("grant_type=client_credentials&client_secret=b", basic("a:b"), 400, "invalid_request"),
        ('{"grant_type":"client_credentials"}', {"Content-Type": "application/json"}, 400, "invalid_request"),
    ],
)
def test_a_bad_request_is_told_in_the_words_of_rfc_6749(sandbox, body, headers, status, error):
    answer = ask(sandbox, body, **headers)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.json().keys() == {"error", "error_description"}
    assert "stand-in" in answer.json()["error_description"]
    assert ("WWW-Authenticate" in answer.headers) == (status == 401 and "Authorization" in headers)
    assert sandbox.summary()["tokens_issued"] == 0


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer nobody-knows-me", "Basic YTpi"])
def test_a_call_without_a_living_token_is_refused(sandbox: Sandbox, header: str | None):
    headers = {} if header is None else {"Authorization": header}
    url = f"{sandbox.url}/v1/subscriptionevent/acme"
    answer = requests.post(url, json={}, headers=headers, timeout=10)
    assert (answer.status_code, answer.json()["Code"]) == (401, "Unauthorized")
    assert answer.json().keys() == {"Code", "Reason"}
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_token_dies_after_its_seconds():
    with Sandbox("--token-seconds", "2") as short:
        caller = Caller(short)
        with caller.session:
            caller.log_in()
            assert caller.create().status_code == 202
            deadline = time.monotonic() + 10
            while caller.create().status_code != 401:
                assert time.monotonic() < deadline
            caller.log_in()
            assert caller.create().status_code == 202


def test_only_named_clients_are_let_in_when_some_are_named():
    with Sandbox("--client", "one:first:secret", "--client", "two:second") as locked:
        caller = Caller(locked)
        with caller.session:
            assert caller.token(client_id="one", client_secret="first:secret").status_code == 200
            assert caller.token(client_id="two", client_secret="second").status_code == 200
            assert caller.token(client_id="two", client_secret="first:secret").status_code == 401
            assert caller.token(client_id="three", client_secret="x").json()["error"] == "invalid_client"


def test_the_log_keeps_no_secret_and_no_bearer(sandbox: Sandbox, rokt: Caller):
    told = rokt.token(grant_type="refresh_token", refresh_token="r3fresh").json()
    ask(sandbox, '{"client_secret": "s3cret"}', **{"Content-Type": "application/json"})
    rokt.create()
    text = str(sandbox.log())
    bearer = str(rokt.session.headers["Authorization"]).removeprefix("Bearer ")
    assert not [secret for secret in ("s3cret", "r3fresh", bearer) if secret in text]
    assert told["error"] == "invalid_grant"
    assert sandbox.log()[0]["body"] == "grant_type=client_credentials&client_id=app&client_secret=***"
