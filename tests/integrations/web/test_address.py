"""Which addresses may be called: the one on the list in its one spelling, the sandbox, and nothing else."""

import asyncio
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.web.address import PublicResolver, check, check_peer, check_public, origin
from integrations.web.errors import AddressError

ROKT_HOSTS = {"api.roktcalendar.com"}
SANDBOX = {"api.roktcalendar.com", "127.0.0.1:8100", "localhost:8100"}


@pytest.mark.parametrize(
    "spelling",
    [
        "https://api.roktcalendar.com",
        "https://api.roktcalendar.com/",
        "HTTPS://API.RoktCalendar.Com",
    ],
)
def test_rokts_own_address_is_allowed_in_one_normal_form(spelling: str):
    assert check(spelling, allowed_hosts=ROKT_HOSTS) == "https://api.roktcalendar.com"


@pytest.mark.parametrize("place", ["127.0.0.1:8100", "localhost:8100"])
def test_the_sandbox_is_called_over_plain_http_when_it_is_listed(place: str):
    assert check(f"http://{place}/", allowed_hosts=SANDBOX) == f"http://{place}"
    with pytest.raises(AddressError, match="called with http://"):
        check(f"https://{place}", allowed_hosts=SANDBOX)
    with pytest.raises(AddressError, match="not one of the addresses"):
        check(f"http://{place}", allowed_hosts=ROKT_HOSTS)


def test_a_port_is_allowed_when_it_is_listed():
    hosts = {"proxy.example:8443"}
    assert check("https://proxy.example:8443", allowed_hosts=hosts) == "https://proxy.example:8443"
    for other in ("https://proxy.example", "https://proxy.example:443", "http://proxy.example:8443"):
        with pytest.raises(AddressError):
            check(other, allowed_hosts=hosts)


@pytest.mark.parametrize(
    "junk",
    [
        "",
        "api.roktcalendar.com",
        "//api.roktcalendar.com",
        "http://api.roktcalendar.com",
        "ftp://api.roktcalendar.com",
        "javascript://api.roktcalendar.com",
        "https://user:pw@api.roktcalendar.com",
        "https://api.roktcalendar.com@evil.example",
        "https://evil.example#@api.roktcalendar.com",
        "https://evil.example\\@api.roktcalendar.com",
        "https://api.roktcalendar.com.evil.example",
        "https://evil-api.roktcalendar.com",
        "https://api.roktcalendar.com.",
        "https://api.roktcalendar.com:443",
        "https://api.roktcalendar.com:22",
        "https://api.roktcalendar.com:",
        "https://api.roktcalendar.com//",
        "https://api.roktcalendar.com/v1",
        "https://api.roktcalendar.com/..",
        "https://api.roktcalendar.com?x",
        "https://api.roktcalendar.com#x",
        " https://api.roktcalendar.com",
        "https://api.roktcalendar.com\n",
        "https://api.roktcalendar.com\r\nHost: evil",
        "https://api.roktcalendar\u3002com",
        "https://api\uff0eroktcalendar.com",
        "https://api.ro\u212atcalendar.com",
        "https://xn--api-roktcalendar.com",
        "https://%61pi.roktcalendar.com",
        "https://127.0.0.1",
        "https://127.1",
        "https://0x7f000001",
        "https://0x7f.0.0.1",
        "https://2130706433",
        "https://0177.0.0.1",
        "https://[::1]",
        "https://[::ffff:10.0.0.1]",
        "https://10.0.0.1",
        "https://169.254.169.254",
        "https://100.64.0.1",
        "http://127.0.0.1:8101",
        "http://127.0.0.1:08100",
        "http://127.1:8100",
        "http://localhost",
        "http://localhost.:8100",
        "http://[::1]:8100",
    ],
)
def test_every_other_spelling_is_refused_with_a_sentence(junk: str):
    with pytest.raises(AddressError) as refused:
        check(junk, allowed_hosts=SANDBOX)
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize("number", ["10.0.0.1", "8.8.8.8", "127.1", "2130706433", "0x7f000001", "127.0.0.1"])
def test_an_ip_address_is_refused_even_when_it_is_listed(number: str):
    with pytest.raises(AddressError, match="not an IP address"):
        check(f"https://{number}", allowed_hosts={number})


@given(junk=st.text())
def test_no_junk_is_an_address(junk: str):
    for spelling in (
        junk,
        f"https://{junk}",
        f"https://api.roktcalendar.com{junk}",
        f"{junk}api.roktcalendar.com",
    ):
        try:
            passed = check(spelling, allowed_hosts=ROKT_HOSTS)
        except AddressError:
            continue
        assert passed == "https://api.roktcalendar.com"
        assert spelling.lower().removesuffix("/") == passed


@given(host=st.from_regex(r"[a-z0-9.:-]{1,30}", fullmatch=True))
def test_no_other_host_is_an_address(host: str):
    with pytest.raises(AddressError):
        check(f"https://{host}", allowed_hosts=ROKT_HOSTS)


@pytest.mark.parametrize(
    ("url", "start"),
    [
        ("https://api.roktcalendar.com/v1/x", "https://api.roktcalendar.com"),
        ("http://127.0.0.1:8100/", "http://127.0.0.1:8100"),
        ("https://api.roktcalendar.comX", "https://api.roktcalendar.comX"),
        ("https://api.roktcalendar.com?/", "https://api.roktcalendar.com?"),
        ("nonsense", "nonsense://"),
    ],
)
def test_the_origin_of_a_url_holds_all_that_comes_before_its_path(url: str, start: str):
    assert origin(url) == start


@pytest.mark.parametrize("ip", ["8.8.8.8", "52.1.2.3", "2606:4700::1", "64:ff9b::808:808", "2002:808:808::1"])
def test_a_public_address_may_be_connected_to(ip: str):
    check_peer(ip, place="api.roktcalendar.com:443", allowed_hosts=ROKT_HOSTS)


@pytest.mark.parametrize(
    "ip",
    [
        "127.0.0.1",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "::",
        "::1",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "::ffff:10.0.0.1",
        "::ffff:127.0.0.1",
        "64:ff9b::a00:1",
        "2002:a00:1::1",
    ],
)
def test_an_address_inside_is_never_connected_to(ip: str):
    with pytest.raises(AddressError, match="not a public address"):
        check_peer(ip, place="api.roktcalendar.com:443", allowed_hosts=ROKT_HOSTS)
    with pytest.raises(AddressError, match="not a public address"):
        check_peer(ip, place="localhost:9999", allowed_hosts=SANDBOX)


def test_the_sandbox_must_be_on_this_machine():
    check_peer("127.0.0.1", place="localhost:8100", allowed_hosts=SANDBOX)
    check_peer("::1", place="localhost:8100", allowed_hosts=SANDBOX)
    with pytest.raises(AddressError):
        check_peer("8.8.8.8", place="localhost:8100", allowed_hosts=SANDBOX)


def test_one_inside_address_among_the_answers_spoils_them_all(monkeypatch: pytest.MonkeyPatch):
    def found(*ips: str):
        infos = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 443)) for ip in ips]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: infos)

    async def resolve() -> list[str]:
        resolver = PublicResolver(ROKT_HOSTS)
        try:
            return [one["host"] for one in await resolver.resolve("api.roktcalendar.com", 443)]
        finally:
            await resolver.close()

    found("8.8.8.8", "8.8.4.4")
    assert asyncio.run(resolve()) == ["8.8.8.8", "8.8.4.4"]
    found("8.8.8.8", "10.0.0.1")
    with pytest.raises(AddressError, match=r"leads to 10\.0\.0\.1"):
        asyncio.run(resolve())


@pytest.mark.parametrize(
    ("spelling", "normal"),
    [
        ("https://API.example.com", "https://api.example.com:443"),
        ("http://api.example.com", "http://api.example.com:80"),
        ("http://api.example.com:443", "http://api.example.com:443"),
        ("https://my_shop.example.com:80", "https://my_shop.example.com:80"),
        ("http://127.0.0.1:8100", "http://127.0.0.1:8100"),
    ],
)
def test_every_host_is_a_public_one_as_far_as_its_name_tells(spelling: str, normal: str):
    assert check_public(spelling, allowed_hosts=SANDBOX) == normal


@pytest.mark.parametrize(
    ("junk", "words"),
    [
        ("ftp://api.example.com", "must be http"),
        ("//api.example.com", "must be http"),
        ("https://", "must be http"),
        ("https://user:pw@api.example.com", "must be http"),
        ("https://good.example\\@evil.example", "must be http"),
        ("https://[::1]", "must be http"),
        ("https://api.example.com\n", "must be http"),
        ("https://api.example.com:", "must be http"),
        ("https://api.example.com:22", "only the ports 80 and 443 may"),
        ("https://api.example.com:0443", "only the ports 80 and 443 may"),
        ("http://127.0.0.1:8101", "only the ports 80 and 443 may"),
        ("http://api.roktcalendar.com:8100", "only the ports 80 and 443 may"),
    ],
)
def test_other_ports_and_odd_spellings_are_not_public_addresses(junk: str, words: str):
    with pytest.raises(AddressError, match=words):
        check_public(junk, allowed_hosts={*SANDBOX, "api.roktcalendar.com:8100"})
