"""The page that takes an event to Braze: the template says what a send from here would, and what is lost is told."""

import json
import re
from html import unescape

import pytest
from django.urls import reverse

from campaigns.liquid import Aborted, Response, render
from campaigns.models import Account, Event, Send, Workspace
from campaigns.pipeline.preview import preview
from campaigns.pipeline.render import Content, data_of
from tests import builders

TITLE = "{{${first_name} | default: 'Friend'}}, the \"sale\" \\ opens {"
DESCRIPTION = (
    "{% if {{${city}}} == 'Łódź' %}Near\r\nyou{% else %}Far{% endif %}: {{custom_attribute.${tier} | default: 'none'}}"
    "\n{% raw %}{{not liquid}}{% endraw %}\t김치 🎉 {% assign who = {{${last_name}}} | upcase %}{{who | default: ''}}"
)
LOCATION = "{{custom_attribute.${rokt:calendar_title} | first | split: '/' | first | default: ''}} {{who}}"


@pytest.fixture
def event(campaign):
    return builders.make_event(
        campaign, event_id="Event_0001", title=TITLE, description=DESCRIPTION, location=LOCATION
    )


def subscribed(account, external_id="ada", *, count=1, others=(), **columns):
    """A person with so many subscriptions of the account, as an import from Braze would leave them."""
    attributes = columns.pop("attributes", {})
    made = builders.make_subscriber(external_id, **columns)
    for each in (*[account] * count, *others):
        builders.make_subscription(made, each)
    theirs = made.subscriptions.order_by("position")
    made.attributes = {
        "rokt:account_code": [f"{one.traits.account_code}/{one.suffix}" for one in theirs],
        "rokt:calendar_title": [f"{one.traits.calendar_title}/{one.suffix}" for one in theirs],
        "rokt:subscription_id": [one.rokt_id for one in theirs],
        **attributes,
    }
    made.save()
    return made


def pasted(client, event, **query):
    """What somebody copies out of the page: the fields by their ids."""
    response = client.get(reverse("event_export", args=[event.pk]), query)
    assert response.status_code == 200
    fields = re.findall(r'<textarea id="([\w-]+)"[^>]*>(.*?)</textarea>', response.text, re.DOTALL)
    return {name: unescape(text) for name, text in fields}


def shown(client, event, **query):
    response = client.get(reverse("event_export", args=[event.pk]), query)
    assert response.status_code == 200
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", "", response.text)))


def from_here(event, kind, somebody):
    theirs = list(somebody.subscriptions.filter(traits__account_code=event.account.code))
    content = Content.of(event)
    return preview(content, account=event.account, kind=kind, subscriber=somebody, subscriptions=theirs)


@pytest.mark.parametrize("kind", [Send.Kind.CREATE, Send.Kind.UPDATE])
@pytest.mark.parametrize("update_body", Account.UpdateBody.values)
def test_braze_would_send_what_a_send_from_here_would(marketer, account, event, kind, update_body):
    Account.objects.filter(pk=account.pk).update(update_body=update_body)
    event = Event.objects.get(pk=event.pk)
    people = [
        subscribed(account, 'o"brien\\1', first_name='Ann "the\nJet"', last_name="o'Brien", count=3),
        subscribed(
            account, "김치", first_name="이순신", profile={"city": "Łódź"}, attributes={"tier": 'Gold "1"'}
        ),
        subscribed(account, "bob@example.com", first_name="", count=2, profile={"city": "A\\B"}),
        subscribed(account, "emoji", first_name="👩‍🚀{{x}}", last_name="{% raw %}", attributes={"tier": 7}),
    ]
    template = pasted(marketer, event, kind=kind)

    for somebody in people:
        ours, data = from_here(event, kind, somebody), data_of(somebody)
        assert json.loads(render(template["body"], data).text) == json.loads(ours.body)
        assert render(template["url"], data).text == ours.url


def test_a_person_of_two_accounts_gets_the_update_but_no_new_event(marketer, account, event):
    both = subscribed(account, others=[builders.make_account("club")])

    with pytest.raises(Aborted, match="no account but shop"):
        render(pasted(marketer, event)["url"], data_of(both))
    update = render(pasted(marketer, event, kind="update")["url"], data_of(both)).text
    assert update == from_here(event, Send.Kind.UPDATE, both).url


def test_the_header_names_the_credential_of_the_workspace(marketer, event):
    Workspace.objects.all().delete()
    assert ":basic_auth Rokt-Calendar-API " in pasted(marketer, event)["header-Authorization"]

    builders.make_workspace(name="A", credential_name="First-Key")
    other = builders.make_workspace(name="B", credential_name="Second-Key")
    assert ":basic_auth First-Key " in pasted(marketer, event)["header-Authorization"]
    header = pasted(marketer, event, workspace=other.pk)["header-Authorization"]

    assert ":basic_auth Second-Key " in header
    answer = Response(200, {}, '{"access_token": "abc123"}')
    assert render(header, data_of(builders.make_subscriber()), fetch=lambda _: answer).text == "Bearer abc123"
    assert pasted(marketer, event, workspace="nonsense") == pasted(marketer, event)


def test_a_credential_name_that_braze_cannot_read_is_told(marketer, event):
    builders.make_workspace(credential_name="two words")

    text = shown(marketer, event)
    assert "This event cannot be a template yet" in text
    assert "the credential name 'two words'" in text


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"title": "a{% endcapture %}b"}, "title: Line 1: {% endcapture %} closes nothing"),
        ({"description": "{% raw %}a"}, "description: Line 1: {% raw %} is never closed"),
        ({"title": "{{eventDescr}}x"}, "title: the template uses the name eventDescr itself"),
        ({"timezone": "Atlantis Time"}, "Choose a time zone from the list."),
    ],
)
def test_an_event_that_cannot_be_exported_says_why_and_where_to_mend_it(marketer, event, columns, why):
    Event.objects.filter(pk=event.pk).update(**columns)

    response = marketer.get(reverse("event_export", args=[event.pk]))
    assert why in unescape(response.text)
    assert "<textarea" not in response.text
    assert f'href="{reverse("event_edit", args=[event.pk])}">Open the event' in response.text


LOSSES = {
    "address": "Braze cannot call",
    "twice": "Twice for some.",
    "left out": "Some people are left out.",
    "more": "More calendars than you chose.",
    "gaps": "Gaps are sent.",
    "approval": "A second person releases every send of this account.",
}


def told(client, event, **query):
    text = shown(client, event, **query)
    assert "What you give up" in text
    return {name for name, words in LOSSES.items() if words in text}


def test_only_losses_that_are_true_are_told(marketer, account, event):
    subscribed(account, count=2)

    assert told(marketer, event) == told(marketer, event, kind="update") == set()


def test_every_loss_that_is_true_is_told(marketer, account, event):
    rule = {"match": "all", "rules": [{"field": "calendar_code", "op": "is_any_of", "values": ["offers"]}]}
    type(event.campaign.segment).objects.filter(pk=event.campaign.segment_id).update(rule=rule)
    ada = subscribed(account, others=[builders.make_account("club")])
    builders.make_subscription(ada, account, calendar_code="news")
    builders.make_entry(builders.make_delivery(builders.make_send(event), subscriber=ada))
    Account.objects.filter(pk=account.pk).update(needs_approval=True, base_url="http://127.0.0.1:8100")
    Event.objects.filter(pk=event.pk).update(title="For {{${first_name}}}")

    assert told(marketer, event) == set(LOSSES)
    assert told(marketer, event, kind="update") == {"address", "gaps", "approval"}
    assert "calendar code is “offers”" in shown(marketer, event)


def test_a_text_that_asks_the_web_can_be_exported_though_it_cannot_be_sent_from_here(marketer, event):
    call = "{% connected_content https://example.com/offer.json :save offer %}{{offer.name}}"
    Event.objects.filter(pk=event.pk).update(description=call)

    assert call in pasted(marketer, event)["body"]
    assert told(marketer, event) == set()


@pytest.mark.parametrize("rule", [None, {"nonsense": 1}])
def test_a_campaign_without_a_readable_audience_can_be_exported(marketer, event, rule):
    if rule is None:
        type(event.campaign).objects.update(segment=None)
    else:
        type(event.campaign.segment).objects.update(rule=rule)

    assert "body" in pasted(marketer, event)
    assert told(marketer, event) == set()


def test_the_page_is_for_readers_and_changes_nothing(auditor, client, event):
    address = reverse("event_export", args=[event.pk])

    assert pasted(auditor, event).keys() == {"url", "header-Authorization", "header-Content-Type", "body"}
    assert auditor.head(address).status_code == 200
    assert auditor.post(address).status_code == 405
    assert auditor.get(reverse("event_export", args=[0])).status_code == 404
    assert client.get(address).status_code in (302, 403)
    assert builders.make_client("").get(address).status_code == 403


def test_the_texts_of_an_event_cannot_leave_their_field(marketer, event):
    Event.objects.filter(pk=event.pk).update(description="</textarea><script>alert(1)</script>")

    assert "<script>alert(1)" not in marketer.get(reverse("event_export", args=[event.pk])).text
    assert "</textarea><script>alert(1)</script>" in pasted(marketer, event)["body"]


def test_the_compose_page_leads_there(marketer, auditor, event):
    for visitor in (marketer, auditor):
        page = visitor.get(reverse("event_edit", args=[event.pk])).text
        assert f'href="{reverse("event_export", args=[event.pk])}"' in page
