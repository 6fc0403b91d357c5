"""The exported webhook is the one of Braze's page, safe for JSON, for one account, and whatever the texts say."""

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from campaigns.liquid import Aborted, Data, LiquidError, Request, Response, render
from integrations.braze.captured import TextError
from integrations.braze.template import Event, Webhook, create, update

ROKT = "https://api.roktcalendar.com"
CREDENTIAL = "Rokt-Calendar-API"
FIRST, SECOND = "06423672-b6ba-4536-aa36-70788a7a0a36", "9a9007c7-f5a4-4811-b13c-ff10919f1078"
SAMPLE = Event(
    account_code="brazetest",
    event_id="Event_0001",
    title="Event Title",
    description="Event Description",
    location="Event Location",
    start=datetime(2019, 2, 21, 15),
    end=datetime(2019, 2, 21, 15),
    timezone="Eastern Standard Time",
    notify_before=15,
)
# Braze's page about Rokt Calendar, to the letter.
CAPTURES = """{% capture eventId %}Event_0001{% endcapture %}
{% capture eventTitle %}Event Title{% endcapture %}
{% capture eventDescr %}Event Description{% endcapture %}
{% capture eventLocation %}Event Location{% endcapture %}
{% capture eventStart %}2019-02-21T15:00:00{% endcapture %}
{% capture eventEnd %}2019-02-21T15:00:00{% endcapture %}
{% capture notifyBefore %}15{% endcapture %}
{% capture eventTZ %}Eastern Standard Time{% endcapture %}

{
  "event": {
    "eventId": "{{eventId}}_{{${user_id}}}",
    "title": "{{eventTitle}}",
    "description": "{{eventDescr}}",
    "location": "{{eventLocation}}",
    "start": "{{eventStart}}",
    "end": "{{eventEnd}}",
    "timezone": "{{eventTZ}}",
    "notifyBefore": "{{notifyBefore}}"
  }"""
NEW_EVENT = (
    CAPTURES
    + """,
  "subscriptionIds": ["{{custom_attribute.${rokt:subscription_id}| join: '","'  }}"]
}"""
)
UPDATED_EVENT = CAPTURES + "\n}"
TOKEN = (
    "Bearer {% connected_content https://api.roktcalendar.com/oauth2/token :method post :basic_auth Rokt-Calendar-API"
    " :body grant_type=client_credentials :save token :retry %}{{token.access_token}}"
)


def new(**changes: Any) -> Webhook:
    return create(replace(SAMPLE, **changes), base_url=ROKT, credential_name=CREDENTIAL)


def changed(*, flat: bool = False, **changes: Any) -> Webhook:
    return update(replace(SAMPLE, **changes), base_url=ROKT, credential_name=CREDENTIAL, flat=flat)


def person(*codes: str, ids: object = (FIRST, SECOND), user_id: str | None = "ada", **user: Any) -> Data:
    attributes = {
        "rokt:account_code": [f"{code}/{number:012x}" for number, code in enumerate(codes)],
        "rokt:subscription_id": list(ids) if isinstance(ids, tuple) else ids,
    }
    return Data(user={"user_id": user_id, **user}, custom_attributes=attributes)


def sent(webhook: Webhook, data: Data) -> Any:
    return json.loads(render(webhook.body, data).text)


def said(text: str) -> dict[str, str]:
    """What one text says in each of its three places."""
    event = sent(new(title=f"x{text}", description=text, location=text), person("brazetest"))["event"]
    return {name: event[name] for name in ("title", "description", "location")}


def test_the_new_event_is_that_of_brazes_page_but_for_json_escape():
    assert new().body.replace(" | json_escape", "") == NEW_EVENT


def test_the_update_is_that_of_brazes_page_but_for_json_escape():
    assert changed().body.replace(" | json_escape", "") == UPDATED_EVENT


def test_every_value_in_the_body_is_escaped_but_the_ids():
    lines = new().body.partition("\n\n")[2].splitlines()

    assert [line for line in lines if "{{" in line and "| json_escape}}" not in line] == [
        """  "subscriptionIds": ["{{custom_attribute.${rokt:subscription_id}| join: '","'  }}"]"""
    ]


@pytest.mark.parametrize("webhook", [new(), changed()])
def test_method_and_headers_are_those_of_brazes_page(webhook):
    assert webhook.method == "POST"
    assert webhook.headers == (("Authorization", TOKEN), ("Content-Type", "application/json"))


def test_the_header_asks_for_a_token_with_the_stored_credential():
    asked: list[Request] = []

    def fetch(request: Request) -> Response:
        asked.append(request)
        return Response(200, {}, '{"access_token": "abc123"}')

    assert render(new().headers[0][1], Data(), fetch=fetch).text == "Bearer abc123"
    assert [(call.method, call.url, call.body, call.basic_auth) for call in asked] == [
        ("POST", f"{ROKT}/oauth2/token", "grant_type=client_credentials", CREDENTIAL)
    ]


def test_an_update_can_be_flat():
    wrapped, flat = sent(changed(), person("brazetest")), sent(changed(flat=True), person("brazetest"))

    assert wrapped == {"event": flat}
    assert flat["eventId"] == "Event_0001_ada"


@pytest.mark.parametrize(
    ("data", "goes_out", "is_updated"),
    [
        (person("brazetest"), True, True),
        (person("brazetest", "brazetest"), True, True),
        (person("brazetest", "other"), False, True),
        (person("other", "brazetest"), False, True),
        (person("other"), False, False),
        (person("brazetest2"), False, False),
        (person(), False, False),
        (person(""), False, False),
        (person("brazetest", user_id=None), False, False),
        (person("brazetest", user_id=""), False, False),
        (person("brazetest", ids=()), False, True),
        (person("brazetest", ids=None), False, True),
        (Data(user={"user_id": "ada"}), False, False),
    ],
)
def test_a_call_goes_to_this_account_alone_and_only_for_its_own_people(data, goes_out, is_updated):
    path = f"{ROKT}/v1/subscriptionevent/brazetest"
    for webhook, wanted, url in ((new(), goes_out, path), (changed(), is_updated, f"{path}/update")):
        if wanted:
            assert render(webhook.url, data).text == url
        else:
            with pytest.raises(Aborted, match=r"Left out: it takes a user id.*brazetest"):
                render(webhook.url, data)


def test_where_an_abort_is_not_heard_there_is_no_url():
    for webhook in (new(), changed()):
        before, abort, after = webhook.url.partition("{% abort_message(")
        deaf = before + after.partition("%}")[2]
        assert abort
        assert render(deaf, person("other")).text == ""


def test_personal_texts_keep_their_liquid_and_cannot_break_the_json():
    webhook = new(
        title="{{${first_name} | default: 'Friend'}}, \"the\" sale",
        description="{% if {{${city}}} == 'Łódź' %}near\nyou{% else %}\\far{% endif %} 김치 🎉",
    )
    assert "{{${first_name} | default: 'Friend'}}" in webhook.body

    data = person("brazetest", user_id='a"b\\', first_name='Ann "the\tJet" 이', city="Łódź")
    event = sent(webhook, data)["event"]
    assert event["title"] == 'Ann "the\tJet" 이, "the" sale'
    assert event["description"] == "near\nyou 김치 🎉"
    assert event["eventId"] == 'Event_0001_a"b\\'
    assert sent(webhook, person("brazetest"))["event"]["description"] == "\\far 김치 🎉"


def test_a_title_goes_without_the_spaces_around_it():
    assert sent(new(title=" Sale \n"), person("brazetest"))["event"]["title"] == "Sale"


plain = st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from("{}%'\"\\\n$"), max_size=60
).filter(lambda text: "{{" not in text and "{%" not in text)


@given(title=plain, description=plain, location=plain)
@example(title="{", description="{", location="${")
@example(title="}", description="%}", location="}}")
@example(title="'\"\\", description="\r\n\t\0\x7f\u2028", location="김치 🎉 {a}")
def test_any_text_without_liquid_arrives_as_it_was_typed(title, description, location):
    event = sent(new(title=title, description=description, location=location), person("brazetest"))["event"]

    assert event["title"] == title.strip()
    assert (event["description"], event["location"]) == (description, location)


pieces = st.sampled_from(
    (
        "{% raw %}", "{% endraw %}", "{% endcapture %}", "{% capture x %}", "{% if x %}", "{% endif %}", "{{x}}", "{",
        "{{ x", "{% comment %}", "{% endcomment %}", "{% assign x = 1 %}", "{%- break -%}", "{% for x in (1..2) %}",
        "{% endfor %}", "{% increment x %}", "{{eventTitle}}", "text", "%}", "}}", "{% liquid\nassign x = 3\necho x %}",
        '{{ "{% raw %}" }}', "{% cycle 1, 2 %}", "-", "{% unless x %}", "{% endunless %}", " ", "{% # {{ %}",
    )
)  # fmt: skip
texts = st.lists(pieces, max_size=5).map("".join)


@given(description=texts, location=texts)
def test_liquid_says_the_same_in_the_template_as_by_itself_or_is_refused(description, location):
    """A text that is read here means the same there, whatever stands in the other; or nothing is exported."""
    try:
        alone = {
            "description": render(description, Data()).text,
            "location": render(location, Data()).text,
        }
        webhook = new(description=description, location=location)
    except (LiquidError, TextError):
        return
    event = sent(webhook, person("brazetest"))["event"]
    assert {name: event[name] for name in alone} == alone
    assert event["title"] == "Event Title"
    assert event["timezone"] == "Eastern Standard Time"


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("{% raw %}{{x}} {% endcapture %}{% endraw %}", "{{x}} {% endcapture %}"),
        ("{% raw %}{{{% endraw %}", "{{"),
        ("a{% comment %}{% endcapture %}{{{% endcomment %}b", "ab"),
        ("{% assign x = 1 %}{% capture y %}{{x}}{% endcapture %}{{y}}{", "1{"),
        ("{% for x in (1..3) %}{% if x == 2 %}{% break %}{% endif %}{{x}}{% endfor %}", "1"),
        ("{{ '{% if %}' }}", "{% if %}"),
    ],
)
def test_liquid_that_looks_dangerous_is_taken_where_it_is_not(text, result):
    assert said(text) == {"title": f"x{result}", "description": result, "location": result}


def test_a_variable_of_one_text_is_empty_in_the_next():
    event = sent(
        new(
            title="{% assign x = 'a' %}{{x}}",
            description="[{{x}}]{% assign x = 'b' %}{{x}}",
            location="[{{x}}]",
        ),
        person("brazetest"),
    )["event"]

    assert (event["title"], event["description"], event["location"]) == ("a", "[]b", "[]")


def test_an_answer_of_connected_content_stays_in_its_text():
    call = (
        "{% connected_content https://a.co/x :save found %}{% connected_content https://a.co/x %}{{found.a}}"
    )
    webhook = new(title=call, description="[{{found.a}}{{connected.a}}]")

    text = render(
        webhook.body, person("brazetest"), fetch=lambda _request: Response(200, {}, '{"a": 1}')
    ).text
    assert json.loads(text)["event"]["title"] == "1"
    assert json.loads(text)["event"]["description"] == "[]"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"title": "a{% endcapture %}b"}, "title: {% endcapture %} closes nothing in this text."),
        ({"description": "{% raw %}a"}, "description: {% raw %} is never closed; add {% endraw %}."),
        ({"description": "{% comment %}a"}, "description: {% comment %} is never closed"),
        ({"location": "{% if a %}b"}, "location: {% if %} is never closed; add {% endif %}."),
        ({"location": "{% if a %}b{% endfor %}"}, "location: {% endfor %} closes nothing"),
        ({"title": "Hi {{name"}, "title: {{ is never closed."),
        ({"title": "Hi {% if"}, "title: {% is never closed."),
        ({"title": "a{% break %}b"}, "title: {% break %} outside a loop would end the whole template."),
        ({"title": "{% liquid\nbreak %}"}, "title: {% break %} outside a loop"),
        ({"description": "{{eventTitle}}!"}, "description: the template uses the name eventTitle itself"),
        ({"title": "{% assign eventTZ = 1 %}"}, "title: the template uses the name eventTZ itself"),
        (
            {"title": "{% increment n %}", "location": "{% cycle 1, 2 %}"},
            "location: it would go on counting where title stops. Count in one text only.",
        ),
        ({"account_code": "a/b"}, "The account code 'a/b' cannot stand in an address."),
        ({"account_code": "a'b"}, "cannot stand in an address."),
        ({"event_id": "{{x}}"}, "holds a brace"),
        ({"timezone": "a}"}, "holds a brace"),
    ],
)
def test_what_cannot_be_a_template_is_refused_with_the_reason(changes, why):
    for export in (new, changed):
        with pytest.raises(TextError) as refused:
            export(**changes)
        assert why in str(refused.value)


@pytest.mark.parametrize("name", ["", "two words", "a%}b", "{{x}}", "<Rokt-Calendar-API>"])
def test_a_credential_that_the_tag_could_not_hold_is_refused(name):
    with pytest.raises(TextError, match="Braze could not read the credential name"):
        create(SAMPLE, base_url=ROKT, credential_name=name)


@pytest.mark.parametrize("address", ["", "api.roktcalendar.com", f"{ROKT}/", "https://{{x}}", "ftp://a.co"])
def test_an_address_that_is_none_is_refused(address):
    with pytest.raises(TextError, match="is not the address of an API"):
        update(SAMPLE, base_url=address, credential_name=CREDENTIAL)
