"""The session that every outgoing call uses: nothing followed, nothing remembered, nowhere it may not go."""

from collections.abc import Callable

import pytest

from integrations.web import address
from integrations.web.errors import AddressError, NotReachableError, refusal
from integrations.web.exchange import Call, Received
from integrations.web.session import WebSession, ask
from tests.integrations.conftest import AtHome
from tests.integrations.raw_server import ACCEPTED, RawServer, answer, drips, keeps

Serve = Callable[..., RawServer]


def got(session: WebSession, url: str, *, cap: int = 100, seconds: float = 5) -> Received:
    return ask(session, Call("GET", url, b""), headers={}, seconds=seconds, cap=cap)


def test_a_redirect_is_not_followed_even_when_somebody_asks_for_it(serve: Serve):
    elsewhere = serve(keeps(ACCEPTED))
    server = serve(keeps(answer(302, b"", f"Location: {elsewhere.url}/")))
    with WebSession({server.place, elsewhere.place}) as session:
        assert session.get(f"{server.url}/", allow_redirects=True).status_code == 302
    assert elsewhere.connections == 0


def test_cookies_proxies_and_netrc_are_not_used(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
):
    netrc = tmp_path_factory.mktemp("home") / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    proxy = serve(keeps(answer(200)))
    monkeypatch.setenv("http_proxy", proxy.url)
    server = serve(keeps(answer(200, b"", "Set-Cookie: id=1; Path=/")))
    with WebSession({server.place}) as session:
        got(session, f"{server.url}/a")
        got(session, f"{server.url}/b")
    assert len(server.requests) == 2
    assert not any(b"cookie" in sent.lower() or b"authorization" in sent.lower() for sent in server.requests)
    assert proxy.connections == 0


def test_what_is_not_on_the_list_is_not_called(serve: Serve):
    server = serve(keeps(ACCEPTED))
    with WebSession(set()) as session, pytest.raises(AddressError, match="not one of the addresses"):
        got(session, f"{server.url}/")
    assert server.connections == 0


def test_a_name_that_leads_inside_is_refused_before_a_byte_leaves(
    serve: Serve, at_home: AtHome, monkeypatch: pytest.MonkeyPatch
):
    server = serve(keeps(ACCEPTED))
    place = at_home("api.example", server)
    monkeypatch.setattr(address, "_is_public", lambda ip: False)
    with WebSession({place}) as session, pytest.raises(NotReachableError) as failed:
        got(session, f"https://{place}/")
    assert str(failed.value) == f"{place} leads to 127.0.0.1, which is not a public address."
    assert str(refusal(failed.value)) == str(failed.value)
    assert server.requests == []


def test_an_error_of_another_kind_is_no_refusal():
    assert refusal(NotReachableError("connection refused")) is None


def test_an_answer_is_read_up_to_its_cap(serve: Serve):
    server = serve(keeps(answer(200, b"x" * 101)))
    with WebSession({server.place}) as session:
        received = got(session, f"{server.url}/")
        assert (received.body, received.complete) == (b"x" * 100, False)
        whole = got(session, f"{server.url}/", cap=101)
    assert (whole.body, whole.complete) == (b"x" * 101, True)


def test_the_time_is_up_even_while_something_drips_in(serve: Serve):
    server = serve(drips(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n"))
    with WebSession({server.place}) as session:
        received = got(session, f"{server.url}/", cap=99_999, seconds=2)
    assert (received.status, received.complete) == (200, False)


def test_another_check_decides_where_a_session_may_go(serve: Serve):
    server = serve(keeps(answer(200, b"there")))
    with WebSession({server.place}, check=address.check_public) as session:
        assert got(session, f"{server.url}/").body == b"there"
    nowhere = WebSession(set(), check=address.check_public)
    with nowhere as session, pytest.raises(AddressError, match="only the ports 80 and 443"):
        got(session, f"{server.url}/")
