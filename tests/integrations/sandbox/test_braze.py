"""The stand-in's Braze: segments, people, keys, limits, and what its door changes."""

from collections.abc import Iterator
from itertools import islice
from typing import Any, cast

import pytest
import requests

from integrations.sandbox import people
from tests.integrations.sandbox.conftest import Caller
from tests.sandbox_process import Sandbox

EVERYONE = "9a1c3f52-7d0e-4b7a-8f43-2c5e6d7b8a90"
AUSTRALIA = "3be0d2b4-51f6-4c0c-9d2e-8a7f90c1e2d3"
FIELDS = ["external_id", "first_name", "country", "custom_attributes"]


@pytest.fixture
def braze(sandbox: Sandbox) -> Iterator[Caller]:
    caller = Caller(sandbox)
    caller.session.headers["Authorization"] = "Bearer key"
    with caller.session:
        yield caller


def door(braze: Caller, **settings: Any) -> requests.Response:
    return braze.call("POST", "/sandbox/braze", settings)


def found(braze: Caller, *ids: str) -> dict[str, Any]:
    wanted = {"external_ids": list(ids), "fields_to_export": FIELDS}
    answer = braze.call("POST", "/users/export/ids", wanted)
    assert answer.status_code == 200, answer.text
    return cast(dict[str, Any], answer.json())


def test_the_people_are_those_of_the_demo(braze: Caller):
    first = list(islice(people.users(seed=1), 3))
    told = found(braze, *(one["external_id"] for one in first))
    assert told["users"] == [{name: one[name] for name in FIELDS if name in one} for one in first]
    assert "invalid_user_ids" not in told


def test_there_are_two_thousand_people_unless_it_is_told_otherwise(braze: Caller):
    last = next(islice(people.users(seed=1), 1_999, None))["external_id"]
    beyond = next(islice(people.users(seed=1), 2_000, None))["external_id"]
    assert found(braze, last, beyond)["invalid_user_ids"] == [beyond]
    assert door(braze, people=2_001).json()["people"] == 2_001
    assert "invalid_user_ids" not in found(braze, last, beyond)


def test_people_are_removed_and_changed_through_the_door(braze: Caller):
    told = door(
        braze, remove=["user-0000001"], change={"user-0000002": {"first_name": "Zed", "points": 7}}
    ).json()
    assert (told["removed"], told["changed"]) == (1, 1)
    answer = found(braze, "user-0000001", "user-0000002")
    assert answer["invalid_user_ids"] == ["user-0000001"]
    assert answer["users"][0]["first_name"] == "Zed"
    assert answer["users"][0]["custom_attributes"]["points"] == 7
    door(braze, remove=[], change={})
    back = found(braze, "user-0000001", "user-0000002")
    assert "invalid_user_ids" not in back
    assert back["users"][1]["first_name"] != "Zed"


def test_tracked_attributes_are_kept_for_those_they_name(braze: Caller):
    attributes = [
        {"external_id": "user-0000002", "country": "NZ", "rokt:tags": ["A/B/abc"], "newsletter": None},
        {"external_id": "user-0000002", "rokt:tags": {"add": ["C/D/abc"]}, "points": {"inc": 2}},
        {"external_id": "user-0000002", "rokt:tags": {"remove": ["A/B/abc"]}},
        {"external_id": "brand-new", "first_name": "New"},
        {"external_id": "not-new", "first_name": "No", "_update_existing_only": True},
        {"email": "a@example.com"},
    ]
    points = found(braze, "user-0000002")["users"][0]["custom_attributes"]["points"]
    answer = braze.call("POST", "/users/track", {"attributes": attributes, "events": [{"name": "subscribe"}]})
    assert answer.status_code == 201
    told = answer.json()
    assert (told["message"], told["attributes_processed"], told["events_processed"]) == ("success", 5, 1)
    assert told["errors"][0]["index"] == 5
    known, new = (found(braze, one)["users"][0] for one in ("user-0000002", "brand-new"))
    assert (known["country"], known["custom_attributes"]["rokt:tags"]) == ("NZ", ["C/D/abc"])
    assert known["custom_attributes"]["points"] == points + 2
    assert "newsletter" not in known["custom_attributes"]
    assert new == {"external_id": "brand-new", "first_name": "New"}
    assert found(braze, "not-new")["invalid_user_ids"] == ["not-new"]


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("/users/export/ids", {"external_ids": ["a"]}, "fields_to_export is required"),
        ("/users/export/ids", {"fields_to_export": ["email"]}, "external_ids is required"),
        ("/users/export/ids", {"external_ids": ["a"] * 51, "fields_to_export": ["email"]}, "at most 50"),
        ("/users/export/segment", {"segment_id": EVERYONE}, "fields_to_export is required"),
        ("/users/export/segment", {"segment_id": "x", "fields_to_export": ["email"]}, "segment_id"),
        ("/users/export/segment", {"segment_id": EVERYONE, "fields_to_export": "email"}, "list of strings"),
        ("/users/track", {}, "are required"),
        ("/users/track", {"attributes": [{}] * 76}, "Max Input Length Exceeded"),
        ("/users/track", {"attributes": [1]}, "list of objects"),
        ("/users/track", [1], "JSON object"),
    ],
)
def test_a_wrong_request_is_refused_in_the_shape_of_braze(braze: Caller, path: str, body: Any, words: str):
    answer = braze.call("POST", path, body)
    assert (answer.status_code, list(answer.json())) == (400, ["message"])
    assert words in answer.json()["message"]


def test_the_segments_are_listed_on_one_page(braze: Caller):
    first, second = (braze.call("GET", f"/segments/list?page={page}").json() for page in (0, 1))
    assert [(one["id"], one["name"]) for one in first["segments"]] == [
        (EVERYONE, "Everyone with a calendar"),
        (AUSTRALIA, "Subscribers in Australia"),
    ]
    assert second["segments"] == []
    details = braze.call("GET", f"/segments/details?segment_id={AUSTRALIA}").json()
    assert (details["message"], details["name"]) == ("success", "Subscribers in Australia")
    assert braze.call("GET", "/segments/details?segment_id=x").status_code == 400


def test_a_key_may_do_what_its_permissions_say(braze: Caller):
    door(braze, keys={"key": ["segments.list"]})
    assert braze.call("GET", "/segments/list").status_code == 200
    refused = braze.call("GET", f"/segments/details?segment_id={EVERYONE}")
    assert (refused.status_code, "segments.details" in refused.json()["message"]) == (403, True)
    for authorization in ("Bearer other", "Bearer ", "Basic key", None):
        answer = braze.call("GET", "/segments/list", headers={"Authorization": authorization})
        assert answer.status_code == 401


def test_every_answer_tells_the_limit_and_beyond_it_is_a_429(braze: Caller):
    door(braze, rate_limit=2)
    answers = [braze.call("GET", "/segments/list") for _ in range(3)]
    assert [one.status_code for one in answers] == [200, 200, 429]
    assert [one.headers["X-RateLimit-Remaining"] for one in answers] == ["1", "0", "0"]
    assert {one.headers["X-RateLimit-Limit"] for one in answers} == {"2"}
    assert answers[2].json()["message"].startswith("Rate limit exceeded")


def test_the_faults_hit_braze_as_they_hit_rokt(sandbox: Sandbox, braze: Caller):
    sandbox.fault("500", path="/segments/list", count=1)
    assert [braze.call("GET", "/segments/list").status_code for _ in range(2)] == [500, 200]
    sandbox.fault("reset", path="/users/export/ids", count=1)
    with pytest.raises(requests.ConnectionError):
        found(braze, "user-0000001")
    assert [(line["path"], line["status"], line["fault"]) for line in sandbox.log()] == [
        ("/segments/list", 500, "500"),
        ("/segments/list", 200, None),
        ("/users/export/ids", None, "reset"),
    ]


@pytest.mark.parametrize(
    "settings",
    [
        {"people": -1},
        {"people": 1_000_001},
        {"people": True},
        {"remove": "user-1"},
        {"change": {"user-1": 1}},
        {"change": []},
        {"ready_after": -1},
        {"expires_after": "soon"},
        {"keys": ["key"]},
        {"keys": {"key": "all"}},
        {"rate_limit": 0},
        {"colour": "red"},
    ],
)
def test_a_wrong_setting_is_refused_by_name_and_nothing_is_set(braze: Caller, settings: dict[str, Any]):
    before = braze.call("GET", "/sandbox/braze").json()
    answer = door(braze, seed=9, **settings)
    assert (answer.status_code, next(iter(settings)) in answer.json()["Reason"]) == (400, True)
    assert braze.call("GET", "/sandbox/braze").json() == before


def test_reset_brings_back_everybody(sandbox: Sandbox, braze: Caller):
    before = braze.call("GET", "/sandbox/braze").json()
    door(braze, people=5, seed=3, remove=["a"], keys={"k": []}, ready_after=9)
    sandbox.reset()
    assert braze.call("GET", "/sandbox/braze").json() == before
    assert before["people"] == 2_000
