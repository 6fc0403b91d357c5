"""Switching faults on and off, and which requests they hit."""

import pytest
import requests

from tests.integrations.sandbox.conftest import ALICE, Caller
from tests.sandbox_process import Sandbox


def statuses(rokt: Caller, count: int) -> list[int]:
    return [rokt.create(eventId=f"e{number}").status_code for number in range(count)]


def test_faults_are_listed_and_cleared(sandbox: Sandbox, rokt: Caller):
    url = f"{sandbox.url}/sandbox/faults"
    answer = requests.post(url, json={"fault": 429, "retry_after": "soon", "count": 5}, timeout=10)
    on = {
        "fault": "429",
        "applies": False,
        "path": "/subscriptionevent",
        "share": 1.0,
        "count": 5,
        "seconds": 0.1,
        "status": 429,
        "retry_after": "soon",
        "content_type": "application/json",
        "matched_count": 0,
    }
    assert (answer.status_code, answer.json()) == (201, on)
    statuses(rokt, 2)
    assert requests.get(url, timeout=10).json() == [on | {"matched_count": 2}]
    assert requests.delete(url, timeout=10).json() == {"cleared": 1}
    assert requests.get(url, timeout=10).json() == []
    assert statuses(rokt, 1) == [202]


def test_a_fault_with_a_count_goes_off_by_itself(sandbox: Sandbox, rokt: Caller):
    sandbox.fault("500", count=2)
    assert statuses(rokt, 3) == [500, 500, 202]
    assert requests.get(f"{sandbox.url}/sandbox/faults", timeout=10).json() == []


@pytest.mark.parametrize(
    ("share", "hit"),
    [(0, []), (0.5, [2, 4, 6, 8, 10]), (0.3, [4, 7, 10]), (0.1, [10]), (1, list(range(1, 11)))],
)
def test_a_share_hits_the_same_requests_every_time(sandbox: Sandbox, rokt: Caller, share, hit):
    sandbox.fault("status", status=503, share=share)
    assert [number for number, status in enumerate(statuses(rokt, 10), start=1) if status == 503] == hit


def test_a_count_is_of_requests_and_the_share_of_those(sandbox: Sandbox, rokt: Caller):
    sandbox.fault("500", share=0.5, count=4)
    assert statuses(rokt, 6) == [202, 500, 202, 500, 202, 202]


def test_a_fault_hits_event_calls_unless_a_path_says_otherwise(sandbox: Sandbox, rokt: Caller):
    sandbox.fault("500")
    assert (rokt.token().status_code, rokt.create().status_code) == (200, 500)
    assert rokt.call("GET", f"/v1/subscription/{ALICE}").status_code == 200
    assert rokt.call("DELETE", f"/v2/subscription/acme/{ALICE}/subscriptionevent/x").status_code == 500
    sandbox.clear_faults()
    sandbox.fault("500", path="/oauth2/token")
    sandbox.fault("400", path="/update")
    assert (rokt.token().status_code, rokt.create().status_code) == (500, 202)
    assert rokt.update().status_code == 400


def test_the_doors_have_no_faults(sandbox: Sandbox):
    sandbox.fault("500", path="")
    assert sandbox.summary()["requests"] == 0


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ([], "a fault is a JSON object"),
        ({}, "fault must be one of latency"),
        ({"fault": "flood"}, "not 'flood'"),
        ({"fault": "latency"}, "seconds is required for latency"),
        ({"fault": "latency", "seconds": "1"}, "seconds must be a number from 0 to 3600"),
        ({"fault": "latency", "seconds": True}, "seconds must be a number"),
        ({"fault": "latency", "seconds": 1, "applies": False}, "applies is not a parameter of latency"),
        ({"fault": "hang", "applies": 1}, "applies must be true or false"),
        ({"fault": "hang", "status": 500}, "status is not a parameter of hang"),
        ({"fault": "status"}, "status is required for status"),
        ({"fault": "status", "status": 199}, "status must be from 200 to 599"),
        ({"fault": "status", "status": "503"}, "status must be a whole number"),
        ({"fault": "early_hints", "status": 101}, "status must be from 100 to 199"),
        ({"fault": "early_hints", "status": 200}, "status must be from 100 to 199"),
        ({"fault": "302"}, "location is required for 302"),
        ({"fault": "302", "location": "/\r\nX: y"}, "location must be printable ASCII on one line"),
        ({"fault": "429", "retry_after": 30}, "retry_after must be a string"),
        ({"fault": "500", "share": 1.5}, "share must be a number from 0 to 1"),
        ({"fault": "500", "count": 0}, "count must be a whole number above 0"),
        ({"fault": "500", "path": 5}, "path must be a string"),
    ],
)
def test_a_wrong_fault_is_refused_by_name(sandbox: Sandbox, wanted, reason: str):
    url = f"{sandbox.url}/sandbox/faults"
    answer = requests.post(url, json=wanted, timeout=10)
    assert (answer.status_code, reason in answer.json()["Reason"]) == (400, True)
    assert requests.get(url, timeout=10).json() == []


def test_a_fault_that_is_not_json_is_refused(sandbox: Sandbox):
    answer = requests.post(f"{sandbox.url}/sandbox/faults", data="hang", timeout=10)
    assert (answer.status_code, "body is not JSON" in answer.json()["Reason"]) == (400, True)
