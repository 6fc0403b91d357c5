"""What an answer means: the verdict on every status, and what is kept of the body."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.rokt.wire import Call, Received, Reply, Verdict, judge, not_sent, reply_to, unknown

POST = Call("POST", "https://api.roktcalendar.com/x", b"{}")
READ = Call("GET", "https://api.roktcalendar.com/x", b"")


def judged(status: int, body: bytes = b"", headers: dict[str, str] | None = None, secrets=()) -> Reply:
    return judge(status, headers or {}, body, elapsed_ms=12, secrets=secrets)


@pytest.mark.parametrize(
    ("verdict", "statuses"),
    [
        (Verdict.ACCEPTED, [200, 201, 202, 204, 206, 207, 299]),
        (Verdict.REFUSED, [300, 301, 302, 303, 304, 307, 308]),
        (Verdict.REFUSED, [400, 402, 404, 405, 406, 409, 410, 413, 415, 422, 451, 499, 501, 505]),
        (Verdict.UNAUTHORIZED, [401]),
        (Verdict.FORBIDDEN, [403]),
        (Verdict.RETRY, [408, 425, 429, 500, 502, 503, 504, 507, 511, 520, 529, 598]),
        (Verdict.UNKNOWN, [100, 101, 103, 199, 600, 999, 0]),
    ],
)
def test_the_status_alone_decides(verdict: Verdict, statuses: list[int]):
    assert {judged(status).verdict for status in statuses} == {verdict}
    assert {judged(status, b'{"success": true}').verdict for status in statuses} == {verdict}


def test_a_plain_acceptance_has_nothing_to_remark():
    reply = judged(202)
    assert (reply.status, reply.body, reply.elapsed_ms) == (202, "", 12)
    assert (reply.reason, reply.drift, reply.retry_after) == ("HTTP 202 Accepted", "", None)


@pytest.mark.parametrize(
    "body", [b'{"message": "queued"}', b"OK", b'{"status": "ok"}', b"[]", b"{}", b'{"a"']
)
def test_a_friendly_body_is_no_drift(body: bytes):
    assert judged(202, body).drift == ""


@pytest.mark.parametrize("status", [200, 201, 204, 207])
def test_another_success_than_the_documented_one_is_accepted_with_a_warning(status: int):
    assert judged(status).drift == f"answered {status} where 202 is documented"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"error": "quota exceeded"}, "quota exceeded"),
        ({"error": {"id": 7}}, "HTTP 202 Accepted"),
        ({"errors": ["a", "b"]}, "HTTP 202 Accepted"),
        ({"success": False, "message": "not today"}, "not today"),
        ({"Code": "BadEvent", "Reason": "no end"}, "BadEvent: no end"),
    ],
)
def test_an_error_in_an_accepted_body_is_accepted_with_a_warning(body: dict[str, object], words: str):
    reply = judged(202, json.dumps(body).encode())
    assert reply.verdict is Verdict.ACCEPTED
    assert reply.drift == f"answered 202 with an error in the body: {words}"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"Code": "InvalidTimezone", "Reason": "unknown zone"}', "InvalidTimezone: unknown zone"),
        (b' {"code": "X", "reason": ""}', "X"),
        (b'{"error": "invalid_client", "error_description": "who?"}', "invalid_client: who?"),
        (b'{"Message": "line one\\nline two"}', "line one line two"),
        (b'{"Code": 7, "Reason": null}', "HTTP 400 Bad Request"),
        (b"<html><script>alert(1)</script></html>", "HTTP 400 Bad Request"),
        (b"[1, 2]", "HTTP 400 Bad Request"),
        (b"{" * 5000, "HTTP 400 Bad Request"),
        (b"", "HTTP 400 Bad Request"),
    ],
)
def test_a_refusal_gives_rokts_reason_or_what_the_status_means(body: bytes, reason: str):
    assert judged(400, body).reason == reason


def test_a_status_without_a_name_is_named_by_its_number():
    assert judged(520).reason == "HTTP 520"


def test_a_long_reason_is_cut():
    assert len(judged(400, json.dumps({"Reason": "x" * 9000}).encode()).reason) == 300


@given(body=st.binary(max_size=300))
def test_what_is_kept_of_any_body_can_be_stored_and_shown(body: bytes):
    for reply in (judged(400, body), judged(400, body * 60)):
        assert len(reply.body.encode()) <= 4096
        assert all(letter.isprintable() or letter in "\n\t" for letter in reply.body)
        assert reply.reason
        assert "\n" not in reply.reason


@given(secret=st.from_regex(r"[A-Za-z0-9+/_.~-]{20,60}", fullmatch=True), before=st.text(), after=st.text())
def test_a_secret_that_comes_back_is_never_kept(secret: str, before: str, after: str):
    told = json.dumps({"Code": before, "Reason": f"{before}{secret}{after}"}).encode()
    for body in (told, told.replace(b"/", b"\\/"), f"{before}{secret}{after}".encode(errors="replace")):
        reply = judged(400, body, secrets=[secret])
        assert secret not in reply.body.replace("\\/", "/") + reply.reason


def test_a_secret_is_masked_wherever_it_stands():
    told = b'{"Code": "Bad", "Reason": "Bearer a/b and a%2Fb and a\\/b"}'
    reply = judged(401, told, secrets=["a/b", ""])
    assert reply.reason == "Bad: Bearer *** and ***** and ****"


def test_a_wait_is_only_read_from_an_answer_that_asks_for_another_try():
    assert judged(503, headers={"Retry-After": "30"}).retry_after == 30
    assert judged(400, headers={"Retry-After": "30"}).retry_after is None
    assert judged(202, headers={"Retry-After": "30"}).retry_after is None


def test_a_read_answers_200_and_keeps_its_whole_body():
    body = b'{"subscriptionId": "' + b"x" * 100_000 + b'"}'
    reply = reply_to(READ, Received(200, {}, body, True), elapsed_ms=1, secrets=[])
    assert (reply.verdict, reply.drift, reply.answer) == (Verdict.ACCEPTED, "", body)
    assert len(reply.body) == 4096
    assert "answer" not in repr(reply)


@pytest.mark.parametrize(("status", "complete"), [(200, False), (404, True), (500, True)])
def test_a_read_that_failed_or_was_cut_has_no_answer(status: int, complete: bool):
    reply = reply_to(
        READ, Received(status, {}, b'{"subscriptionId": "x"}', complete), elapsed_ms=1, secrets=[]
    )
    assert reply.answer == b""


def test_only_reads_keep_their_body():
    reply = reply_to(POST, Received(202, {}, b"{}", True), elapsed_ms=1, secrets=[])
    assert (reply.answer, reply.body) == (b"", "{}")


def test_a_call_without_an_answer_has_a_reason_and_nothing_else():
    assert not_sent("connection refused", elapsed_ms=3) == Reply(
        None, "", None, 3, Verdict.NOT_SENT, "connection refused"
    )
    assert unknown("connection reset").verdict is Verdict.UNKNOWN
