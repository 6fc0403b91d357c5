"""The way out of a webhook: tokens stay here, credentials go only where they may, answers are kept for a while."""

import json
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.cache import cache

from campaigns import liquid
from campaigns.models import Account, Credential
from campaigns.pipeline.fetch import Fetcher
from campaigns.pipeline.tokens import PLACEHOLDER, token_answer
from integrations.braze import content
from integrations.web.errors import AddressError
from integrations.web.exchange import Call, Received
from tests.builders import make_account
from tests.integrations.raw_server import RawServer, answer, keeps, pours

SECRET = "pässword-nobody-reads"
BASIC = f"Basic {b64encode(f'me:{SECRET}'.encode()).decode()}"


class Outside:
    """What lies beyond the way out: it gives one answer after the other, and remembers every call."""

    def __init__(self, *answers: Received | Exception) -> None:
        self.answers = list(answers) or [received(b'{"a": 1}')]
        self.calls: list[Call] = []
        self.headers: list[dict[str, str]] = []
        self.options: list[dict[str, Any]] = []

    def __call__(self, call: Call, headers: dict[str, str], **options: Any) -> Received:
        self.calls.append(call)
        self.headers.append(headers)
        self.options.append(options)
        given = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(given, Exception):
            raise given
        return given


def received(body: bytes = b"", status: int = 200) -> Received:
    return Received(status, {"Content-Type": "application/json"}, body, complete=True)


def rendered(source: str, fetch: liquid.Fetch) -> str:
    return liquid.render(source, liquid.Data(), fetch=fetch).text


def get(url: str = "https://api.example.com/x", **fields: Any) -> liquid.Request:
    return liquid.Request("GET", url, {"Accept": "*/*"}, **{"cache_seconds": 300, **fields})


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def account(db: None) -> Account:
    return make_account("shop", base_url="https://rokt.example.com")


@pytest.fixture
def credentials(db: None) -> None:
    Credential.objects.create(
        name="Shop", username="me", secret=SECRET, allowed_hosts="api.example.com\nother.example.com"
    )
    Credential.objects.create(
        name="Keys",
        kind=Credential.Kind.HEADERS,
        secret=json.dumps({"X-Key": SECRET, "accept": "text/plain"}),
        allowed_hosts="api.example.com",
    )


@pytest.mark.parametrize(
    "url",
    [
        "https://rokt.example.com/oauth2/token",
        "https://api.roktcalendar.com/oauth2/token",
        "https://API.roktcalendar.com:443/oauth2/token/",
        "http://api.roktcalendar.com:80/oauth2/token?x=1#y",
    ],
)
def test_a_token_is_answered_here_whatever_credential_is_named(account: Account, url: str):
    outside = Outside()
    source = (
        f"{{% connected_content {url} :method post :basic_auth Nobody-Knows"
        " :body grant_type=client_credentials :save token :retry %}{{token.access_token}}"
        " {{token.token_type}} {{token.expires_in}}"
    )

    assert rendered(source, Fetcher(account, call=outside)) == f"{PLACEHOLDER} bearer 300"
    assert outside.calls == []


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("GET", "https://rokt.example.com/oauth2/token"),
        ("POST", "https://rokt.example.com/oauth2/tokens"),
        ("POST", "https://rokt.example.com/v1/oauth2/token"),
        ("POST", "https://evil.example/oauth2/token"),
        ("POST", "https://evil.example/https://rokt.example.com/oauth2/token"),
    ],
)
def test_another_call_is_not_taken_for_a_token_call(account: Account, method: str, url: str):
    assert token_answer(liquid.Request(method, url), account) is None


def test_any_other_call_goes_out_as_it_is_described(account: Account, settings):
    settings.CONNECTED_CONTENT_HOSTS = ["127.0.0.1:8100"]
    outside = Outside(received(b'{"name": "B\xc3\xa4r"}', 201))
    source = (
        "{% connected_content https://api.example.com/x :method post :body a=ü"
        ' :headers {"X-A":"b"} %}{{connected.name}} {{connected.__http_status_code__}}'
    )

    assert rendered(source, Fetcher(account, call=outside)) == "Bär 201"
    assert outside.calls == [Call("POST", "https://api.example.com/x", "a=ü".encode())]
    assert outside.headers == [
        {"Content-Type": "application/x-www-form-urlencoded", "Accept": "*/*", "X-A": "b"}
    ]
    assert outside.options == [{"attempt": 0, "allowed_hosts": frozenset(["127.0.0.1:8100"])}]


def test_a_body_that_cannot_be_encoded_is_no_error(account: Account):
    outside = Outside()

    Fetcher(account, call=outside)(liquid.Request("POST", "https://api.example.com/", body="a=\ud800"))

    assert outside.calls[0].body == b"a=?"


def test_repeats_say_which_they_are_and_then_the_person_is_left_out(account: Account):
    outside = Outside(ConnectionError("timed out"))

    with pytest.raises(liquid.Aborted, match="no answer after 5 retries"):
        rendered("{% connected_content https://api.example.com/x :retry %}", Fetcher(account, call=outside))

    assert [options["attempt"] for options in outside.options] == [0, 1, 2, 3, 4, 5]


def test_a_user_name_and_a_password_go_along(account: Account, credentials: None):
    outside = Outside()

    rendered(
        '{% connected_content https://API.example.com/x :basic_auth Shop :headers {"AUTHORIZATION":"mine"} %}',
        Fetcher(account, call=outside),
    )

    assert outside.headers == [{"Content-Type": "application/json", "Accept": "*/*", "Authorization": BASIC}]


def test_stored_headers_go_along_instead_of_those_of_the_template(account: Account, credentials: None):
    outside = Outside()

    rendered(
        "{% connected_content https://api.example.com/x :auth_credentials Keys %}",
        Fetcher(account, call=outside),
    )

    assert outside.headers == [{"Content-Type": "application/json", "X-Key": SECRET, "accept": "text/plain"}]


@pytest.mark.parametrize(
    "option", [":basic_auth Nobody", ":basic_auth Keys", ":auth_credentials Shop", ":basic_auth shop"]
)
def test_a_name_that_no_credential_of_that_kind_has_leaves_the_person_out(
    account: Account, credentials: None, option: str
):
    outside = Outside()

    with pytest.raises(liquid.Aborted, match=f"there is no credential called {option.split()[1]}"):
        rendered(
            f"{{% connected_content https://api.example.com/x {option} %}}", Fetcher(account, call=outside)
        )

    assert outside.calls == []


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://evil.example/", "evil.example"),
        ("https://sub.api.example.com/", "sub.api.example.com"),
        ("https://api.example.com./", "api.example.com."),
        ("https://evil.example?api.example.com/", "evil.example"),
        ("https://evil.example/api.example.com", "evil.example"),
        ("https://evil.example\\.api.example.com/", "evil.example"),
    ],
)
def test_a_credential_goes_to_none_but_its_hosts(account: Account, credentials: None, url: str, host: str):
    outside = Outside()

    with pytest.raises(liquid.LiquidError) as refused:
        Fetcher(account, call=outside)(get(url, basic_auth="Shop"))

    assert refused.value.message == (
        f"The credential “Shop” may not be sent to {host}."
        " An admin can add this host to its allowed hosts (Setup, Credentials)."
    )
    assert outside.calls == []


@pytest.mark.parametrize("option", [{"basic_auth": "Shop"}, {"auth_credentials": "Keys"}])
@pytest.mark.parametrize("url", ["http://api.example.com/", "http://api.example.com:443/"])
def test_a_credential_goes_nowhere_in_the_open(
    account: Account, credentials: None, url: str, option: dict[str, str]
):
    outside = Outside()

    with pytest.raises(liquid.LiquidError) as refused:
        Fetcher(account, call=outside)(get(url, **option))

    assert refused.value.message == (
        f"The credential “{next(iter(option.values()))}” is not sent over http://, where others could read it."
        " Write https:// in the address."
    )
    assert outside.calls == []


def test_a_credential_may_go_to_a_place_on_this_machine_that_is_allowed(
    account: Account, credentials: None, settings
):
    settings.CONNECTED_CONTENT_HOSTS = ["127.0.0.1:8100"]
    Credential.objects.update(allowed_hosts="127.0.0.1")
    outside = Outside()

    Fetcher(account, call=outside)(get("http://127.0.0.1:8100/", basic_auth="Shop"))

    assert outside.headers[0]["Authorization"] == BASIC


def test_a_secret_that_is_refused_there_is_an_answer_like_any_other(account: Account, credentials: None):
    outside = Outside(received(b'{"error": "who?"}', 401))
    source = "{% connected_content https://api.example.com/x :basic_auth Shop %}{{connected.error}}"

    assert rendered(source, Fetcher(account, call=outside)) == "who?"
    assert rendered(source, Fetcher(account, call=outside)) == "who?"
    assert len(outside.calls) == 2


@pytest.mark.parametrize("named", [{}, {"basic_auth": "Shop"}])
def test_an_address_that_must_not_be_called_is_told_with_its_line(
    account: Account, credentials: None, named: dict[str, str]
):
    fetch = Fetcher(account, call=Outside(AddressError("api.example.com:443 leads to 10.0.0.1.")))

    with pytest.raises(liquid.LiquidError, match="leads to 10"):
        fetch(get(**named))
    with pytest.raises(liquid.LiquidError, match=r"Line 2: .* leads to 10"):
        rendered("\n{% connected_content https://api.example.com/x %}", fetch)


def test_an_answer_is_kept_for_as_long_as_it_may_be(account: Account, monkeypatch: pytest.MonkeyPatch):
    times: list[int] = []
    keep = cache.set

    def remember(key: str, value: Any, timeout: int) -> None:
        times.append(timeout)
        keep(key, value, timeout)

    monkeypatch.setattr(cache, "set", remember)
    outside = Outside(received(b'{"a": 1}'), received(b'{"a": 2}'))
    source = "{% connected_content https://api.example.com/x :cache_max_age 900 %}{{connected.a}}"

    assert rendered(source, Fetcher(account, call=outside)) == "1"
    assert rendered(source, Fetcher(make_account("other"), call=outside)) == "1"
    assert (len(outside.calls), times) == (1, [900])


def test_an_answer_that_may_not_be_kept_is_asked_for_anew(account: Account):
    outside = Outside(received(b'{"a": 1}'), received(b'{"a": 2}'), received(b'{"a": 3}'))
    fetch = Fetcher(account, call=outside)
    source = "{% connected_content https://api.example.com/x :no_cache %}{{connected.a}}"

    assert rendered(source, fetch) == "1"
    assert rendered(source.replace(" :no_cache", ""), fetch) == "2"
    assert rendered(source, fetch) == "3"


@pytest.mark.parametrize(
    "different",
    [
        {"url": "https://api.example.com/y"},
        {"method": "POST"},
        {"headers": {"Accept": "text/plain"}},
        {"body": "a"},
        {"basic_auth": "Shop"},
        {"auth_credentials": "Keys"},
    ],
    ids=lambda different: next(iter(different)),
)
def test_calls_that_differ_share_no_answer(account: Account, credentials: None, different: dict[str, Any]):
    outside = Outside(received(b"1"), received(b"2"))
    fetch = Fetcher(account, call=outside)
    usual: dict[str, Any] = {
        "method": "GET",
        "url": "https://api.example.com/x",
        "headers": {"Accept": "*/*"},
        "cache_seconds": 300,
    }

    assert fetch(liquid.Request(**usual)).body == b"1"
    assert fetch(liquid.Request(**{**usual, **different})).body == b"2"
    assert fetch(liquid.Request(**usual)).body == b"1"


@pytest.mark.parametrize(
    "bad",
    [received(b"no", 404), received(b"no", 500), received(b"no", 400), received(b"x" * 1_048_577)],
    ids=["404", "500", "400", "too long"],
)
def test_a_bad_answer_is_not_kept(account: Account, bad: Received):
    outside = Outside(bad, received(b"good"))
    fetch = Fetcher(account, call=outside)

    assert fetch(get()).body == bad.body
    assert fetch(get()).body == b"good"


def test_a_credential_that_is_gone_or_goes_elsewhere_opens_no_kept_answer(
    account: Account, credentials: None
):
    outside = Outside()
    Fetcher(account, call=outside)(get(basic_auth="Shop"))
    Credential.objects.filter(name="Shop").update(allowed_hosts="other.example.com")

    with pytest.raises(liquid.LiquidError, match="may not be sent"):
        Fetcher(account, call=outside)(get(basic_auth="Shop"))
    Credential.objects.all().delete()
    with pytest.raises(LookupError):
        Fetcher(account, call=outside)(get(basic_auth="Shop"))


def test_secrets_are_in_no_key_no_log_and_no_repr(
    account: Account, credentials: None, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    keys: list[str] = []
    monkeypatch.setattr(cache, "get", lambda key: keys.append(key))
    monkeypatch.setattr(cache, "set", lambda key, value, timeout: keys.append(key))
    fetch = Fetcher(account, call=Outside())
    with caplog.at_level("DEBUG"):
        fetch(get(basic_auth="Shop"))
        fetch(get(auth_credentials="Keys"))

    shown = f"{keys} {caplog.text} {fetch!r} {vars(fetch)!r}"
    assert len(keys) == 4
    assert all(len(key) < 100 and key.isascii() for key in keys)
    assert SECRET not in shown
    assert BASIC not in shown


def test_many_threads_share_one_and_none_asks_the_database(
    account: Account, credentials: None, django_assert_num_queries
):
    outside = Outside()
    fetch = Fetcher(account, call=outside)

    with django_assert_num_queries(0):
        fetch(get(basic_auth="Shop", cache_seconds=0))
        fetch(liquid.Request("POST", "https://rokt.example.com/oauth2/token"))
    with ThreadPoolExecutor(8) as pool:
        found = list(
            pool.map(lambda n: fetch(get(f"https://api.example.com/{n}", basic_auth="Shop")), range(64))
        )

    assert {response.body for response in found} == {b'{"a": 1}'}
    assert {headers["Authorization"] for headers in outside.headers} == {BASIC}


def test_a_real_server_is_asked_where_the_settings_allow_it(account: Account, settings):
    server = RawServer(keeps(answer(200, b'{"a": 1}')))
    settings.CONNECTED_CONTENT_HOSTS = [server.place]
    try:
        fetch = Fetcher(account)
        response = fetch(get(server.url, cache_seconds=0))
        server.script = pours(b"HTTP/1.1 200 OK\r\n\r\n")
        too_much = fetch(get(server.url, cache_seconds=0))
    finally:
        server.close()

    assert (response.status, response.body) == (200, b'{"a": 1}')
    assert len(too_much.body) == content.BODY_LIMIT + 1
    with pytest.raises(liquid.LiquidError, match="may hold at most"):
        rendered("{% connected_content https://api.example.com/x %}", lambda request: too_much)
    settings.CONNECTED_CONTENT_HOSTS = []
    with pytest.raises(liquid.LiquidError, match="only the ports 80 and 443"):
        Fetcher(account)(get(server.url))
