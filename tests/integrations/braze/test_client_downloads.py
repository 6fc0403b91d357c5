"""The file of an export: begun, waited for, fetched whole or not at all, from public places only."""

import json
import socket
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from integrations.braze import storage
from integrations.braze.client import Client
from integrations.braze.errors import (
    RETRYABLE,
    AddressError,
    BrazeError,
    BusyError,
    CutShortError,
    ExportNotReadyError,
    ExportRunningError,
    NoAnswerError,
    NotReachableError,
    RefusedError,
    TooLargeError,
)
from tests.integrations.braze.conftest import EVERYONE, KEY, Braze, until
from tests.integrations.raw_server import (
    RawServer,
    answer,
    drips,
    keeps,
    pours,
    resets,
    says,
    silent,
)

Serve = Callable[..., RawServer]
STORED = "/segment-export/{segmentId}/{date}/{name}"
FIELDS = ["external_id", "first_name", "custom_attributes"]


def fetch(server: RawServer, path: Path, url: str = "", **limits: Any) -> None:
    storage.download(url or f"{server.url}/export.zip", path, allowed_hosts={server.place}, **limits)


def exported(client: Client, path: Path) -> list[dict[str, Any]]:
    url = client.export_segment(EVERYONE, FIELDS).url
    assert url
    until(lambda: client.is_ready(url))
    client.download(url, path)
    with zipfile.ZipFile(path) as archive:
        return [json.loads(line) for name in archive.namelist() for line in archive.read(name).splitlines()]


def test_an_export_is_begun_waited_for_and_fetched(braze: Braze, client: Client, tmp_path: Path):
    people = exported(client, tmp_path / "export.zip")

    assert 80 < len(people) < 100
    assert all(person["custom_attributes"]["rokt:subscription_id"] for person in people)
    assert set().union(*people) == set(FIELDS)
    assert [file.name for file in tmp_path.iterdir()] == ["export.zip"]


def test_an_export_that_is_not_there_yet_is_asked_for_again_later(
    braze: Braze, client: Client, tmp_path: Path
):
    braze.set(ready_after=3600)
    url = client.export_segment(EVERYONE, FIELDS).url
    assert url
    assert not client.is_ready(url)
    with pytest.raises(ExportNotReadyError) as told:
        client.download(url, tmp_path / "export.zip")
    assert told.value.seconds == storage.POLL_SECONDS
    assert isinstance(told.value, RETRYABLE)
    assert list(tmp_path.iterdir()) == []


def test_a_second_export_of_the_same_segment_waits_for_the_first(braze: Braze, client: Client):
    braze.set(ready_after=3600)
    client.export_segment(EVERYONE, FIELDS)
    with pytest.raises(ExportRunningError, match="exporting this segment already"):
        client.export_segment(EVERYONE, FIELDS)


def test_an_export_that_has_expired_is_gone(braze: Braze, client: Client, tmp_path: Path):
    braze.set(expires_after=0)
    url = client.export_segment(EVERYONE, FIELDS).url
    assert url
    until(lambda: "403" in braze.sandbox.summary()["paths"].get("GET " + STORED, {}) or client.is_ready(url))
    with pytest.raises(ExportNotReadyError):
        client.download(url, tmp_path / "export.zip")


def test_a_download_that_the_stand_in_cuts_leaves_nothing(braze: Braze, client: Client, tmp_path: Path):
    url = client.export_segment(EVERYONE, FIELDS).url
    assert url
    until(lambda: client.is_ready(url))
    braze.sandbox.fault("cut", path="/segment-export/", count=1)
    with pytest.raises(CutShortError, match="cut short, after") as told:
        client.download(url, tmp_path / "export.zip")
    assert isinstance(told.value, RETRYABLE)
    assert list(tmp_path.iterdir()) == []
    client.download(url, tmp_path / "export.zip")
    assert zipfile.is_zipfile(tmp_path / "export.zip")


def test_the_storage_never_sees_the_key(serve: Serve, tmp_path: Path):
    server = serve(keeps(answer(200, b"file")))
    with Client(server.url, KEY, allowed_hosts={server.place}) as client:
        client.download(f"{server.url}/a.zip?sig=1", tmp_path / "a.zip")
        assert client.is_ready(f"{server.url}/a.zip?sig=1")
    assert (tmp_path / "a.zip").read_bytes() == b"file"
    for request in server.requests:
        assert request.startswith(b"GET /a.zip?sig=1 HTTP/1.1\r\n")
        assert b"authorization" not in request.lower()
        assert KEY.encode() not in request


def test_a_fetched_file_replaces_the_one_before_and_a_failed_one_does_not(serve: Serve, tmp_path: Path):
    path = tmp_path / "a.zip"
    path.write_bytes(b"before")
    server = serve(says(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"))
    with pytest.raises(CutShortError):
        fetch(server, path)
    assert path.read_bytes() == b"before"
    server.script = keeps(answer(200, b"after"))
    fetch(server, path)
    assert path.read_bytes() == b"after"


@pytest.mark.parametrize(
    "head",
    [b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"],
    ids=["announced", "not announced"],
)
def test_a_file_over_the_cap_is_not_kept(serve: Serve, tmp_path: Path, head: bytes):
    with pytest.raises(TooLargeError, match="1,000,000"):
        fetch(serve(pours(head)), tmp_path / "a.zip", cap=1_000_000, seconds=10)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "head",
    [b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"],
    ids=["announced", "not announced"],
)
def test_a_file_that_drips_is_given_up_at_the_deadline(serve: Serve, tmp_path: Path, head: bytes):
    with pytest.raises(CutShortError, match=r"took longer than 2 seconds"):
        fetch(serve(drips(head)), tmp_path / "a.zip", seconds=2)
    assert list(tmp_path.iterdir()) == []


def test_a_storage_that_says_nothing_is_given_up_at_the_deadline(serve: Serve, tmp_path: Path):
    with pytest.raises(NoAnswerError, match=r"did not answer: timed out after 0\.2 s"):
        fetch(serve(silent), tmp_path / "a.zip", seconds=0.2)


def test_a_chunked_file_without_its_end_is_cut_short(serve: Serve, tmp_path: Path):
    server = serve(says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"))
    with pytest.raises(CutShortError):
        fetch(server, tmp_path / "a.zip")


def test_a_broken_connection_is_cut_short(serve: Serve, tmp_path: Path):
    server = serve(resets(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"))
    with pytest.raises(CutShortError):
        fetch(server, tmp_path / "a.zip")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (404, ExportNotReadyError),
        (403, ExportNotReadyError),
        (204, ExportNotReadyError),
        (503, BusyError),
        (429, BusyError),
        (400, RefusedError),
        (302, RefusedError),
    ],
)
def test_other_answers_of_the_storage_are_told_apart(
    serve: Serve, tmp_path: Path, status: int, kind: type[BrazeError]
):
    server = serve(keeps(answer(status, b"" if status == 204 else b"<Error/>")))
    with pytest.raises(kind):
        fetch(server, tmp_path / "a.zip")
    assert list(tmp_path.iterdir()) == []


def test_a_redirect_within_what_is_allowed_is_followed_a_few_times(serve: Serve, tmp_path: Path):
    def script(asked) -> bool:
        hop = int(asked.path.strip("/"))
        asked.conn.sendall(answer(200, b"file") if hop == 3 else answer(307, b"", f"Location: /{hop + 1}"))
        return True

    server = serve(script)
    fetch(server, tmp_path / "a.zip", url=f"{server.url}/0")
    assert (tmp_path / "a.zip").read_bytes() == b"file"
    server.script = keeps(answer(307, b"", "Location: /again"))
    with pytest.raises(RefusedError, match="from one address to the next"):
        fetch(server, tmp_path / "b.zip")
    assert len(server.requests) == 4 + 4


@pytest.mark.parametrize(
    "place",
    [
        "http://169.254.169.254/latest",
        "https://127.0.0.1/x",
        "https://10.0.0.1/x",
        "http://public.example/x",
        "https://public.example:8443/x",
        "ftp://public.example/x",
        "file:///etc/passwd",
        "https://me@public.example/x",
        "http://[",
    ],
)
def test_a_redirect_to_a_private_or_plain_place_is_refused(serve: Serve, tmp_path: Path, place: str):
    server = serve(keeps(answer(302, b"", f"Location: {place}")))
    with pytest.raises(AddressError):
        fetch(server, tmp_path / "a.zip")
    with pytest.raises(AddressError):
        storage.is_ready(f"{server.url}/x", allowed_hosts={server.place})


def test_a_public_name_that_leads_home_is_refused(serve: Serve, tmp_path: Path, monkeypatch):
    server = serve(keeps(answer(200, b"file")))
    home = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: home)
    with pytest.raises(AddressError, match=r"storage\.example:443 leads to 127\.0\.0\.1"):
        fetch(server, tmp_path / "a.zip", url="https://storage.example/x")
    with Client("https://rest.example.com", KEY) as client, pytest.raises(AddressError, match="leads to"):
        client.segments()
    assert server.requests == []


def test_a_storage_that_is_not_there_is_told_in_words(serve: Serve, tmp_path: Path):
    server = serve(silent)
    server.close()
    with pytest.raises(
        NotReachableError, match=r"^The storage of the export cannot be reached: conn.* refused\.$"
    ):
        fetch(server, tmp_path / "a.zip")


def test_a_folder_that_is_not_there_is_an_error_of_the_disk(serve: Serve, tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        fetch(serve(keeps(answer(200, b"file"))), tmp_path / "no" / "a.zip")
