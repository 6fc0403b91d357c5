"""connected_content makes exactly the calls it describes, through fetch alone."""

import json
from typing import Any

import pytest

from campaigns.liquid import Aborted, Data, LiquidError, Request, Response, render


class Web:
    """Gives one answer after the other, the last one for ever; an exception is raised."""

    def __init__(self, *answers: Response | Exception) -> None:
        self.answers = list(answers)
        self.requests: list[Request] = []

    def __call__(self, request: Request) -> Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def ok(value: Any) -> Response:
    return Response(200, {}, json.dumps(value))


def rendered(source: str, web: Web, **data: Any) -> str:
    return render(source, Data(**data), fetch=web).text


def test_a_get_asks_for_json_and_may_be_kept_for_five_minutes() -> None:
    web = Web(ok({"a": 1}))
    assert rendered("{% connected_content https://a.co/x %}{{connected.a}}", web) == "1"
    assert web.requests == [
        Request(
            "GET", "https://a.co/x", {"Content-Type": "application/json", "Accept": "*/*"}, cache_seconds=300
        )
    ]


def test_a_post_is_a_form_and_is_not_kept() -> None:
    web = Web(ok({}))
    rendered("{% connected_content https://a.co :method post :body a=1&b=2 %}", web)
    [request] = web.requests
    assert (request.method, request.body, request.cache_seconds) == ("POST", "a=1&b=2", 0)
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"


def test_a_get_has_no_body() -> None:
    web = Web(ok({}))
    rendered("{% connected_content https://a.co :body a=1 %}", web)
    assert web.requests[0].body is None


@pytest.mark.parametrize(
    ("options", "seconds"),
    [
        (":no_cache", 0),
        (":cache_max_age 900", 900),
        (":cache_max_age 5", 300),
        (":cache_max_age 999999", 14_400),
        (":method post :cache_max_age 600", 600),
        (":cache_max_age 900 :no_cache", 0),
    ],
)
def test_an_answer_may_be_kept_as_long_as_braze_would(options: str, seconds: int) -> None:
    web = Web(ok({}))
    rendered(f"{{% connected_content https://a.co {options} %}}", web)
    assert web.requests[0].cache_seconds == seconds


def test_content_type_sets_both_headers_and_own_headers_win() -> None:
    web = Web(ok({}))
    rendered(
        '{% connected_content https://a.co :content_type text/x :headers {"Accept": "a", "X-N": 1} %}', web
    )
    assert web.requests[0].headers == {"Content-Type": "text/x", "Accept": "a", "X-N": "1"}


def test_headers_bodies_and_addresses_hold_liquid() -> None:
    web = Web(ok({}))
    source = """{% capture body %}{"n": "{{${first_name}}}"}{% endcapture %}{% connected_content
        https://a.co/{{${user_id} | url_param_escape}}?q={{ custom_attribute.${a b} }}
        :method post
        :headers { "X-Name": "{{${first_name}}}", "X-{{${language}}}": "1" }
        :body {{body}}
        :content_type application/json
        :save {{x}}y %}"""
    with pytest.raises(LiquidError, match="The name behind :save"):
        rendered(source, web)
    source = source.replace("{{x}}y", "r")
    rendered(
        source,
        web,
        user={"user_id": "u/1", "first_name": "Ann", "language": "en"},
        custom_attributes={"a b": 7},
    )
    [request] = web.requests
    assert request.url == "https://a.co/u%2F1?q=7"
    assert request.headers["X-Name"] == "Ann"
    assert request.body == '{"n": "Ann"}'


def test_json_inside_json_keeps_a_word_together() -> None:
    web = Web(ok({}))
    body = '{"a": {"b": {"c": "{{1 | plus: 1}}"}}}'
    rendered(
        f"{{% connected_content https://a.co :method post :body {body} :content_type application/json %}}",
        web,
    )
    assert web.requests[0].body == '{"a": {"b": {"c": "2"}}}'


def test_credentials_go_by_their_names() -> None:
    web = Web(ok({}))
    rendered("{% connected_content https://a.co :basic_auth Rokt-API :auth_credentials {{x}}Tok %}", web)
    assert (web.requests[0].basic_auth, web.requests[0].auth_credentials) == ("Rokt-API", "Tok")


def test_an_unknown_credential_aborts_the_message() -> None:
    with pytest.raises(Aborted, match="there is no credential called Gone"):
        rendered("{% connected_content https://a.co :basic_auth Gone %}", Web(KeyError("Gone")))


@pytest.mark.parametrize("status", [200, 201])
def test_a_hash_is_saved_with_its_status(status: int) -> None:
    web = Web(Response(status, {}, b'{"a": "\xc3\xa9"}'))
    source = "{% connected_content https://a.co :save r %}{{r.a}}{{r.__http_status_code__}}"
    assert rendered(source, web) == f"é{status}"


def test_a_list_is_saved_as_it_is() -> None:
    assert rendered("{% connected_content https://a.co :save r %}{{r[1]}}{{r.size}}", Web(ok([1, 2]))) == "22"


def test_an_error_in_json_is_saved_without_a_status() -> None:
    web = Web(Response(400, {}, '{"error": "no"}'))
    source = "{% connected_content https://a.co :save r %}{{r.error}}[{{r.__http_status_code__}}]"
    assert rendered(source, web) == "no[]"


@pytest.mark.parametrize("status", [301, 302, 400, 404, 408, 429, 500, 502, 503, 598])
def test_nothing_is_written_for_an_answer_that_is_no_success(status: int) -> None:
    assert rendered("[{% connected_content https://a.co %}]", Web(Response(status, {}, "oops"))) == "[]"


@pytest.mark.parametrize("body", ["plain", "42", "{not json", "", "true"])
def test_text_that_is_no_json_is_written_in_place(body: str) -> None:
    assert rendered("[{% connected_content https://a.co %}]", Web(Response(200, {}, body))) == f"[{body}]"


def test_no_answer_writes_nothing() -> None:
    assert rendered("[{% connected_content https://a.co %}]", Web(TimeoutError())) == "[]"


def test_retry_repeats_until_there_is_an_answer() -> None:
    web = Web(Response(503), TimeoutError(), Response(429), ok({"a": "yes"}))
    assert rendered("{% connected_content https://a.co :retry %}{{connected.a}}", web) == "yes"
    assert [request.attempt for request in web.requests] == [0, 1, 2, 3]


@pytest.mark.parametrize("answer", [Response(500), ConnectionError()])
def test_retry_gives_up_after_five_repeats_and_aborts(answer: Response | Exception) -> None:
    web = Web(answer)
    with pytest.raises(Aborted, match="no answer after 5 retries"):
        rendered("{% connected_content https://a.co :retry %}", web)
    assert len(web.requests) == 6


def test_a_rendering_makes_at_most_fifty_calls() -> None:
    web = Web(ok({"a": 1}))
    with pytest.raises(LiquidError, match="too much work"):
        rendered("{% for i in (1..99) %}{% connected_content https://a.co %}{% endfor %}", web)
    assert 40 < len(web.requests) <= 50


def test_an_answer_with_too_many_parts_is_too_much_work() -> None:
    with pytest.raises(LiquidError, match="too much work"):
        rendered("{% connected_content https://a.co %}", Web(ok([[]] * 200_000)))


def test_retry_does_not_repeat_a_refusal() -> None:
    web = Web(Response(401, {}, "{}"))
    rendered("{% connected_content https://a.co :retry %}", web)
    assert len(web.requests) == 1


def test_an_answer_is_rendered_once_when_asked() -> None:
    web = Web(ok({"hi": "Hi {{${first_name}}} {{${last_name}}} {% raw %}{{1}}{% endraw %}"}))
    source = "{{${first_name}}}: {% connected_content https://a.co :rerender %}{{connected.hi}}"
    assert rendered(source, web, user={"first_name": "Ann", "last_name": "Lee"}) == "Ann: Hi Ann  {{1}}"


def test_a_rendered_answer_calls_nothing() -> None:
    web = Web(Response(200, {}, "{% connected_content https://b.co %}"))
    with pytest.raises(LiquidError, match="cannot be done here"):
        rendered("{% connected_content https://a.co :rerender %}", web)
    assert len(web.requests) == 1


def test_an_answer_is_not_rendered_unless_asked() -> None:
    assert (
        rendered("{% connected_content https://a.co %}", Web(Response(200, {}, "{{1}} {% if")))
        == "{{1}} {% if"
    )


def test_an_answer_may_hold_one_megabyte() -> None:
    with pytest.raises(LiquidError, match="at most 1,048,576 bytes"):
        rendered("{% connected_content https://a.co %}", Web(Response(200, {}, "x" * 1_048_577)))
    assert rendered("{% connected_content https://a.co %}", Web(ok({"a": "x" * 1_000_000}))) == ""


BAD_ADDRESSES = [
    ("ftp://a.co", "must begin with http"),
    ("a.co/x", "must begin with http"),
    ("https://a.co:8080/", "port 80 or 443"),
    ("https://a.co:99999/", "cannot be read"),
    ("https:///x", "must name a host"),
    ("https://u:p@a.co/", "no user or password"),
    ("https://a.co/{{${city}}}", "holds a space"),
    ("https://a.co/{{custom_attribute.${crlf}}}", "holds a space or a control character"),
    ("https://a.co/" + "x" * 9_000, "holds a space"),
    ("https://[a.co/", "cannot be read"),
]


@pytest.mark.parametrize(("address", "words"), BAD_ADDRESSES)
def test_only_web_addresses_on_the_usual_ports_are_called(address: str, words: str) -> None:
    web = Web(ok({}))
    with pytest.raises(LiquidError, match=words):
        rendered(
            f"{{% connected_content {address} %}}",
            web,
            user={"city": "New York"},
            custom_attributes={"crlf": "a\r\nX: y"},
        )
    assert not web.requests


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (":method patch", "only knows the methods get and post, not patch"),
        (":headers [1]", "must be JSON"),
        (":headers {a}", "must be JSON"),
        (':headers {"A b":"c"}', "The header 'A b' holds a character"),
        (':headers {"A":"{{custom_attribute.${x}}}"}', "must be JSON"),
        (':headers {"A":"é"}', "The header 'A' holds a character"),
        (":cache_max_age soon", "must be a number of seconds"),
        (":body {{ 1 | divided_by: 0 }}", "cannot be divided by 0"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused_before_the_call(options: str, words: str) -> None:
    web = Web(ok({}))
    with pytest.raises(LiquidError, match=words) as refused:
        rendered(f"\n{{% connected_content https://a.co {options} %}}", web, custom_attributes={"x": 'a"b'})
    assert refused.value.line == 2
    assert not web.requests
