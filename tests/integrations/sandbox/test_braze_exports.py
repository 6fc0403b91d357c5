"""Exports of the stand-in's Braze: there after a while, gone after another, one of a segment at a time."""

import gzip
import io
import json
import threading
import time
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from integrations.sandbox.__main__ import main
from tests.integrations.raw_server import answer as raw
from tests.integrations.raw_server import keeps
from tests.integrations.sandbox.conftest import Caller
from tests.integrations.sandbox.test_braze import AUSTRALIA, EVERYONE, door
from tests.sandbox_process import Sandbox


@pytest.fixture
def braze(sandbox: Sandbox) -> Iterator[Caller]:
    caller = Caller(sandbox)
    caller.session.headers["Authorization"] = "Bearer key"
    with caller.session:
        door(caller, people=300)
        yield caller


def begin(braze: Caller, segment_id: str = EVERYONE, **more: Any) -> requests.Response:
    wanted = {"segment_id": segment_id, "fields_to_export": ["external_id", "country"], **more}
    return braze.call("POST", "/users/export/segment", wanted)


def file_of(braze: Caller, begun: requests.Response) -> bytes:
    """The file, once it is there."""
    path = begun.json()["url"].removeprefix(braze.url)
    deadline, pause = time.monotonic() + 20, threading.Event()
    while (got := braze.call("GET", path)).status_code != 200:
        assert time.monotonic() < deadline, got.text
        pause.wait(0.01)
    return got.content


def people_in(packed: bytes) -> list[dict[str, Any]]:
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        return [json.loads(line) for name in archive.namelist() for line in archive.read(name).splitlines()]


def test_an_export_holds_those_in_the_segment_with_the_fields_asked_for(braze: Caller):
    begun = begin(braze)
    assert begun.status_code == 201
    assert begun.json()["object_prefix"] in begun.json()["url"]
    everyone = people_in(file_of(braze, begun))
    australians = people_in(file_of(braze, begin(braze, AUSTRALIA)))
    assert all(set(one) == {"external_id", "country"} for one in everyone)
    assert 250 < len(everyone) < 300
    assert australians == [one for one in everyone if one["country"] == "AU"]
    assert 20 < len(australians) < 100


def test_custom_attributes_are_exported_by_name(braze: Caller):
    named = people_in(file_of(braze, begin(braze, custom_attributes_to_export=["rokt:subscription_id"])))
    assert {name for one in named for name in one["custom_attributes"]} == {"rokt:subscription_id"}


def test_who_is_removed_or_changed_is_so_in_the_next_export(braze: Caller):
    before = people_in(file_of(braze, begin(braze)))
    gone, moved = (one["external_id"] for one in before[:2])
    door(braze, remove=[gone], change={moved: {"country": "NZ"}})
    after = {one["external_id"]: one for one in people_in(file_of(braze, begin(braze)))}
    assert gone not in after
    assert after[moved]["country"] == "NZ"
    assert len(after) == len(before) - 1


def test_an_export_may_be_gzip(braze: Caller):
    begun = begin(braze, output_format="gzip")
    assert begun.json()["url"].endswith(".gz")
    lines = gzip.decompress(file_of(braze, begun)).splitlines()
    assert 250 < len(lines) < 300


def test_an_export_is_not_there_before_its_time_nor_after_it(braze: Caller):
    door(braze, ready_after=3600)
    path = begin(braze).json()["url"].removeprefix(braze.url)
    assert braze.call("GET", path).status_code == 404
    door(braze, ready_after=0, expires_after=0)
    path = begin(braze, AUSTRALIA).json()["url"].removeprefix(braze.url)
    deadline, pause = time.monotonic() + 20, threading.Event()
    while (status := braze.call("GET", path).status_code) == 404:
        assert time.monotonic() < deadline
        pause.wait(0.01)
    assert status == 403
    assert braze.call("GET", "/segment-export/x/y/z.zip").status_code == 404


def test_a_segment_is_exported_once_at_a_time(braze: Caller):
    door(braze, ready_after=3600)
    statuses = [begin(braze).status_code, begin(braze).status_code, begin(braze, AUSTRALIA).status_code]
    assert statuses == [201, 429, 201]


def test_a_download_that_is_cut_announces_more_than_comes(sandbox: Sandbox, braze: Caller):
    begun = begin(braze)
    file_of(braze, begun)
    sandbox.fault("cut", path="/segment-export/", count=1)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        braze.call("GET", begun.json()["url"].removeprefix(braze.url))


def test_whoever_is_to_be_called_back_is_when_the_export_is_there(serve, braze: Caller):
    server = serve(keeps(raw(200)))
    begun = begin(braze, callback_endpoint=f"{server.url}/done?a=1")
    file_of(braze, begun)
    deadline, pause = time.monotonic() + 20, threading.Event()
    while not server.requests:
        assert time.monotonic() < deadline
        pause.wait(0.01)
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /done?a=1 HTTP/1.1")
    assert json.loads(body) == {"success": True, "url": begun.json()["url"]}


@pytest.mark.parametrize("place", ["https://example.com/x", "http://10.0.0.1/x", "http://example.com", 7, ""])
def test_nobody_outside_is_called_back(braze: Caller, place: Any):
    refused = begin(braze, callback_endpoint=place)
    assert (refused.status_code, "callback_endpoint" in refused.json()["message"]) == (400, True)


def test_a_sandbox_that_is_exporting_stops_at_once():
    with Sandbox("--people", "1000000") as running:
        caller = Caller(running)
        with caller.session:
            caller.session.headers["Authorization"] = "Bearer key"
            assert begin(caller).status_code == 201
            assert begin(caller).status_code == 429
        assert running.stop() == 0


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--people", "-1"], "not a number of people"),
        (["--people", "1000001"], "not a number of people"),
        (["--export-after", "soon"], "not a number of seconds"),
        (["--webhook-url", "https://example.com"], "a loopback address"),
    ],
)
def test_a_wrong_option_is_told(capsys, options: list[str], reason: str):
    with pytest.raises(SystemExit):
        main(options)
    assert reason in capsys.readouterr().err


def test_the_options_set_how_many_and_how_soon():
    with Sandbox("--people", "3", "--export-after", "9") as running:
        told = requests.get(f"{running.url}/sandbox/braze", timeout=10).json()
    assert (told["people"], told["ready_after"]) == (3, 9)
