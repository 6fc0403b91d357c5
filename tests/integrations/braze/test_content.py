"""One call of Connected Content: where it may go, what it carries, how long it takes, how much it reads."""

import socket
from collections.abc import Callable

import pytest

from integrations.braze import content
from integrations.web.errors import AddressError
from integrations.web.exchange import Call, Received
from tests.integrations.raw_server import RawServer, answer, drips, keeps, pours, resets, says, silent

Serve = Callable[..., RawServer]


def got(server: RawServer, path: str = "/", headers: dict[str, str] | None = None) -> Received:
    return content.call(Call("GET", server.url + path, b""), headers or {}, allowed_hosts={server.place})


def sent_headers(request: bytes) -> dict[str, str]:
    lines = request.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Make every name lead to this address."""

    def lead(ip: str, port: int) -> None:
        info = (socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port))
        monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: [info])

    return lead


def test_a_call_carries_its_headers_and_body_under_our_name(serve: Serve):
    server = serve(keeps(answer(200, b'{"a": 1}', "Content-Type: application/json")))
    call = Call("POST", f"{server.url}/ask?b=2", "häuser=1".encode())

    received = content.call(call, {"Content-Type": "text/plain", "X-Key": " k"}, allowed_hosts={server.place})

    assert (received.status, received.body) == (200, b'{"a": 1}')
    assert received.headers["content-type"] == "application/json"
    (request,) = server.requests
    assert request.startswith(b"POST /ask?b=2 HTTP/1.1\r\n")
    assert request.endswith("\r\n\r\nhäuser=1".encode())
    assert sent_headers(request) == {
        "host": server.place,
        "user-agent": "calendar-admin",
        "accept-encoding": "identity",
        "content-type": "text/plain",
        "content-length": "9",
        "x-key": "k",
    }


def test_a_template_can_not_change_how_a_call_is_framed(serve: Serve):
    server = serve(keeps(answer(200)))

    got(
        server,
        headers={
            "host": "evil.example",
            "Content-length": "7",
            "Transfer-Encoding": "chunked",
            "CONNECTION": "upgrade",
            "accept-encoding": "gzip",
            "user-agent": "mine",
        },
    )

    assert sent_headers(server.requests[0]) == {
        "host": server.place,
        "user-agent": "mine",
        "accept-encoding": "identity",
    }


@pytest.mark.parametrize("method", ["PUT", "DELETE", "get", "HEAD"])
def test_only_get_and_post_are_made(serve: Serve, method: str):
    server = serve(keeps(answer(200)))

    with pytest.raises(ValueError, match="knows GET and POST"):
        content.call(Call(method, server.url, b""), {}, allowed_hosts={server.place})

    assert server.connections == 0


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_an_answer_and_is_not_followed(serve: Serve, status: int):
    elsewhere = serve(keeps(answer(200)))
    server = serve(keeps(answer(status, b"moved", f"Location: {elsewhere.url}/")))

    received = content.call(Call("GET", server.url, b""), {}, allowed_hosts={server.place, elsewhere.place})

    assert (received.status, received.body) == (status, b"moved")
    assert elsewhere.connections == 0


@pytest.mark.parametrize("status", [404, 429, 500])
def test_an_answer_that_says_no_is_an_answer(serve: Serve, status: int):
    assert got(serve(keeps(answer(status, b"no")))).status == status


def test_cookies_are_not_kept(serve: Serve):
    server = serve(keeps(answer(200, b"", "Set-Cookie: id=1; Path=/")))

    got(server)
    got(server)

    assert "cookie" not in sent_headers(server.requests[1])


@pytest.mark.parametrize(
    "ip", ["127.0.0.1", "10.0.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"]
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_name_that_leads_inside_is_refused_wherever_it_ends(
    serve: Serve, found: Callable[..., None], monkeypatch: pytest.MonkeyPatch, ip: str, scheme: str
):
    server = serve(keeps(answer(200)))
    found("127.0.0.1", server.port)
    monkeypatch.setattr(socket.socket, "getpeername", lambda sock: (ip, server.port))

    with pytest.raises(
        AddressError, match=f"rebound.example:.* leads to {ip}, which is not a public address"
    ):
        content.call(Call("GET", f"{scheme}://rebound.example/", b""), {}, allowed_hosts={server.place})

    assert server.requests == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "2130706433"])
def test_this_machine_is_refused_unless_the_very_place_is_allowed(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, host: str
):
    server = serve(keeps(answer(200)))
    connect = socket.create_connection
    monkeypatch.setattr(
        "urllib3.util.connection.create_connection",
        lambda address, *args, **kwargs: connect(("127.0.0.1", server.port)),
    )

    with pytest.raises(AddressError, match="not a public address"):
        content.call(Call("GET", f"http://{host}/", b""), {}, allowed_hosts={server.place})

    assert server.requests == []


@pytest.mark.parametrize(
    "url",
    [
        "ftp://api.example.com/",
        "https://api.example.com:8443/",
        "http://127.0.0.1:9/",
        "http://[::1]/",
        "https://user:pw@api.example.com/",
        "https:///nothing",
        "nonsense",
        "http://[broken/",
        "",
    ],
)
def test_what_is_no_public_address_is_refused_before_anything_is_looked_up(
    monkeypatch: pytest.MonkeyPatch, url: str
):
    def never(*_args: object, **_named: object) -> None:
        pytest.fail("a name was looked up")

    monkeypatch.setattr(socket, "getaddrinfo", never)

    with pytest.raises(AddressError):
        content.call(Call("GET", url, b""), {})
    with pytest.raises(AddressError):
        content.host_of(url)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://API.Example.com/x?y", "api.example.com"),
        ("https://api.example.com?x=/y", "api.example.com"),
        ("http://münchen.example/", "xn--mnchen-3ya.example"),
        ("https://good.example/@evil.example", "good.example"),
        ("https://good.example#@evil.example", "good.example"),
        ("https://good.example\\@evil.example/", "good.example"),
    ],
)
def test_the_host_of_an_address_is_the_one_that_would_be_called(url: str, host: str):
    assert content.host_of(url) == host


@pytest.mark.parametrize(
    "script",
    [
        silent,
        drips(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n"),
        drips(b"HTTP/1.1 200 OK\r\nX: "),
        says(b""),
        resets(),
        says(b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\nhalf"),
        says(b"\x00\xff hello\r\n\r\n"),
    ],
    ids=["silence", "dripped body", "dripped head", "closed", "reset", "cut", "garbage"],
)
def test_what_is_not_a_whole_answer_in_time_is_no_answer(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, script: Callable[..., bool]
):
    monkeypatch.setattr(content, "CALL_SECONDS", 0.3)

    server = serve(script)

    with pytest.raises(ConnectionError):
        got(server)

    assert len(server.requests) == 1


def test_two_seconds_is_all_the_time_there_is():
    assert content.CALL_SECONDS == 2


def test_a_server_that_is_not_there_is_no_answer(serve: Serve):
    server = serve(silent)
    server.close()

    with pytest.raises(OSError, match="connection refused"):
        got(server)


def test_an_answer_of_a_megabyte_is_read_whole(serve: Serve):
    body = b"x" * content.BODY_LIMIT

    assert got(serve(keeps(answer(200, body)))).body == body


@pytest.mark.parametrize(
    "script",
    [keeps(answer(200, b"x" * 2_000_000)), pours(b"HTTP/1.1 200 OK\r\n\r\n")],
    ids=["announced", "without end"],
)
def test_of_an_answer_over_the_limit_one_byte_more_is_read(serve: Serve, script: Callable[..., bool]):
    assert len(got(serve(script)).body) == content.BODY_LIMIT + 1


def test_only_repeats_wait_and_each_twice_as_long(serve: Serve):
    server = serve(keeps(answer(503)))
    waits: list[float] = []

    for attempt in range(5):
        content.call(
            Call("GET", server.url, b""),
            {},
            attempt=attempt,
            allowed_hosts={server.place},
            wait=waits.append,
        )

    assert waits == [0.2, 0.4, 0.8, 1.6]
