"""An event made from a webhook template: chosen, mended, saved, edited, and refused where it cannot be."""

import pytest
from django.db import IntegrityError
from django.urls import reverse

from campaigns.forms.raw_event import with_captures
from campaigns.models import Event, EventWebhook, WebhookTemplate
from campaigns.pipeline import compose
from tests import builders
from tests.pipeline.braze_webhook import BODY, UPDATE_BODY, URL
from tests.views.pasted import (
    ONE,
    TWO,
    captured,
    check,
    edit,
    new,
    posted,
    raw_event,
    subscriber,
    with_update,
)
from tests.views.typed import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(account):
    return subscriber(account, "user-1", "Ada", ONE)


@pytest.fixture
def templates(db):
    """The two templates that Rokt gives to Braze, as every installation has them."""
    return list(WebhookTemplate.objects.order_by("pk"))


# choosing


def test_the_templates_that_are_not_archived_are_offered(marketer, campaign, templates):
    archived = builders.make_webhook_template(name="Old one", is_archived=True, description="x")

    said = text_of(marketer.get(new(campaign)))

    assert "Rokt Calendar: new event" in said
    assert "page about its partner Rokt Calendar" in said
    assert archived.name not in said
    response = marketer.get(new(campaign, template=archived.pk))
    assert "This template is archived, or there is none. Choose another." in text_of(response)


def test_where_there_is_no_template_the_page_says_what_to_do(marketer, campaign):
    WebhookTemplate.objects.all().delete()

    assert "No webhook template yet" in text_of(marketer.get(new(campaign)))


@pytest.mark.parametrize("at", [0, 1])
def test_the_template_for_updates_comes_along_and_the_other_way_round(marketer, campaign, templates, at):
    builders.make_webhook_template(name="Something else", url="https://api.roktcalendar.com/v1/x/update")

    response = marketer.get(new(campaign, template=templates[at].pk))

    form = response.context["form"]
    assert form["create_url"].value() == URL
    assert form["update_url"].value() == f"{URL}/update"
    assert form["create_body"].value() == BODY
    assert form["update_body"].value() == UPDATE_BODY
    assert "The event gets its own copy of: Rokt Calendar: new event (version 1)" in text_of(response)


def test_a_template_without_partner_stands_alone(marketer, campaign, templates):
    templates[1].delete()

    form = marketer.get(new(campaign, template=templates[0].pk)).context["form"]

    assert form["update_url"].value() == ""


def test_the_campaign_page_leads_there(marketer, campaign):
    assert new(campaign) in marketer.get(reverse("campaign_detail", args=[campaign.pk])).content.decode()


# from the pasted webhook to the saved event


def test_the_faults_of_the_pasted_webhook_are_explained_and_mended(marketer, campaign, templates):
    eve = subscriber(campaign.account, "user-7", "Eve", TWO, codes=["other", "shop"])

    response = marketer.post(new(campaign), posted(create_body=BODY))
    said = text_of(response)
    assert response.status_code == 200
    assert (
        "No event can be read from it. For Eve: The URL names another account than shop: this person is"
        in said
    )
    assert "Nothing would be sent to Eve: The URL names another account than shop" in said
    assert "subscribed to several" in said
    assert not Event.objects.exists()

    mended = {"create_url": "https://api.roktcalendar.com/v1/subscriptionevent/shop"}
    said = text_of(marketer.post(new(campaign), posted(**mended, create_body=BODY)))
    assert "The event begins at a time that is over." in said
    assert not Event.objects.exists()

    response = marketer.post(new(campaign), posted(**mended))
    event = Event.objects.get()
    assert response.status_code == 302
    assert (event.event_id, event.title, event.uses_webhook) == ("Event_0001", "Summer sale", True)
    shown = marketer.get(response.url).context["panel"]
    assert (shown.person, shown.preview.url) == (eve, mended["create_url"])


def test_what_was_read_is_shown_so_that_nothing_is_typed_twice(marketer, campaign, ada):
    response = check(marketer, campaign, create_body=captured(eventTitle="For {{${first_name}}}"))

    said = text_of(response)
    assert "This is what we read from it for Ada" in said
    assert "Event id Event_0001 Title For Ada" in said
    assert "Reminder 15 minutes before" in said
    assert "Bearer ••••••••" in said
    assert response.context["panel"].card is not None
    assert not Event.objects.exists()


def test_before_anybody_has_subscribed_a_made_up_person_is_read_for(marketer, campaign):
    said = text_of(check(marketer, campaign))

    assert "This is what we read from it for a made-up person" in said
    assert "Nobody to show it for is found in The Shop" in said
    assert marketer.post(new(campaign), posted()).status_code == 302


def test_where_it_was_copied_from_is_kept(marketer, campaign, ada, templates):
    versions = [template.versions.get() for template in templates]
    origins = {"create_origin": versions[0].pk, "update_origin": versions[1].pk}

    marketer.post(new(campaign), posted(**with_update(), **origins))

    kept = dict(EventWebhook.objects.values_list("kind", "origin"))
    assert kept == {"create": versions[0].pk, "update": versions[1].pk}


def test_the_texts_of_the_new_event_are_copied_into_the_update(marketer, campaign, ada):
    data = posted(take="1", **(with_update() | {"update_body": UPDATE_BODY}))

    form = marketer.post(new(campaign), data).context["form"]

    assert form["update_body"].value() == captured(UPDATE_BODY, eventTitle="Summer sale")
    assert not Event.objects.exists()


def test_only_tags_of_the_same_name_take_the_text():
    source = "{% capture a %}1{% endcapture %}{%- capture b -%}\n2{%- endcapture -%}"
    target = "{% capture b %}old{% endcapture %} {% capture c %}own{% endcapture %} a"

    assert (
        with_captures(source, target)
        == "{% capture b %}\n2{% endcapture %} {% capture c %}own{% endcapture %} a"
    )
    assert with_captures(source, "{% capture a %}open") == "{% capture a %}open"


# what cannot be


@pytest.mark.parametrize(
    ("part", "text", "field", "message"),
    [
        ("create_method", "PUT", "create_method", "Rokt Calendar takes events by POST."),
        ("create_method", "SING", "create_method", "SING"),
        ("create_url", "", "create_url", "Fill in “URL”: it is required."),
        ("create_url", "{% if %}", "create_url", "Line 1:"),
        ("create_url", "x" * 9_000, "create_url", "At most 8192 characters fit here"),
        ("create_headers", "nonsense", "create_headers", "Line 1 is no header."),
        ("create_headers", "X-Other: 1", "create_headers", "The header “X-Other” is not sent"),
        ("create_body", "", "create_body", "Fill in “Body”: it is required."),
        ("create_body", "a\x00b", "create_body", "In line 1 is a character (U+0000)"),
        ("create_body", "not JSON", "__all__", "The body is no valid JSON"),
        ("create_body", "{}", "__all__", "“event” in the body is missing"),
        ("update_body", "{}", "update_url", "Give the webhook's URL."),
        ("update_url", "{{ x", "update_url", "Line 1:"),
    ],
)
def test_a_fault_is_told_at_its_part_and_nothing_is_saved(
    marketer, campaign, ada, part, text, field, message
):
    response = marketer.post(new(campaign), posted(**{part: text}))

    assert response.status_code == 200
    assert message in " ".join(str(error) for error in response.context["form"].errors[field])
    assert not Event.objects.exists()


@pytest.mark.parametrize("event_id", ["Ev ent", "x" * 101, "Ümlaut"])
def test_an_event_id_that_cannot_be_is_told_at_the_body(marketer, campaign, ada, event_id):
    response = marketer.post(new(campaign), posted(create_body=captured(eventId=event_id)))

    assert "Use up to 100 letters" in str(response.context["form"].errors["create_body"])


def test_an_event_id_that_is_taken_or_too_alike_is_told_at_the_body(marketer, campaign, ada):
    builders.make_event(campaign, event_id="Event_0001")
    errors = marketer.post(new(campaign), posted()).context["form"].errors
    assert "“Event_0001” is taken by another event of this account." in str(errors["create_body"])

    alike = posted(create_body=captured(eventId="Event_0001_a"))
    errors = marketer.post(new(campaign), alike).context["form"].errors
    assert "could not be told apart from event “Event_0001”" in str(errors["create_body"])


def test_an_id_taken_between_check_and_save_is_told_too(marketer, campaign, ada, monkeypatch):
    def too_late(*args, **options):
        raise IntegrityError

    monkeypatch.setattr(compose, "save_raw_event", too_late)

    errors = marketer.post(new(campaign), posted()).context["form"].errors

    assert "has just taken this event id" in str(errors["create_body"])


def test_a_warning_keeps_nobody_from_saving(marketer, campaign, ada):
    start = builders.in_days(30).isoformat(timespec="seconds")

    response = marketer.post(new(campaign), posted(create_body=captured(eventEnd=start)), follow=True)

    assert "Start and end are the same: the event has no length." in text_of(response)
    assert Event.objects.exists()


@pytest.mark.parametrize("bad", ["", "x", "-1", "0", "9" * 30, "1e3", "٣", "\x00"])
def test_a_check_of_nothing_is_not_found(marketer, campaign, bad):
    response = marketer.post(reverse("event_webhook_check"), posted() | {"campaign": bad})

    assert response.status_code == 404
    assert marketer.post(reverse("event_webhook_check"), posted() | {"event": bad or "0"}).status_code == 404


def test_an_event_that_was_typed_in_has_no_page_here(marketer, event):
    assert marketer.get(edit(event)).status_code == 404
    assert check(marketer, event.campaign, event).status_code == 404


def test_a_preview_button_saves_nothing(marketer, campaign, ada):
    assert marketer.post(new(campaign), posted(preview="1")).status_code == 200
    assert not Event.objects.exists()


# editing


def test_an_event_is_edited_with_what_was_saved(marketer, campaign, ada):
    event = raw_event(campaign)
    assert marketer.get(edit(event)).context["form"]["create_body"].value() == captured(
        eventTitle="Summer sale"
    )

    marketer.post(edit(event), posted(event, create_body=captured(eventTitle="Winter sale")))

    event.refresh_from_db()
    assert (event.title, event.version) == ("Winter sale", 2)
    assert "Winter sale" in EventWebhook.objects.get().body


def test_an_event_that_can_no_longer_be_read_opens_with_the_reason(marketer, campaign, ada):
    event = raw_event(campaign)
    event.webhooks.update(body="broken")
    assert "No event can be read from it." in text_of(marketer.get(edit(event)))

    event.webhooks.update(body="{% if %}")
    assert marketer.get(edit(event)).status_code == 200


def test_the_second_of_two_tabs_loses_nothing(marketer, campaign, ada):
    event = raw_event(campaign)
    marketer.post(edit(event), posted(event, create_body=captured(eventTitle="First")))

    response = marketer.post(edit(event), posted(event, create_body=captured(eventTitle="Second")))
    assert response.status_code == 409
    assert "Somebody else has saved this event since you opened it" in text_of(response)
    assert response.context["differing"] == ["Body"]
    assert "Second" in response.context["form"]["create_body"].value()
    assert "First" in EventWebhook.objects.get().body

    again = posted(event, create_body=captured(eventTitle="Second"), version="2")
    assert marketer.post(edit(event), again).status_code == 302
    assert "Second" in EventWebhook.objects.get().body


def test_what_is_on_calendars_and_on_its_way_is_told(marketer, campaign, ada):
    event = raw_event(campaign)
    send = builders.make_send(event)
    builders.make_entry(builders.make_delivery(builders.make_send(event), subscriber=ada))

    said = text_of(marketer.get(edit(event)))

    assert "This event is on the calendar of 1 person." in said
    assert f"Send #{send.pk}" in said or "Send #" in said


# who may


def test_an_auditor_reads_and_changes_nothing(auditor, campaign, ada):
    event = raw_event(campaign)

    response = auditor.get(edit(event))
    assert response.context["form"].fields["create_body"].disabled
    assert "You can read this event, but not change it." in text_of(response)
    assert response.context["panel"].person == ada
    assert auditor.post(edit(event), posted(event)).status_code == 403
    assert auditor.get(new(campaign)).status_code == 403
    assert check(auditor, campaign, event).status_code == 403


def test_nobody_without_a_role_sees_it(campaign):
    nobody = builders.make_client("")
    event = raw_event(campaign)

    assert nobody.get(edit(event)).status_code == 403
    assert nobody.get(f"{edit(event)}newer/").status_code == 403
