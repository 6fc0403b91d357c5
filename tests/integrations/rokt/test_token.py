"""Fetching a token: what is asked, what counts as a token, and every way it can go wrong."""

import json
from base64 import b64encode
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from integrations.rokt.errors import (
    AddressError,
    AnswerUnreadableError,
    CredentialsRefusedError,
    NoAnswerError,
    NotReachableError,
    RoktError,
)
from integrations.rokt.token import Credentials, Held, Token, fetch
from integrations.web.session import WebSession
from tests.integrations.raw_server import RawServer, answer, drips, keeps, resets, says, silent

Serve = Callable[..., RawServer]
OURS = Credentials("client", "s3cret-of-ours")


def fetched(server: RawServer, credentials: Credentials = OURS) -> Token:
    with WebSession({server.place}) as session:
        return fetch(server.url, credentials, session=session)


def told(serve: Serve, **token: Any) -> Token:
    return fetched(serve(keeps(answer(200, json.dumps(token).encode()))))


def test_credentials_are_sent_as_brazes_are(serve: Serve):
    server = serve(keeps(answer(200, b'{"access_token": "tok", "token_type": "bearer", "expires_in": 300}')))
    assert fetched(server) == Token("tok", 300)
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /oauth2/token HTTP/1.1\r\n")
    assert b"Authorization: Basic " + b64encode(b"client:s3cret-of-ours") in head
    assert b"Content-Type: application/x-www-form-urlencoded" in head
    assert body == b"grant_type=client_credentials"


@pytest.mark.parametrize(
    ("expires_in", "seconds"),
    [
        (300, 300),
        ("300", 300),
        (299.9, 299),
        (1, 1),
        (3601, 3600),
        (1e9, 3600),
        (10**30, 3600),
        ("9" * 30, 3600),
        (0, 60),
        (0.5, 60),
        (-1, 60),
        ("-1", 60),
        ("0", 60),
        ("", 60),
        ("soon", 60),
        ("٣٠٠", 60),
        (None, 60),
        (True, 60),
        ([300], 60),
    ],
)
def test_a_lifetime_is_believed_within_reason(expires_in: Any, seconds: int, serve: Serve):
    assert told(serve, access_token="tok", expires_in=expires_in).expires_in == seconds


def test_a_token_without_a_lifetime_lives_a_minute(serve: Serve):
    assert told(serve, access_token="tok") == Token("tok", 60)


@pytest.mark.parametrize(("token_type", "seconds"), [("Bearer", 300), ("MAC", 60), (None, 60), (7, 60)])
def test_a_token_of_another_type_lives_a_minute(token_type: Any, seconds: int, serve: Serve):
    assert told(serve, access_token="t", token_type=token_type, expires_in=300).expires_in == seconds


@pytest.mark.parametrize(
    "access_token",
    [None, "", " ", 7, ["tok"], "a b", "a\nb", "a\r\nX-Evil: 1", "tökén", "a\0", "x" * 10_240],
    ids=range(11),
)
def test_a_token_that_cannot_be_sent_is_no_token(access_token: Any, serve: Serve):
    with pytest.raises(AnswerUnreadableError, match="without a usable token"):
        told(serve, access_token=access_token, expires_in=300)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (answer(200, b"<html>Welcome</html>"), "did not answer in JSON"),
        (answer(200, b""), "did not answer in JSON"),
        (answer(200, b'{"access_token": "t'), "did not answer in JSON"),
        (answer(200, b'{"access_token": "' + b"x" * 200_000 + b'"}'), "did not answer in JSON"),
        (answer(200, b'["tok"]'), "answered without a token"),
        (answer(200, b"{}"), "without a usable token"),
        (answer(500, b'{"access_token": "tok"}'), "HTTP 500 Internal Server Error"),
        (answer(429), "HTTP 429 Too Many Requests"),
        (answer(404), "HTTP 404 Not Found"),
        (answer(302, b"", "Location: https://evil.example/"), "HTTP 302 is not followed"),
        (answer(999), "HTTP 999"),
    ],
)
def test_an_answer_without_a_token_is_an_error_to_try_again_after(data: bytes, sentence: str, serve: Serve):
    with pytest.raises(AnswerUnreadableError, match=sentence):
        fetched(serve(keeps(data)))


@pytest.mark.parametrize("status", [400, 401, 403])
def test_refused_credentials_are_told_apart(status: int, serve: Serve):
    server = serve(keeps(answer(status, b'{"error": "invalid_client", "error_description": "unknown"}')))
    with pytest.raises(CredentialsRefusedError, match=r"^Rokt does not accept .* invalid_client: unknown\.$"):
        fetched(server)


def test_an_error_never_repeats_the_secret(serve: Serve):
    basic = b64encode(b"client:s3cret-of-ours").decode()
    body = json.dumps({"error": "bad", "error_description": f"s3cret-of-ours or {basic}"}).encode()
    with pytest.raises(CredentialsRefusedError) as refused:
        fetched(serve(keeps(answer(401, body))))
    assert "s3cret" not in str(refused.value)
    assert basic not in str(refused.value)


@pytest.mark.parametrize(
    "script", [resets(), says(b""), says(b"garbage\r\n\r\n")], ids=["reset", "fin", "junk"]
)
def test_a_lost_answer_is_told_apart_from_a_refusal(script: Any, serve: Serve):
    with pytest.raises(NoAnswerError, match=r"^Rokt's token service did not answer: .*\.$"):
        fetched(serve(script))


@pytest.mark.parametrize(
    "script", [silent, drips(b"HTTP/1.1 200 OK\r\nX: "), drips(b"HTTP/1.1 200 OK\r\n\r\n")]
)
def test_a_slow_token_service_is_not_waited_for(script: Any, serve: Serve, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("integrations.rokt.token.FETCH_SECONDS", 0.3)
    with pytest.raises((NoAnswerError, AnswerUnreadableError)):
        fetched(serve(script))


def test_a_service_that_is_not_there_is_not_reachable(serve: Serve):
    server = serve(silent)
    server.close()
    with pytest.raises(NotReachableError, match=r"^Rokt cannot be reached: connection refused\.$"):
        fetched(server)


def test_a_token_is_only_fetched_from_an_allowed_address(serve: Serve):
    server = serve(silent)
    with WebSession({"api.roktcalendar.com"}) as session, pytest.raises(AddressError):
        fetch(server.url, OURS, session=session)
    assert server.connections == 0


def test_all_errors_can_be_caught_as_one():
    leaves = (AddressError, NotReachableError, NoAnswerError, CredentialsRefusedError, AnswerUnreadableError)
    assert all(issubclass(leaf, RoktError) for leaf in leaves)


def test_secrets_are_not_in_any_repr():
    held = Held("s3cret-token", datetime(2026, 1, 1, 1), datetime(2026, 1, 1))
    assert "s3cret" not in repr([OURS, Token("s3cret-token", 60), held])
