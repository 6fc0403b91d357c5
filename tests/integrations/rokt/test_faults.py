"""Every way an exchange can go wrong on a real socket, and what each of the two senders makes of it."""

import gzip
import socket
import ssl
import threading
from collections.abc import Callable

import pytest

from integrations.rokt.wire import Call, Event, Target, Verdict, create
from tests.integrations.conftest import AtHome
from tests.integrations.raw_server import (
    ACCEPTED,
    RawServer,
    Script,
    answer,
    drips,
    keeps,
    pours,
    resets,
    says,
    silent,
)
from tests.integrations.rokt.conftest import SendOne

Serve = Callable[..., RawServer]
SECONDS = 2  # enough for an answer on a busy machine, and not long to wait for none

NO_ANSWER = {
    "reset after the request": (resets(), "connection reset"),
    "closed after the request": (says(b""), "connection closed without an answer"),
    "a garbage status line": (says(b"\x00\xff\x13 hello\r\n\r\n"), ""),
    "an answer without a status line": (says(b"<html>HTTP/0.9</html>"), ""),
    "a cut status line": (says(b"HTTP/1.1 20"), ""),
    "cut headers": (resets(b"HTTP/1.1 202 Accepted\r\nContent-"), ""),
    "a header of 200 KB": (says(b"HTTP/1.1 202 Accepted\r\nX: " + b"a" * 200_000 + b"\r\n\r\n"), ""),
    "100 and nothing more": (says(b"HTTP/1.1 100 Continue\r\n\r\n"), ""),
    "103 and nothing more": (says(b"HTTP/1.1 103 Early Hints\r\n\r\n"), ""),
    "a change of protocol": (
        says(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
        "",
    ),
    "a status nobody knows": (says(answer(999)), "HTTP 999"),
    "silence": (silent, f"timed out after {SECONDS} s"),
    "a dripped status line": (drips(b"HTTP/1.1 "), ""),
}
HALF_A_HEAD = {
    "a dripped reason": drips(b"HTTP/1.1 202 "),
    "dripped headers": drips(b"HTTP/1.1 202 Accepted\r\nX: "),
    "closed among the headers": says(b"HTTP/1.1 202 Accepted\r\nContent-"),
}
BROKEN_BODY = {
    "a cut body": says(b"HTTP/1.1 202 Accepted\r\nContent-Length: 40\r\n\r\nhalf"),
    "a body broken off": resets(b"HTTP/1.1 202 Accepted\r\nContent-Length: 40\r\n\r\nhalf"),
    "a cut chunk": says(b"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n40\r\nhalf"),
    "a dripped body": drips(b"HTTP/1.1 202 Accepted\r\nContent-Length: 99999\r\n\r\n"),
    "a dripped body without an end": drips(b"HTTP/1.1 202 Accepted\r\n\r\n"),
    "a body that never comes": keeps(b"HTTP/1.1 202 Accepted\r\nContent-Length: 40\r\n\r\n"),
    "a body without end": pours(b"HTTP/1.1 202 Accepted\r\n\r\n"),
}
ODD_CODING = {
    "gzip that is none": answer(202, b"nope", "Content-Encoding: gzip"),
    "an unknown coding": answer(202, b"nope", "Content-Encoding: br"),
    "a gzip bomb": answer(202, gzip.compress(b"\0" * 20_000_000), "Content-Encoding: gzip"),
}


def call_to(place: str, event: Event, scheme: str = "http"):
    return create(Target(f"{scheme}://{place}", "acme"), event, ["06423672-b6ba-4536-aa36-70788a7a0a36"])


@pytest.mark.parametrize(("script", "reason"), NO_ANSWER.values(), ids=NO_ANSWER)
def test_a_request_that_left_and_got_no_answer_is_in_doubt(
    script: Script, reason: str, serve: Serve, send_one: SendOne, event: Event
):
    server = serve(script)
    reply = send_one(call_to(server.place, event), allowed_hosts={server.place}, timeout_seconds=SECONDS)
    assert reply.verdict is Verdict.UNKNOWN
    assert reason in reply.reason
    assert reply.reason
    assert len(server.requests) == 1
    assert reply.elapsed_ms < 8_000


@pytest.mark.parametrize("script", HALF_A_HEAD.values(), ids=HALF_A_HEAD)
def test_a_status_without_the_rest_of_its_head_counts_or_is_in_doubt(
    script: Script, serve: Serve, send_one: SendOne, event: Event
):
    server = serve(script)
    reply = send_one(call_to(server.place, event), allowed_hosts={server.place}, timeout_seconds=SECONDS)
    assert reply.verdict in {Verdict.ACCEPTED, Verdict.UNKNOWN}
    assert reply.elapsed_ms < 8_000


@pytest.mark.parametrize("script", BROKEN_BODY.values(), ids=BROKEN_BODY)
def test_the_status_counts_when_the_body_is_broken(
    script: Script, serve: Serve, send_one: SendOne, event: Event
):
    server = serve(script)
    reply = send_one(call_to(server.place, event), allowed_hosts={server.place}, timeout_seconds=SECONDS)
    assert (reply.verdict, reply.status) == (Verdict.ACCEPTED, 202)
    assert reply.drift == "the body of the answer was cut short"
    assert len(reply.body) <= 4096
    assert len(server.requests) == 1
    assert reply.elapsed_ms < 8_000


@pytest.mark.parametrize("data", ODD_CODING.values(), ids=ODD_CODING)
def test_the_status_counts_when_the_coding_is_odd(data: bytes, serve: Serve, send_one: SendOne, event: Event):
    server = serve(keeps(data))
    reply = send_one(call_to(server.place, event), allowed_hosts={server.place})
    assert (reply.verdict, reply.status) == (Verdict.ACCEPTED, 202)
    assert len(reply.body) <= 4096


def test_a_compressed_reason_is_read(serve: Serve, send_one: SendOne, event: Event):
    body = gzip.compress(b'{"Code": "InvalidEvent", "Reason": "end is before start"}')
    server = serve(keeps(answer(400, body, "Content-Encoding: gzip")))
    reply = send_one(call_to(server.place, event), allowed_hosts={server.place})
    assert (reply.verdict, reply.reason) == (Verdict.REFUSED, "InvalidEvent: end is before start")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_a_refusal_and_is_not_followed(
    status: int, serve: Serve, send_one: SendOne, event: Event
):
    elsewhere = serve(keeps(ACCEPTED))
    server = serve(pours(f"HTTP/1.1 {status} X\r\nLocation: {elsewhere.url}/\r\n\r\n".encode()))
    reply = send_one(call_to(server.place, event), allowed_hosts={server.place, elsewhere.place})
    assert (reply.verdict, reply.reason) == (Verdict.REFUSED, f"HTTP {status} is not followed")
    assert elsewhere.connections == 0


def test_an_ordinary_send_says_what_it_should(serve: Serve, send_one: SendOne, event: Event):
    server = serve(keeps(ACCEPTED))
    call = call_to(server.place, event)
    reply = send_one(call, allowed_hosts={server.place}, token="secret-token")
    assert (reply.verdict, reply.status, reply.drift) == (Verdict.ACCEPTED, 202, "")
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /v1/subscriptionevent/acme HTTP/1.1"
    headers = dict(line.lower().split(": ", 1) for line in lines[1:])
    assert headers.pop("connection", "keep-alive") == "keep-alive"
    assert headers == {
        "host": server.place,
        "content-type": "application/json",
        "content-length": str(len(call.body)),
        "accept": "application/json",
        "accept-encoding": "identity",
        "user-agent": "calendar-admin",
        "authorization": "bearer secret-token",
    }
    assert body == call.body


def test_proxies_and_netrc_of_the_machine_are_ignored(
    serve: Serve, send_one: SendOne, event: Event, monkeypatch: pytest.MonkeyPatch, tmp_path
):
    proxy = serve(keeps(ACCEPTED))
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login evil password evil\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, proxy.url)
    server = serve(keeps(ACCEPTED))
    send_one(call_to(server.place, event), allowed_hosts={server.place}, token="ours")
    assert proxy.connections == 0
    assert b"Bearer ours" in server.requests[0]


def test_our_token_is_masked_when_the_answer_repeats_it(serve: Serve, send_one: SendOne, event: Event):
    server = serve(keeps(answer(400, b'{"Code": "Bad", "Reason": "no such token s3cr/et+T"}')))
    reply = send_one(call_to(server.place, event), allowed_hosts={server.place}, token="s3cr/et+T")
    assert reply.reason == "Bad: no such token *********"
    assert "s3cr/et+T" not in repr(reply)


def test_a_refused_connection_sends_nothing(serve: Serve, send_one: SendOne, event: Event):
    server = serve(silent)
    server.close()
    reply = send_one(call_to(server.place, event), allowed_hosts={server.place})
    assert (reply.verdict, reply.reason) == (Verdict.NOT_SENT, "connection refused")


def test_a_name_that_is_not_found_sends_nothing(
    send_one: SendOne, event: Event, monkeypatch: pytest.MonkeyPatch
):
    def nowhere(*args, **kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    reply = send_one(call_to("nowhere.example", event, "https"), allowed_hosts={"nowhere.example"})
    assert (reply.verdict, reply.reason) == (Verdict.NOT_SENT, "host name not found")


def test_a_certificate_nobody_vouches_for_sends_nothing(
    serve: Serve, send_one: SendOne, event: Event, tls: ssl.SSLContext, at_home: AtHome
):
    server = serve(keeps(ACCEPTED), tls=tls)
    place = at_home("tls.example", server)
    reply = send_one(call_to(place, event, "https"), allowed_hosts={place})
    assert reply.verdict is Verdict.NOT_SENT
    assert reply.reason.startswith("certificate not valid: ")
    assert server.requests == []


def test_a_certificate_for_another_name_sends_nothing(
    serve: Serve, send_one: SendOne, event: Event, tls: ssl.SSLContext, at_home: AtHome
):
    server = serve(keeps(ACCEPTED), tls=tls)
    place = at_home("other.example", server)
    reply = send_one(call_to(place, event, "https"), allowed_hosts={place})
    assert reply.verdict is Verdict.NOT_SENT
    assert reply.reason.startswith("certificate not valid: ")
    assert server.requests == []


def test_a_server_that_speaks_no_tls_is_sent_nothing(
    serve: Serve, send_one: SendOne, event: Event, at_home: AtHome
):
    server = serve(keeps(ACCEPTED))
    place = at_home("tls.example", server)
    reply = send_one(call_to(place, event, "https"), allowed_hosts={place}, timeout_seconds=SECONDS)
    assert reply.verdict is Verdict.NOT_SENT
    assert server.requests == []


def test_a_handshake_that_never_ends_sends_nothing(
    serve: Serve, send_one: SendOne, event: Event, at_home: AtHome
):
    server = serve(silent)
    place = at_home("tls.example", server)
    reply = send_one(call_to(place, event, "https"), allowed_hosts={place}, timeout_seconds=SECONDS)
    assert reply.verdict is Verdict.NOT_SENT
    assert reply.reason in {f"timed out after {SECONDS} s", "timed out while connecting"}


def test_an_address_that_is_not_allowed_is_not_called(serve: Serve, send_one: SendOne, event: Event):
    server = serve(keeps(ACCEPTED))
    reply = send_one(call_to(server.place, event), allowed_hosts={"api.roktcalendar.com"})
    assert reply.verdict is Verdict.NOT_SENT
    assert reply.reason == f"{server.place} is not one of the addresses that may be called."
    assert server.connections == 0


def test_a_name_that_turns_out_to_be_this_machine_is_sent_nothing(
    serve: Serve, send_one: SendOne, event: Event, monkeypatch: pytest.MonkeyPatch
):
    server = serve(keeps(ACCEPTED))
    place = f"rebound.example:{server.port}"

    def rebound(*args, **kwargs):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.port))]

    monkeypatch.setattr(socket, "getaddrinfo", rebound)
    reply = send_one(call_to(place, event, "https"), allowed_hosts={place})
    assert reply.verdict is Verdict.NOT_SENT
    assert reply.reason == f"{place} leads to 127.0.0.1, which is not a public address."
    assert server.requests == []


def test_a_name_that_takes_too_long_to_find_sends_nothing(
    serve: Serve, send_one: SendOne, event: Event, monkeypatch: pytest.MonkeyPatch
):
    server = serve(keeps(ACCEPTED))
    place = f"localhost:{server.port}"

    def slow(*args, **kwargs):
        threading.Event().wait(0.6)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.port))]

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    reply = send_one(call_to(place, event), allowed_hosts={place}, timeout_seconds=0.3)
    assert reply.verdict is Verdict.NOT_SENT
    assert reply.reason in {"timed out after 0.3 s", "timed out while connecting"}
    assert server.requests == []


def test_a_call_that_cannot_be_made_never_looks_accepted(serve: Serve, send_one: SendOne):
    server = serve(keeps(ACCEPTED))
    reply = send_one(Call("PO\r\nST", f"{server.url}/", b"{}"), allowed_hosts={server.place})
    assert reply.verdict in {Verdict.NOT_SENT, Verdict.UNKNOWN}
    assert reply.reason == "connection failed (ValueError)"
    assert server.requests == []
