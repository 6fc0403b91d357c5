"""What a rendered webhook may hold: Rokt's names, once each, plain texts, exact times, no token, no call of its own."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from campaigns import liquid
from campaigns.models import Account
from campaigns.pipeline import render
from campaigns.pipeline.fetch import Fetcher
from campaigns.pipeline.raw import RawWriter
from campaigns.pipeline.tokens import PLACEHOLDER
from tests.builders import make_account
from tests.pipeline import braze_webhook
from tests.pipeline.running import UPDATE
from tests.pipeline.test_fetch import Outside, get
from tests.pipeline.test_raw import ONE, edited, known, refusal, shown

pytestmark = pytest.mark.django_db

TOKEN_CALL = "{% connected_content https://api.roktcalendar.com/oauth2/token :method post :save token %}"
TITLE = '"title": "{{eventTitle}}"'


@pytest.fixture
def account(db) -> Account:
    return make_account("acme")


def flat(event, **fields: object) -> str:
    """An update whose event stands at the top of the body."""
    start, end = (at.isoformat(timespec="seconds") for at in (event.start_local, event.end_local))
    usual = {"eventId": "Event_0001_ann", "title": "Sale", "start": start, "end": end}
    return json.dumps({**usual, "timezone": "Eastern Standard Time", "notifyBefore": 15, **fields})


# the token


@pytest.mark.parametrize("part", ["url", "body"])
def test_the_token_stands_in_no_other_place_than_the_header(event, part):
    if part == "url":
        parts = {"url": f"{TOKEN_CALL}{braze_webhook.URL}?t={{{{token.access_token}}}}"}
    else:
        body = braze_webhook.body(event).replace("{{eventTitle}}", "{{token.access_token}}")
        parts = {"body": f"{TOKEN_CALL}{body}"}

    refused = refusal(event, known(), **parts)

    assert "must stand in the Authorization header only" in str(refused)
    assert PLACEHOLDER not in str(refused)


def test_nothing_but_a_token_is_asked_of_rokt(event):
    body = f"{TOKEN_CALL.replace(':method post', '')}{braze_webhook.body(event)}"

    assert "may ask Rokt Calendar for a token and for nothing else" in str(refusal(event, known(), body=body))


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "url",
    [
        "https://api.roktcalendar.com/oauth2/%74oken",
        "https://api.roktcalendar.com/x/../oauth2/token",
        "https://api.roktcalendar.com/./oauth2/token",
        "https://api.roktcalendar.com:0443/v1/oauth2/token",
        "https://api.roktcalendar.com//oauth2/token",
        "https://api.roktcalendar.com/oauth2//token",
        "https://api.roktcalendar.com/oauth2/token;x",
        "https://api.roktcalendar.com\\oauth2\\token",
        "https://api.roktcalendar.com./oauth2/token",
        "https://%61PI.roktcalendar.com/oauth2/token",
        "http://api.roktcalendar.com:443/v1/subscriptionevent/acme",
        "https://rokt.example.com/v1/subscriptionevent/acme",
        "https://ROKT.example.com.:80/",
    ],
)
def test_a_call_to_rokt_leaves_in_no_spelling(method: str, url: str):
    account = make_account("shop", base_url="https://rokt.example.com")
    outside = Outside()

    with pytest.raises(liquid.LiquidError) as refused:
        Fetcher(account, call=outside)(liquid.Request(method, url))

    assert refused.value.message == (
        "connected_content may ask Rokt Calendar for a token and for nothing else; the calls themselves are"
        " the webhook's."
    )
    assert outside.calls == []


def test_a_token_is_asked_for_by_post(account):
    with pytest.raises(liquid.LiquidError, match="for a token and for nothing else"):
        Fetcher(account, call=Outside())(get("https://api.roktcalendar.com/oauth2/token"))


def test_a_stand_in_for_rokt_is_known_by_its_port(settings):
    settings.CONNECTED_CONTENT_HOSTS = ["127.0.0.1:8100", "localhost:8100", "127.0.0.1:8200"]
    outside = Outside()
    fetch = Fetcher(make_account("shop", base_url="http://127.0.0.1:8100"), call=outside)

    for host in ("127.0.0.1:8100", "localhost:8100", "api.roktcalendar.com"):
        with pytest.raises(liquid.LiquidError, match="for a token and for nothing else"):
            fetch(get(f"http://{host}/v1/subscriptionevent/shop"))
    assert fetch(get("http://127.0.0.1:8200/x")).status == 200
    assert [call.url for call in outside.calls] == ["http://127.0.0.1:8200/x"]


# names


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (TITLE, f'{TITLE}, "EventId": "Event_0001_bob"', "Write “eventId” in the body, not “EventId”"),
        (TITLE, f'{TITLE}, "\\u0054itle": "x"', "Write “title” in the body, not “Title”"),
        (TITLE, '"TITLE": "x"', "Write “title” in the body, not “TITLE”"),
        (TITLE, f'{TITLE}, "\u017ftart": "x"', "Write “start” in the body, not “\u017ftart”"),
        (TITLE, f'{TITLE}, "actiontype": "x"', "Write “actionType” in the body, not “actiontype”"),
        ('"event":', '"Event":', "Write “event” in the body, not “Event”"),
        ('"subscriptionIds":', '"subscriptionids":', "Write “subscriptionIds” in the body, not"),
        (TITLE, f'{TITLE}, "SubscriptionIds": []', "belongs beside “event” in the body, not into it"),
        (TITLE, f'{TITLE}, "colour": "red"', "Rokt Calendar does not know “colour”; remove it."),
        (TITLE, f'{TITLE}, "title ": "x"', "Rokt Calendar does not know “title ”; remove it."),
        (TITLE, f'{TITLE}, "event": {{}}', "Rokt Calendar does not know “event”; remove it."),
        ('"event":', '"title": "x", "event":', "Rokt Calendar does not know “title”; remove it."),
    ],
)
def test_a_name_that_rokt_does_not_spell_so_is_refused(event, old, new, words):
    assert words in str(refusal(event, known(), **edited(event, old, new)))


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        (TITLE, f'{TITLE}, "eventId": "Event_0001_ann"', "eventId"),
        (TITLE, f'"\\u0074itle" : ": \\"x\\": ", {TITLE}', "title"),
        (TITLE, f'"title": {"[" * 1_000}{"]" * 1_000}, {TITLE}', "title"),
        ('"event":', '"event": {"title": "x"}, "event":', "event"),
        ('"event":', '"event": {}, "event":', "event"),
        ('"subscriptionIds"', '"subscriptionIds": [], "subscriptionIds"', "subscriptionIds"),
    ],
)
def test_a_name_that_stands_twice_is_refused(event, old, new, name):
    assert f"“{name}” stands more than once in the body" in str(
        refusal(event, known(), **edited(event, old, new))
    )


def test_what_a_person_is_called_changes_nothing_but_the_text(event):
    text = edited(event, "{{eventTitle}}", "{{${first_name}}}")
    bob = known("bob")
    bob.first_name = 'x", "EventId": "Event_0001_ann'
    ann = known("ann", ONE.replace("0", "1"))
    ann.first_name = 'x", "title": "y'

    assert "not “EventId”" in str(refusal(event, bob, **text))
    assert "more than once" in str(refusal(event, ann, **text))


def test_a_text_may_hold_what_looks_like_a_name(event):
    text = edited(event, "Three days only", r": \"title\": \\\" \"title\" :")

    found = shown(event, known(), **text).event

    assert found is not None
    assert found.description == ': "title": \\" "title" :'


def test_every_field_that_rokt_documents_may_be_there(event):
    more = (
        '"timezoneIanaId": "America/New_York", "allDayEvent": true, "actionType": "Sale",'
        ' "visibleFromDateTimeUtc": "2031-01-01T00:00:00Z"'
    )
    body = edited(event, TITLE, f"{TITLE}, {more}")["body"].replace(
        '"event":', '"actionType": "Sale", "event":'
    )

    assert json.loads(shown(event, known(), body=body).body)["event"]["allDayEvent"] is True


# updates


@pytest.mark.parametrize("name", ["subscriptionIds", "SubscriptionIDs"])
def test_an_update_names_no_subscriptions(event, name):
    wrapped = braze_webhook.body(event, kind="update")
    beside = f'{wrapped.rstrip().removesuffix("}")}, "{name}": ["{ONE}"]}}'
    within = wrapped.replace(TITLE, f'{TITLE}, "{name}": []')
    person = known()

    for body in (beside, within, flat(event, **{name: [ONE]})):
        assert "An update goes to everybody who has the event" in str(
            refusal(event, person, kind=UPDATE, body=body)
        )


def test_an_update_may_be_the_event_itself(event):
    person = known()
    found = shown(event, person, kind=UPDATE, body=flat(event)).event

    assert found is not None
    assert found.title == "Sale"
    assert "does not know “colour”" in str(
        refusal(event, person, kind=UPDATE, body=flat(event, colour="red"))
    )
    assert "“title” stands more than once" in str(
        refusal(event, person, kind=UPDATE, body=flat(event).replace('"title"', '"title": "", "title"'))
    )
    assert "Write “event” in the body, not “Event”" in str(
        refusal(event, person, kind=UPDATE, body='{"Event": {}}')
    )


# texts, times and numbers


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (TITLE, f'"title": {"[" * 1_000}{"]" * 1_000}', "“title” in the body has to be a text"),
        (TITLE, f'{TITLE}, "actionType": {{"a": 1}}', "“actionType” in the body has to be a text"),
        ('"event":', '"actionType": [], "event":', "“actionType” in the body has to be a text"),
        (TITLE, f'{TITLE}, "allDayEvent": "true"', "“allDayEvent” in the body has to be true or false"),
        ('"{{notifyBefore}}"', f"{'[' * 1_000}{']' * 1_000}", "“notifyBefore” has to be a number"),
        (
            '["{{custom',
            f'[{"[" * 1_000}{"]" * 1_000}, "{{{{custom',
            "holds something that is no subscription id",
        ),
        ('["{{custom', '[{"a": 1}, "{{custom', "holds something that is no subscription id"),
        ("{{notifyBefore}}", "{{notifyBefore}}\\u0000", "“notifyBefore” has to be a number"),
        ("{{eventTitle}}", "  \\t", "“title” is empty or missing"),
        *(
            (said, rf"{said}\u0000", f"“{name}” in the body holds a character that calendars cannot show")
            for name, said in {
                "title": "Summer Sale",
                "location": "All shops",
                "description": "Three days only",
                "eventId": "Event_0001",
                "timezone": "Eastern Standard Time",
            }.items()
        ),
    ],
)
def test_a_value_that_calendars_could_not_show_is_refused(event, old, new, words):
    assert words in str(refusal(event, known(), **edited(event, old, new)))


@pytest.mark.parametrize(
    "written",
    [
        "2031-02-21",
        "2031-02-21T15:00",
        "2031-02-21 15:00:00",
        "20310221T150000",
        "2031-W08-5T15:00:00",
        "2031-02-21T15:00:00.000",
        "2031-02-21T15:00:00.000001",
    ],
)
@pytest.mark.parametrize("name", ["start", "end"])
def test_times_are_written_in_one_way(event, name, written):
    tag = f"event{name.title()}"
    text = braze_webhook.filled_in(braze_webhook.body(event), **{tag: written})

    refused = refusal(event, known(), body=text)

    assert f"“{name}” in the body has to be written as in 2031-02-21T15:00:00" in str(refused)
    assert refused.detail == written


@pytest.mark.parametrize(
    "written", ['" 15"', '"+15"', '"1_5"', '"\u0661\u0665"', '"15.0"', "15.0", '"-1"', "-1", "[]"]
)
def test_a_reminder_is_digits(event, written):
    assert "“notifyBefore” has to be a number" in str(
        refusal(event, known(), **edited(event, '"{{notifyBefore}}"', written))
    )


@pytest.mark.parametrize("written", ['"15"', "15", '"0"', "0"])
def test_a_reminder_may_be_a_number_or_its_digits(event, written):
    found = shown(event, known(), **edited(event, '"{{notifyBefore}}"', written)).event

    assert found is not None
    assert found.notify_before == int(written.strip('"'))


# headers


@pytest.mark.parametrize("clock", ["'now'", "'TODAY'", "{% assign a = 'no' | append: 'w' %}a"])
def test_a_header_that_reads_the_clock_is_looked_at_for_everybody(event, clock):
    before, _, word = clock.rpartition("%}")
    kind = (
        f"{before}{'%}' if before else ''}{{% assign hour = {word} | date: '%H' %}}"
        "{% if hour == '10' %}application/json{% else %}text/plain{% endif %}"
    )
    hook = braze_webhook.hook(event, headers=(braze_webhook.HEADERS[0], ("Content-Type", kind)))
    writer = RawWriter(hook, event_id="Event_0001", kind="create", account=event.account)
    someone = known()
    person = render.Person("ann", render.data_of(someone), [ONE])

    def at(hour: int) -> render.Person:
        return replace(person, data=replace(person.data, now=datetime(2031, 1, 1, hour, tzinfo=UTC)))

    writer.write(at(10))
    with pytest.raises(render.RenderError, match="application/json"):
        writer.write(at(11))


def test_a_header_that_is_the_same_for_all_is_rendered_once(event, monkeypatch):
    writer = RawWriter(braze_webhook.hook(event), event_id="Event_0001", kind="create", account=event.account)
    person = render.Person("ann", render.data_of(known()), [ONE])
    rendered: list[liquid.Template] = []
    real = liquid.Template.render

    def watched(template, *args, **options):
        rendered.append(template)
        return real(template, *args, **options)

    monkeypatch.setattr(liquid.Template, "render", watched)
    for _each in range(2):
        writer.write(person)

    assert len(rendered) == 2 + 2 + 2  # address and body of each, both headers once
