"""Answers that Braze should not give, and some that it does: each becomes the right error, in words."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from integrations.braze.client import Client
from integrations.braze.errors import (
    AnswerUnreadableError,
    BrazeError,
    ExportRunningError,
    LimitedError,
    NoAnswerError,
    RefusedError,
)
from integrations.braze.replies import wait_seconds
from tests.integrations.raw_server import Asked, RawServer, Script, answer, keeps, pours, resets

KEY = "top-secret-key"
DATE = "Date: Sat, 21 Nov 2026 10:00:00 GMT"
AT = 1795255200  # the same moment
Serve = Callable[..., RawServer]


def client_of(server: RawServer) -> Client:
    return Client(server.url, KEY, allowed_hosts={server.place}, timeout_seconds=5)


def says(serve: Serve, status: int, body: Any, *headers: str) -> Client:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client_of(serve(keeps(answer(status, text, *headers))))


def test_a_call_carries_the_key_and_asks_for_plain_json(serve: Serve):
    server = serve(
        keeps(answer(201, b'{"message": "success", "object_prefix": "p", "url": "https://s.example/x"}'))
    )
    with client_of(server) as client:
        export = client.export_segment(
            "one", ["external_id"], custom_attributes=["rokt:tags"], callback_url="https://us.example/in"
        )
    assert (export.object_prefix, export.url) == ("p", "https://s.example/x")
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /users/export/segment HTTP/1.1\r\n")
    assert b"\r\nAuthorization: Bearer top-secret-key\r\n" in head
    assert b"\r\nContent-Type: application/json" in head
    assert json.loads(body) == {
        "segment_id": "one",
        "fields_to_export": ["external_id"],
        "custom_attributes_to_export": ["rokt:tags"],
        "callback_endpoint": "https://us.example/in",
        "output_format": "zip",
    }


def test_an_export_to_the_storage_of_the_company_has_no_address(serve: Serve):
    with says(serve, 200, {"message": "success", "object_prefix": "p"}) as client:
        assert client.export_segment("one", ["email"]).url is None


def test_a_call_that_is_only_queued_is_no_export(serve: Serve):
    with (
        says(serve, 202, {"message": "queued"}) as client,
        pytest.raises(AnswerUnreadableError, match="began no export: queued"),
    ):
        client.export_segment("one", ["email"])


@pytest.mark.parametrize("wrong", [{"segment_id": ""}, {"fields": []}, {"custom_attributes": ["a"] * 501}])
def test_an_export_that_braze_could_not_make_is_not_asked_for(serve: Serve, wrong: dict[str, Any]):
    server = serve(keeps(answer(500)))
    with client_of(server) as client, pytest.raises(ValueError, match="export"):
        client.export_segment(**{"segment_id": "one", "fields": ["email"]} | wrong)
    assert server.requests == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<html>hello</html>", "not JSON"),
        (b"", "not JSON"),
        (b"[]", "not one that Braze gives"),
        (b"{}", "not one that Braze gives"),
        (b'{"message": "success"}', "lists no segments"),
        (b'{"message": "success", "segments": [{"name": "x"}]}', "one without an id"),
        (b'{"message": "success", "segments": [7]}', "one without an id"),
    ],
)
def test_an_answer_that_means_nothing_is_no_empty_list(serve: Serve, body: bytes, words: str):
    with says(serve, 200, body) as client, pytest.raises(AnswerUnreadableError, match=words):
        client.segments()


def test_segments_are_read_page_by_page_until_one_is_empty(serve: Serve):
    def script(asked) -> bool:
        page = int(asked.path.partition("page=")[2])
        count = (100, 100, 3)[page] if page < 3 else 0
        listed = [{"id": f"s{page}-{number}", "name": "n", "tags": ["a", 1]} for number in range(count)]
        asked.conn.sendall(answer(200, json.dumps({"message": "success", "segments": listed}).encode()))
        return True

    server = serve(script)
    with client_of(server) as client:
        found = client.segments()
    assert (len(found), found[0].tags, len(server.requests)) == (203, ("a",), 4)


def test_a_list_that_repeats_itself_ends(serve: Serve):
    with says(serve, 200, {"message": "success", "segments": [{"id": "a", "name": "A"}]}) as client:
        assert len(client.segments()) == 1


def test_people_that_braze_leaves_out_are_an_error(serve: Serve):
    told = {"message": "success", "users": [{"external_id": "a"}]}
    with says(serve, 200, told) as client, pytest.raises(AnswerUnreadableError, match="leaves out 1 of 2"):
        list(client.export_ids(["a", "b"], ["external_id"]))


def test_an_answer_is_read_up_to_its_cap(serve: Serve):
    with (
        client_of(serve(pours(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n"))) as client,
        pytest.raises(AnswerUnreadableError, match="longer than is read"),
    ):
        client.segments()


def test_a_connection_that_breaks_is_no_answer(serve: Serve):
    with (
        client_of(serve(resets())) as client,
        pytest.raises(NoAnswerError, match=r"^Braze did not answer: conn"),
    ):
        client.segments()


def test_a_redirect_is_not_followed(serve: Serve):
    elsewhere = serve(keeps(answer(200)))
    with (
        says(serve, 302, b"", f"Location: {elsewhere.url}/segments/list") as client,
        pytest.raises(RefusedError, match="302"),
    ):
        client.segments()
    assert elsewhere.requests == []


def test_the_words_of_braze_are_short_printable_and_without_the_key(serve: Serve):
    told = {"message": f"Bad key {KEY}\n\x1b[31m", "errors": ["first", {"second": 2}, "x" * 5000]}
    with says(serve, 400, told) as client, pytest.raises(BrazeError) as error:
        client.segments()
    sentence = str(error.value)
    assert KEY not in sentence
    assert sentence.isprintable()
    assert 'first; {"second":2}' in sentence
    assert len(sentence) < 400


@pytest.mark.parametrize(
    ("headers", "message", "kind", "seconds"),
    [
        ([f"x-ratelimit-reset: {AT + 90}", "x-ratelimit-remaining: 0"], "slow down", LimitedError, 90),
        ([f"x-ratelimit-reset: {AT + 90}", "x-ratelimit-remaining: 7"], "wait", ExportRunningError, 60),
        (["retry-after: 20"], "this segment has an export under way", ExportRunningError, 20),
    ],
)
def test_two_limits_answer_with_429_and_are_told_apart(
    serve: Serve, headers: list[str], message: str, kind: type[LimitedError], seconds: float
):
    with (
        says(serve, 429, {"message": message}, DATE, *headers) as client,
        pytest.raises(LimitedError) as told,
    ):
        client.export_segment("one", ["email"])
    assert (type(told.value), told.value.seconds) == (kind, seconds)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"X-RateLimit-Reset": str(AT + 30)}, 30),
        ({"X-RateLimit-Reset": str(AT - 30)}, 1),
        ({"X-RateLimit-Reset": str(AT + 10**9)}, 3600),
        ({"X-RateLimit-Reset": "soon"}, 60),
        ({"Retry-After": "0"}, 1),
        ({"Retry-After": "Sat, 21 Nov 2026 10:00:45 GMT"}, 45),
        ({"Retry-After": "nonsense", "X-RateLimit-Reset": str(AT + 5)}, 5),
        ({"Retry-After": "9" * 12}, 3600),
        ({}, 60),
    ],
)
def test_the_wait_is_read_from_the_headers_and_kept_within_bounds(headers: dict[str, str], seconds: float):
    assert wait_seconds({"Date": "Sat, 21 Nov 2026 10:00:00 GMT", **headers}) == seconds


def by_path(statuses: dict[str, int]) -> Script:
    """Answer each call with its status; a good answer has what every call needs."""
    good = {"message": "success", "segments": [], "users": [], "object_prefix": "p"}

    def script(asked: Asked) -> bool:
        status = next(status for path, status in statuses.items() if asked.path.startswith(path))
        asked.conn.sendall(answer(status, json.dumps(good).encode()))
        return True

    return script


def test_a_permission_that_is_refused_with_401_is_missing_when_the_key_is_let_in_elsewhere(serve: Serve):
    statuses = {"/segments/list": 200, "/users/export/ids": 401, "/users/export/segment": 400}
    with client_of(serve(by_path(statuses))) as client:
        assert client.check_key() == ("users.export.ids",)


@pytest.mark.parametrize("status", [404, 405, 302])
def test_a_host_that_has_no_such_calls_lets_no_key_in(serve: Serve, status: int):
    with client_of(serve(by_path({"/": status}))) as client, pytest.raises(RefusedError):
        client.check_key()
