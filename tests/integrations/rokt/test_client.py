"""One call at a time: kept connections and deadlines, and what "test connection" tells staff."""

import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
import responses

from integrations.rokt.client import Client, Step
from integrations.rokt.token import Credentials
from integrations.rokt.wire import Event, Reply, Target, Verdict, create, read_subscription
from tests.integrations.conftest import AtHome
from tests.integrations.raw_server import (
    ACCEPTED,
    Asked,
    RawServer,
    Script,
    answer,
    drips,
    keeps,
    says,
    silent,
)

Serve = Callable[..., RawServer]
SECONDS = 2  # enough for an answer on a busy machine, and not long to wait for none
OURS = Credentials("client", "s3cret-of-ours")
TOKEN = answer(200, b'{"access_token": "tok", "token_type": "bearer", "expires_in": 300}')


def sent(client: Client, server: RawServer, event: Event) -> Reply:
    return client.call(create(Target(server.url, "acme"), event, ["id"]), token="tok")


def test_a_connection_is_kept_open_between_calls(serve: Serve, event: Event):
    server = serve(keeps(ACCEPTED))
    with Client(allowed_hosts={server.place}) as client:
        assert {sent(client, server, event).verdict for _ in range(3)} == {Verdict.ACCEPTED}
    assert server.connections == 1


def test_a_connection_that_idled_is_not_used_again(
    serve: Serve, event: Event, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("integrations.web.session.IDLE_SECONDS", -1)
    server = serve(keeps(ACCEPTED))
    with Client(allowed_hosts={server.place}) as client:
        assert {sent(client, server, event).verdict for _ in range(3)} == {Verdict.ACCEPTED}
    assert server.connections == 3


def test_a_connection_with_half_an_answer_on_it_is_not_used_again(serve: Serve, event: Event):
    server = serve(drips(b"HTTP/1.1 202 Accepted\r\nContent-Length: 9999\r\n\r\n"))
    with Client(timeout_seconds=SECONDS, allowed_hosts={server.place}) as client:
        assert sent(client, server, event).drift == "the body of the answer was cut short"
        server.script = keeps(ACCEPTED)
        assert sent(client, server, event).drift == ""
    assert server.connections == 2


def test_cookies_are_not_kept(serve: Serve, event: Event):
    server = serve(keeps(answer(202, b"", "Set-Cookie: id=1; Path=/")))
    with Client(allowed_hosts={server.place}) as client:
        sent(client, server, event)
        sent(client, server, event)
    assert b"cookie" not in server.requests[1].lower()


def test_the_first_of_two_waits_that_can_be_read_counts(serve: Serve, event: Event):
    server = serve(keeps(answer(503, b"", "Retry-After: soon", "Retry-After: 30")))
    with Client(allowed_hosts={server.place}) as client:
        assert sent(client, server, event).retry_after == 30


def test_a_read_keeps_the_whole_answer(serve: Serve):
    body = b'{"subscriptionId": "id", "pad": "' + b"x" * 300_000 + b'"}'
    server = serve(keeps(answer(200, body)))
    with Client(allowed_hosts={server.place}) as client:
        assert client.call(read_subscription(Target(server.url, "acme"), "id"), token="tok").answer == body


@pytest.mark.parametrize(
    ("script", "verdict"),
    [
        (keeps(ACCEPTED), Verdict.ACCEPTED),
        (drips(b"HTTP/1.1 202 Accepted\r\nContent-Length: 9999\r\n\r\n"), Verdict.ACCEPTED),
        (silent, Verdict.UNKNOWN),
    ],
    ids=["well", "dripping", "silent"],
)
def test_the_deadline_holds_under_tls(
    script: Script, verdict: Verdict, serve: Serve, tls: ssl.SSLContext, certificate: Path, at_home: AtHome
):
    server = serve(script, tls=tls)
    place = at_home("tls.example", server)
    call = read_subscription(Target(f"https://{place}", "acme"), "id")
    with Client(timeout_seconds=SECONDS, allowed_hosts={place}) as client:
        client.session.verify = str(certificate)
        reply = client.call(call, token="tok")
    assert reply.verdict is verdict
    assert len(server.requests) == 1
    assert reply.elapsed_ms < 8_000


@responses.activate
def test_a_call_made_over_a_pretended_transport_is_judged_the_same(event: Event):
    responses.post(
        "https://api.roktcalendar.com/v1/subscriptionevent/acme",
        status=400,
        json={"Code": "A", "Reason": "b"},
    )
    with Client() as client:
        reply = client.call(
            create(Target("https://api.roktcalendar.com", "acme"), event, ["id"]), token="tok"
        )
    assert (reply.verdict, reply.reason) == (Verdict.REFUSED, "A: b")


def checked(server: RawServer, *, allowed: bool = True) -> list[Step]:
    with Client(timeout_seconds=1, allowed_hosts={server.place} if allowed else set()) as client:
        return client.check_connection(Target(f"{server.url}/", "acme"), OURS)


def rokt(token: bytes, read: bytes) -> Script:
    def script(asked: Asked) -> bool:
        return keeps(token if asked.path == "/oauth2/token" else read)(asked)

    return script


@pytest.mark.parametrize("status", [200, 400, 404])
def test_a_working_account_passes_every_step_and_promises_no_more_than_was_seen(status: int, serve: Serve):
    server = serve(rokt(TOKEN, answer(status, b"{}")))
    steps = checked(server)
    assert [(step.step, step.ok) for step in steps] == [
        ("address", True),
        ("connection", True),
        ("credentials", True),
        ("account", True),
    ]
    assert steps[-1].sentence == "Rokt accepts the token. Only a test send proves the account code acme."
    assert server.requests[1].startswith(
        b"GET /v1/subscription/00000000-0000-0000-0000-000000000000 HTTP/1.1\r\n"
    )
    assert not any(b"/subscriptionevent/" in request for request in server.requests)


@pytest.mark.parametrize(
    ("read", "words"),
    [
        (keeps(answer(401)), "gave out a token and then refused it: HTTP 401 Unauthorized"),
        (keeps(answer(403)), "gave out a token and then refused it: HTTP 403 Forbidden"),
        (keeps(answer(500)), "reading with it failed: HTTP 500"),
        (keeps(answer(405)), "reading with it failed: HTTP 405"),
        (says(b""), "reading with it failed: connection closed without an answer"),
    ],
    ids=["401", "403", "500", "405", "nothing"],
)
def test_a_token_that_does_not_work_fails_the_last_step(read: Script, words: str, serve: Serve):
    steps = checked(serve(lambda asked: keeps(TOKEN)(asked) if len(asked.path) == 13 else read(asked)))
    assert [step.ok for step in steps] == [True, True, True, False]
    assert words in steps[-1].sentence


@pytest.mark.parametrize(
    "token", [answer(401, b'{"error": "invalid_client"}'), answer(500), answer(200, b"<p>")]
)
def test_refused_credentials_fail_the_third_step(token: bytes, serve: Serve):
    steps = checked(serve(keeps(token)))
    assert [(step.step, step.ok) for step in steps][1:] == [("connection", True), ("credentials", False)]


def test_a_server_that_is_not_there_fails_the_second_step(serve: Serve):
    server = serve(silent)
    server.close()
    steps = checked(server)
    assert [(step.step, step.ok) for step in steps] == [("address", True), ("connection", False)]
    assert steps[-1].sentence == "Rokt cannot be reached: connection refused."


def test_an_address_that_is_not_allowed_fails_the_first_step(serve: Serve):
    server = serve(silent)
    (step,) = checked(server, allowed=False)
    assert (step.step, step.ok) == ("address", False)
    assert server.connections == 0
