"""The sandbox's own doors: log, summary, reset, and the page for people."""

from datetime import UTC, datetime, timedelta

import pytest
import requests

from tests.integrations.sandbox.conftest import ALICE, Caller
from tests.sandbox_process import Sandbox


def test_the_log_tells_what_arrived_in_order(sandbox: Sandbox, rokt: Caller):
    answer = rokt.call("POST", "/v1/subscriptionevent/ac%20me?x=1", {"event": {"eventId": "é"}})
    first, second = sandbox.log()
    assert (first["n"], first["path"], first["status"]) == (1, "/oauth2/token", 200)
    at = datetime.fromisoformat(second.pop("at"))
    assert timedelta(0) <= datetime.now(UTC) - at < timedelta(minutes=1)
    assert second == {
        "n": 2,
        "method": "POST",
        "path": "/v1/subscriptionevent/ac%20me",
        "status": 400,
        "body": '{"event": {"eventId": "\\u00e9"}}',
        "fault": None,
        "note": None,
    }
    assert answer.status_code == 400


def test_the_log_is_read_in_pages(sandbox: Sandbox, rokt: Caller):
    for number in range(5):
        rokt.create(eventId=f"e{number}")
    assert [line["n"] for line in sandbox.log(after=4)] == [5, 6]
    url = f"{sandbox.url}/sandbox/log"
    page = requests.get(url, params={"after": 2, "limit": 3}, timeout=10).json()
    assert [line["n"] for line in page] == [3, 4, 5]
    assert sandbox.log(after=99) == []


@pytest.mark.parametrize("query", ["after=-1", "after=x", "limit=1.5"])
def test_a_wrong_page_of_the_log_is_refused_by_name(sandbox: Sandbox, query: str):
    answer = requests.get(f"{sandbox.url}/sandbox/log?{query}", timeout=10)
    assert (answer.status_code, query.partition("=")[0] in answer.json()["Reason"]) == (400, True)


def test_the_log_keeps_64_kib_of_a_body(sandbox: Sandbox, rokt: Caller):
    assert rokt.create(description="x" * 100_000).status_code == 202
    assert len(sandbox.log()[-1]["body"]) == 64 * 1024


def test_the_summary_counts_by_path_and_status(sandbox: Sandbox, rokt: Caller):
    rokt.create(eventId="a")
    rokt.create(eventId="b", account="other")
    rokt.create(eventId="c", title="")
    rokt.call("DELETE", "/v1/subscriptionevent/acme/a")
    rokt.call("GET", f"/v1/subscription/{ALICE}")
    assert sandbox.summary() == {
        "sandbox": "stand-in for Rokt Calendar, not Rokt",
        "requests": 6,
        "paths": {
            "DELETE /v1/subscriptionevent/acme/{eventId}": {"202": 1},
            "GET /v1/subscription/{subscriptionId}": {"200": 1},
            "POST /oauth2/token": {"200": 1},
            "POST /v1/subscriptionevent/acme": {"202": 1, "400": 1},
            "POST /v1/subscriptionevent/other": {"202": 1},
        },
        "events": 3,
        "posted_twice": {},
        "tokens_issued": 1,
    }


def test_a_second_post_is_counted_whatever_became_of_it(sandbox: Sandbox, rokt: Caller):
    rokt.create(eventId="once")
    rokt.create(eventId="twice")
    sandbox.fault("reset", applies=False, count=1)
    with pytest.raises(requests.ConnectionError):
        rokt.create(eventId="twice")
    sandbox.fault("500", count=1)
    rokt.create(eventId="twice")
    rokt.create(eventId="twice", title="")
    told = sandbox.summary()
    assert told["posted_twice"] == {"acme/twice": 4}
    assert told["paths"]["POST /v1/subscriptionevent/acme"] == {"202": 2, "400": 1, "500": 1, "none": 1}
    assert told["events"] == 2


def test_reset_empties_everything(sandbox: Sandbox, rokt: Caller):
    rokt.create()
    sandbox.fault("hang")
    sandbox.reset()
    assert (sandbox.log(), sandbox.entries(), sandbox.summary()["tokens_issued"]) == ([], {}, 0)
    assert rokt.create().status_code == 401


def test_the_page_says_what_this_is_and_escapes_what_came_in(sandbox: Sandbox, rokt: Caller):
    before = requests.get(sandbox.url, timeout=10)
    assert before.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "Stand-in for Rokt Calendar" in before.text
    assert "None: every call is answered as documented." in before.text
    rokt.create(account="%3Cscript%3E")
    sandbox.fault("hang", path="<b>")
    text = requests.get(sandbox.url, timeout=10).text
    assert "POST /v1/subscriptionevent/&lt;script&gt;" in text
    assert "&lt;b&gt;" in text
    assert "<script>" not in text
    assert "<b>" not in text
    assert 'content="light dark"' in text


def test_an_empty_sandbox_says_so(sandbox: Sandbox):
    assert "Nothing has come in yet." in requests.get(sandbox.url, timeout=10).text


def test_every_answer_names_the_stand_in_in_its_server_header(sandbox: Sandbox, rokt: Caller):
    answers = [rokt.create(), rokt.token(), requests.get(sandbox.url, timeout=10), rokt.call("GET", "/no")]
    assert {answer.headers["Server"] for answer in answers} == {"Stand-in-for-Rokt-Calendar"}
