"""Events made from a webhook: read for one person, saved with their texts, copied under another id."""

import json
from dataclasses import replace

import pytest

from campaigns.models import Event, EventWebhook, Send
from campaigns.pipeline import compose, preview, render
from campaigns.pipeline.compose import raw_events
from campaigns.pipeline.render import WebhookText
from tests.builders import (
    in_days,
    make_campaign,
    make_raw_event,
    make_segment,
    make_subscriber,
    make_webhook_template,
)
from tests.pipeline import braze_webhook
from tests.pipeline.running import CREATE, UPDATE, queue, run, subscription

pytestmark = pytest.mark.django_db

ONE = "06423672-b6ba-4536-aa36-f5733866ade2"


@pytest.fixture
def campaign(account):
    return make_campaign(account=account, segment=make_segment())


def hook(kind: str = "create", **changes: str) -> WebhookText:
    """The seed's webhook, thirty days ahead; ``changes`` are what stands between its capture tags."""
    start = in_days(30)
    event = Event(start_local=start, end_local=start.replace(hour=17))
    found = braze_webhook.hook(event, kind=kind)
    body = found.body
    for name, said in {"eventId": "Event_0001", **changes}.items():
        before, _, rest = body.partition(f"{{% capture {name} %}}")
        body = f"{before}{{% capture {name} %}}{said}{rest[rest.index('{% endcapture') :]}"
    return replace(found, body=body)


def known(external_id: str = "ann", *, code: str = "acme", rokt_id: str = ONE, **columns):
    attributes = {"rokt:account_code": [f"{code}/f5733866ade2"], "rokt:subscription_id": [rokt_id]}
    person = make_subscriber(external_id, **{"attributes": attributes, **columns})
    subscription(person, rokt_id=rokt_id)
    return person


# reading


def test_everything_is_read_from_the_first_person_of_the_audience(campaign):
    ann = known("ann_1", first_name="Ann")
    known("bob", first_name="Bob", rokt_id=ONE.replace("0", "1"))
    event = Event(campaign=campaign)

    reading = compose.read_event(campaign, hook(eventTitle="For {{${first_name}}}"))
    reading.fill(event)

    assert reading.who == ann
    assert (event.event_id, event.title, event.description) == ("Event_0001", "For Ann", "Three days only")
    assert (event.location, event.timezone) == ("All shops", "Eastern Standard Time")
    assert (event.start_local, event.end_local) == (in_days(30), in_days(30, hour=17))
    assert (event.start_fold, event.end_fold, event.notify_before_minutes) == (0, 0, 15)


def test_where_nobody_is_there_yet_a_made_up_person_stands_in(campaign):
    reading = compose.read_event(campaign, hook())

    assert reading.who is None
    assert reading.event_id == "Event_0001"
    assert reading.written.event is not None
    assert reading.written.event.event_id == "Event_0001_sample-user"


def test_a_rule_that_cannot_be_read_keeps_nobody_from_reading(campaign):
    campaign.segment.rule = {"nonsense": 1}
    ann = known()

    assert compose.read_event(campaign, hook()).who == ann


def test_without_an_audience_everybody_of_the_account_will_do(account):
    ann = known()

    assert compose.read_event(make_campaign(account=account, segment=None), hook()).who == ann


def test_another_person_is_tried_where_it_cannot_be_rendered(campaign):
    known("ann", code="other")
    bob = known("bob")

    assert compose.read_event(campaign, hook()).who == bob


def test_the_most_frequent_cause_is_told_with_an_example(campaign):
    known("left", first_name="", attributes={})
    for number in range(3):
        known(f"user{number}", code="other", first_name="Ada", last_name=f"No. {number}")

    with pytest.raises(compose.UnreadableError) as caught:
        compose.read_event(campaign, hook())

    assert "For Ada No. 0: The URL names another account than acme" in str(caught.value)


def test_no_more_than_twenty_others_are_tried(campaign):
    for number in range(21):
        known(f"user{number:02}", code="other")
    known("user99")

    with pytest.raises(compose.UnreadableError):
        compose.read_event(campaign, hook())


def test_a_webhook_that_takes_long_is_tried_on_nobody_else(campaign, monkeypatch):
    monkeypatch.setattr(raw_events, "MOST_SECONDS", -1)
    known("ann", code="other")
    known("bob")

    with pytest.raises(compose.UnreadableError):
        compose.read_event(campaign, hook())


def test_a_sign_that_cannot_be_stored_is_refused(campaign):
    with pytest.raises(compose.UnreadableError, match="cannot show"):
        compose.read_event(campaign, hook(eventTitle=r"Sale\u0000!"))


# saving


def test_an_event_is_saved_with_its_webhooks_and_where_they_come_from(campaign):
    origin = make_webhook_template().versions.get()
    event = Event(campaign=campaign)
    compose.read_event(campaign, hook()).fill(event)

    compose.save_raw_event(
        event, {"create": hook(), "update": hook("update")}, origins={"create": origin, "update": None}
    )

    stored = Event.objects.get()
    assert stored.uses_webhook
    assert render.Content.of(stored, CREATE).webhook == hook()
    assert render.Content.of(stored, UPDATE).webhook == hook("update")
    assert dict(stored.webhooks.values_list("kind", "origin")) == {"create": origin.pk, "update": None}


def test_a_webhook_without_url_is_dropped(campaign):
    event = make_raw_event(campaign, create=hook(), update=hook("update"))

    compose.save_raw_event(
        event, {"create": hook(), "update": WebhookText()}, origins={}, expected_version=event.version
    )

    assert [row.kind for row in event.webhooks.all()] == ["create"]
    assert Event.objects.get().version == 2


def test_whoever_saves_second_changes_nothing(campaign):
    event = make_raw_event(campaign, create=hook())
    compose.save_raw_event(event, {"create": hook(eventTitle="First")}, origins={}, expected_version=1)

    with pytest.raises(compose.StaleEventError):
        compose.save_raw_event(event, {"create": hook(eventTitle="Second")}, origins={}, expected_version=1)

    assert "First" in EventWebhook.objects.get().body


def test_what_is_queued_stays_as_it_is_whatever_becomes_of_event_and_template(campaign, staff, rokt):
    known()
    template = make_webhook_template(url=hook().url, headers=list(hook().headers), body=hook().body)
    event = make_raw_event(campaign, create=hook(eventTitle="As queued"))
    send = queue(event, staff)

    edited = {"create": hook(eventTitle="As edited")}
    compose.save_raw_event(event, edited, origins={"create": template.versions.get()}, expected_version=1)
    compose.save_template(template, hook(eventTitle="As in the template"), by=staff, expected_version=1)
    run(Send.objects.get(pk=send.pk))

    [post] = [line for line in rokt.log() if "subscriptionevent" in line["path"]]
    assert json.loads(post["body"])["event"]["title"] == "As queued"


def test_the_preview_is_what_a_real_send_posts_byte_for_byte(campaign, staff, rokt):
    ann = known()
    event = make_raw_event(campaign, create=hook(eventTitle="  Sale,  {{${first_name}}} "))
    shown = preview.preview(
        render.Content.of(event),
        account=event.account,
        kind=CREATE,
        subscriber=ann,
        subscriptions=list(ann.subscriptions.all()),
    )

    run(queue(event, staff))

    [post] = [line for line in rokt.log() if "subscriptionevent" in line["path"]]
    assert post["body"] == shown.body
    assert shown.url == f"{rokt.url}{post['path']}"


# copying


def test_the_copy_of_an_event_has_its_webhooks_under_an_id_of_its_own(campaign):
    origin = make_webhook_template().versions.get()
    event = make_raw_event(campaign, create=hook(), update=hook("update"))
    event.webhooks.filter(kind="create").update(origin=origin)

    copy = compose.duplicate_event(event)

    assert (copy.event_id, copy.uses_webhook, copy.title) == ("Event_0002", True, event.title)
    assert render.Content.of(copy, CREATE).webhook == hook(eventId="Event_0002")
    assert render.Content.of(copy, UPDATE).webhook == hook("update", eventId="Event_0002")
    assert copy.webhooks.get(kind="create").origin == origin
    assert render.Content.of(event, CREATE).webhook == hook()


@pytest.mark.parametrize(
    "body",
    [
        hook().body.replace(
            "{% capture eventId %}Event_0001{% endcapture %}", "{% assign eventId = 'Event_0001' %}"
        ),
        "{% capture eventId %}Event_0001{% endcapture %}" + hook().body,
    ],
)
def test_an_id_that_cannot_be_found_surely_is_not_changed(campaign, body):
    event = make_raw_event(campaign, create=replace(hook(), body=body))

    with pytest.raises(compose.NotPossibleError) as caught:
        compose.duplicate_event(event)

    assert "{% capture eventId %}Event_0001{% endcapture %}" in str(caught.value)
    assert Event.objects.count() == 1
