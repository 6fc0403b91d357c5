"""Every fault as a client meets it, on the bytes of a real socket."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from tests.integrations.sandbox.conftest import ALICE, Caller, event
from tests.sandbox_process import Sandbox


@contextmanager
def posted(rokt: Caller, **fields: str) -> Iterator[socket.socket]:
    """A socket on which one create was sent and nothing was read yet."""
    body = json.dumps({"event": event(**fields), "subscriptionIds": [ALICE]}).encode()
    place = urlsplit(rokt.url)
    head = (
        "POST /v1/subscriptionevent/acme HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Authorization: {rokt.session.headers['Authorization']!s}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection((place.hostname, place.port), timeout=10) as wire:
        wire.sendall(head.encode() + body)
        yield wire


def everything(wire: socket.socket) -> bytes:
    """All bytes until the other side closes."""
    received = b""
    while piece := wire.recv(65536):
        received += piece
    return received


def arrived(sandbox: Sandbox) -> dict[str, Any]:
    """The log line of the one create, waited for: it may still be under way."""
    deadline = time.monotonic() + 10
    while not (lines := [line for line in sandbox.log() if line["path"] != "/oauth2/token"]):
        assert time.monotonic() < deadline
    [line] = lines
    return line


@pytest.mark.parametrize("applies", [True, False])
def test_hang_never_answers(sandbox: Sandbox, rokt: Caller, applies: bool):
    sandbox.fault("hang", applies=applies)
    with posted(rokt) as wire:
        line = arrived(sandbox)
        wire.settimeout(0.3)
        with pytest.raises(TimeoutError):
            wire.recv(1)
    assert (line["fault"], line["status"]) == ("hang", None)
    assert bool(sandbox.entries()) == applies


@pytest.mark.parametrize("applies", [True, False])
def test_reset_breaks_the_connection_after_the_request_was_read(sandbox, rokt, applies):
    sandbox.fault("reset", applies=applies)
    with posted(rokt) as wire, pytest.raises(ConnectionResetError):
        wire.recv(1)
    assert (arrived(sandbox)["fault"], arrived(sandbox)["status"]) == ("reset", None)
    assert bool(sandbox.entries()) == applies


@pytest.mark.parametrize("applies", [True, False])
def test_cut_says_202_and_closes_before_the_body_is_whole(sandbox, rokt, applies):
    sandbox.fault("cut", applies=applies)
    with posted(rokt) as wire:
        head, _, body = everything(wire).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 202 Accepted")
    assert f"Content-Length: {len(body) + 100}".encode() in head
    assert (arrived(sandbox)["fault"], arrived(sandbox)["status"]) == ("cut", 202)
    assert bool(sandbox.entries()) == applies


@pytest.mark.parametrize("applies", [True, False])
def test_drip_gives_the_body_byte_by_byte(sandbox, rokt, applies):
    sandbox.fault("drip", seconds=0.05, applies=applies)
    begun = time.monotonic()
    with posted(rokt) as wire:
        received = b""
        while len(body := received.partition(b"\r\n\r\n")[2]) < 5:
            received += wire.recv(65536)
    assert received.startswith(b"HTTP/1.1 202 Accepted")
    assert time.monotonic() - begun > (len(body) - 1) * 0.05 - 0.01  # a timer may be early by a tick
    assert (arrived(sandbox)["fault"], bool(sandbox.entries())) == ("drip", applies)


def test_drip_ends_when_a_body_does(sandbox: Sandbox, rokt: Caller):
    sandbox.fault("drip", seconds=0, path="/v1/subscription/")
    assert rokt.call("GET", f"/v1/subscription/{ALICE}").json()["subscriptionId"] == ALICE


def test_bad_gzip_says_202_and_a_body_that_cannot_be_unpacked(sandbox: Sandbox, rokt: Caller):
    sandbox.fault("bad_gzip")
    with pytest.raises(requests.exceptions.ContentDecodingError):
        rokt.create()
    assert (arrived(sandbox)["status"], list(sandbox.entries())) == (202, [ALICE])


@pytest.mark.parametrize(
    ("fault", "more", "start"),
    [
        ("garbage", {}, b"ROKT/??"),
        ("early_hints", {}, b"HTTP/1.1 103 "),
        ("early_hints", {"status": 100}, b"HTTP/1.1 100 "),
    ],
)
@pytest.mark.parametrize("applies", [True, False])
def test_no_final_status_ever_comes(sandbox, rokt, fault, more, start, applies):
    sandbox.fault(fault, applies=applies, **more)
    with posted(rokt) as wire:
        received = everything(wire)
    assert received.startswith(start)
    assert b"202" not in received
    assert (arrived(sandbox)["fault"], arrived(sandbox)["status"]) == (fault, None)
    assert bool(sandbox.entries()) == applies


@pytest.mark.parametrize(
    ("fault", "more", "status", "headers"),
    [
        ("400", {}, 400, {}),
        ("401", {}, 401, {}),
        ("429", {}, 429, {}),
        ("429", {"retry_after": "30"}, 429, {"Retry-After": "30"}),
        ("429", {"retry_after": "soon"}, 429, {"Retry-After": "soon"}),
        ("429", {"retry_after": "-5"}, 429, {"Retry-After": "-5"}),
        ("500", {}, 500, {}),
        ("status", {"status": 503, "retry_after": "1000000000"}, 503, {"Retry-After": "1000000000"}),
        ("status", {"status": 599}, 599, {}),
        ("302", {"location": "http://169.254.169.254/"}, 302, {"Location": "http://169.254.169.254/"}),
        ("status", {"status": 307, "location": "/x"}, 307, {"Location": "/x"}),
    ],
)
@pytest.mark.parametrize("applies", [None, True])
def test_a_status_is_answered_instead(sandbox, rokt, fault, more, status, headers, applies):
    sandbox.fault(fault, **more, **({} if applies is None else {"applies": applies}))
    answer = rokt.create()
    assert (answer.status_code, answer.json().keys()) == (status, {"Code", "Reason"})
    assert "stand-in" in answer.json()["Reason"]
    assert headers.items() <= answer.headers.items()
    assert (arrived(sandbox)["fault"], arrived(sandbox)["status"]) == (fault, status)
    assert bool(sandbox.entries()) == bool(applies)


@pytest.mark.parametrize("status", [200, 202, 204, 304])
def test_a_status_without_an_error_has_no_body(sandbox: Sandbox, rokt: Caller, status: int):
    sandbox.fault("status", status=status)
    answer = rokt.create()
    assert (answer.status_code, answer.content, sandbox.entries()) == (status, b"", {})


@pytest.mark.parametrize(
    ("status", "body", "content_type"),
    [
        (200, "<h1>Sign in</h1>", "text/html"),
        (200, '{"access_token": "x", "token_type": "bearer", "expires_in": "300"}', "application/json"),
        (500, "", ""),
    ],
)
def test_a_token_request_may_be_answered_with_anything(sandbox, rokt, status, body, content_type):
    path = "/oauth2/token"
    sandbox.fault("status", status=status, body=body, content_type=content_type or "x/y", path=path)
    answer = rokt.token()
    assert (answer.status_code, answer.text) == (status, body)
    assert answer.headers.get("Content-Type", "").partition(";")[0] == content_type
    assert (rokt.create().status_code, sandbox.summary()["tokens_issued"]) == (202, 1)


def test_latency_waits_and_then_answers_as_ever(sandbox: Sandbox, rokt: Caller):
    sandbox.fault("latency", seconds=0.2)
    begun = time.monotonic()
    assert rokt.create().status_code == 202
    assert time.monotonic() - begun > 0.19
    assert (arrived(sandbox)["fault"], list(sandbox.entries())) == ("latency", [ALICE])


def test_latencies_add_up_and_the_first_other_fault_is_done(sandbox: Sandbox, rokt: Caller):
    for fault, more in (
        ("latency", {"seconds": 0.1}),
        ("500", {}),
        ("400", {}),
        ("latency", {"seconds": 0.1}),
    ):
        sandbox.fault(fault, **more)
    begun = time.monotonic()
    assert rokt.create().status_code == 500
    assert time.monotonic() - begun > 0.19
    assert arrived(sandbox)["fault"] == "latency+500+latency"


def test_duplicate_does_it_twice_and_answers_once(sandbox: Sandbox, rokt: Caller):
    rokt.create()
    sandbox.fault("duplicate")
    assert rokt.update(title="Later").status_code == 202
    [entry] = sandbox.entries()[ALICE]
    assert (entry["title"], entry["sequence"]) == ("Later", 2)
    assert sandbox.summary()["paths"]["POST /v1/subscriptionevent/acme/update"] == {"202": 1}


def test_a_fault_that_applies_still_says_what_was_done(sandbox: Sandbox, rokt: Caller):
    rokt.create()
    sandbox.fault("500", applies=True)
    rokt.create()
    assert [line["note"] for line in sandbox.log()[-2:]] == [None, "repeat"]
