"""The calendar file of an event whose call a webhook makes: the entry that the panel shows for one person."""

import pytest
from django.test import Client
from django.urls import reverse
from icalendar import Calendar

from campaigns.models import Event
from tests import builders
from tests.views.pasted import (
    ONE,
    TWO,
    captured,
    edit,
    posted,
    raw_event,
    subscriber,
    with_update,
)
from tests.views.typed import text_of

pytestmark = pytest.mark.django_db

HELLO = "{{${first_name} | default: 'You'}}: sale"


@pytest.fixture
def ada(account):
    return subscriber(account, "user-1", "Ada", ONE)


def download(client, campaign, event=None, **changes):
    about = {"campaign": campaign.pk, "event": event.pk if event else ""}
    return client.post(reverse("event_webhook_ics"), posted(event) | about | changes)


def read(client, **asked):
    return client.get(reverse("event_webhook_ics"), asked)


def entry_of(response):
    assert response.status_code == 200
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    (entry,) = Calendar.from_ical(response.content).walk("VEVENT")
    return entry


def test_the_file_holds_the_entry_as_typed_now(marketer, campaign, ada):
    event = raw_event(campaign)

    response = download(marketer, campaign, event, create_body=captured(eventTitle=HELLO))

    entry = entry_of(response)
    assert (entry["UID"], entry["SUMMARY"]) == ("Event_0001_user-1", "Ada: sale")
    assert response["Content-Disposition"] == 'attachment; filename="Event_0001_user-1.ics"'
    event.refresh_from_db()
    assert event.version == 1
    assert "Summer sale" in event.webhooks.get().body


def test_an_event_that_is_not_saved_yet_has_a_file_too(marketer, campaign, ada):
    assert entry_of(download(marketer, campaign))["SUMMARY"] == "Summer sale"
    assert not Event.objects.exists()


def test_the_file_is_for_the_person_shown_with_the_data_tried(marketer, campaign, ada):
    bob = subscriber(campaign.account, "user-2", "Bob", TWO)
    body = captured(eventTitle=HELLO)

    assert entry_of(download(marketer, campaign, create_body=body, person=bob.pk))["SUMMARY"] == "Bob: sale"
    tried = {"person": bob.pk, "try_data": "1", "data.user.first_name": "Zoe"}
    assert entry_of(download(marketer, campaign, create_body=body, **tried))["SUMMARY"] == "Zoe: sale"


def test_the_file_is_of_the_kind_shown(marketer, campaign, ada):
    update = with_update(eventTitle="Sale, later")

    assert entry_of(download(marketer, campaign, kind="update", **update))["SUMMARY"] == "Sale, later"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"create_body": "{{ broken"}, "Body: "),
        ({"create_body": ""}, "Body: "),
        ({"create_url": "https://example.com/"}, "URL does not lead to Rokt Calendar"),
        ({"create_body": "{% abort_message('not today') %}"}, "The webhook left this person out: not today"),
        ({"create_body": captured(eventTZ="Mars")}, "The time zone is none of Rokt Calendar"),
        ({"kind": "update"}, "there is no webhook for an update yet."),
    ],
)
def test_a_webhook_that_makes_no_entry_gives_the_reason_instead(marketer, campaign, ada, changes, reason):
    response = download(marketer, campaign, **changes)

    assert response.status_code == 422
    assert reason in text_of(response)
    assert "still in the tab that you came from" in text_of(response)


def test_without_people_there_is_no_file(marketer, campaign):
    response = download(marketer, campaign)

    assert response.status_code == 422
    assert "Nobody to show it for is found" in text_of(response)


def test_writers_send_what_is_typed_and_need_no_script_for_it(marketer, campaign, ada):
    page = marketer.get(edit(raw_event(campaign))).content.decode()

    assert f'formaction="{reverse("event_webhook_ics")}" formmethod="post"' in page


def test_an_auditor_downloads_what_is_saved(auditor, campaign, ada):
    event = raw_event(campaign)
    page = auditor.get(edit(event)).content.decode()

    response = read(auditor, event=event.pk, person=ada.pk, create_body=captured(eventTitle="Other"))

    assert f'formaction="{reverse("event_webhook_ics")}" formmethod="get"' in page
    assert f'name="event" value="{event.pk}"' in page
    assert entry_of(response)["SUMMARY"] == "Summer sale"


def test_readers_do_not_send_a_webhook_of_their_own(auditor, campaign, ada):
    event = raw_event(campaign)

    assert download(auditor, campaign, event).status_code == 403


@pytest.mark.parametrize("method", ["get", "post"])
def test_who_may_not_see_events_gets_no_file(campaign, ada, method):
    asked = {"event": raw_event(campaign).pk}

    stranger = getattr(Client(), method)(reverse("event_webhook_ics"), asked)
    assert stranger.status_code in (302, 403)
    nobody = getattr(builders.make_client(""), method)(reverse("event_webhook_ics"), asked)
    assert nobody.status_code == 403


def test_a_form_without_its_token_is_refused(campaign, ada):
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(builders.make_user("marketer"))

    assert download(careful, campaign).status_code == 403


@pytest.mark.parametrize("bad", ["", "x", "-1", "0", "9" * 30, "\x00"])
def test_a_file_of_nothing_is_not_found(marketer, ada, bad):
    assert read(marketer, event=bad).status_code == 404
    for about in ({"event": bad or "0"}, {"event": "", "campaign": bad}):
        assert marketer.post(reverse("event_webhook_ics"), posted() | about).status_code == 404


def test_an_event_that_is_typed_in_has_its_file_elsewhere(marketer, campaign, event, ada):
    assert read(marketer, event=event.pk).status_code == 404
    assert download(marketer, campaign, event).status_code == 404


def test_what_is_made_up_may_be_anything(marketer, campaign, ada):
    body = captured(eventTitle="{{${first_name} | json_escape}}: sale")
    odd = {"person": ada.pk, "try_data": "1", "data.user.first_name": "김\x07\r\nX-EVIL:1", "look": "\x00"}

    response = download(marketer, campaign, create_body=body, **odd)

    assert entry_of(response)["SUMMARY"] == "김\nX-EVIL:1: sale"
    assert b"\r\nX-EVIL" not in response.content


@pytest.mark.parametrize("person", ["", "x", "-1", "9" * 30, "\x00"])
def test_an_odd_person_is_the_first_of_the_audience(marketer, campaign, ada, person):
    assert entry_of(download(marketer, campaign, person=person))["UID"] == "Event_0001_user-1"


def test_a_saved_event_that_can_no_longer_be_read_says_so(auditor, campaign, ada):
    event = raw_event(campaign)
    event.webhooks.update(body="{{ broken")

    response = read(auditor, event=event.pk)

    assert response.status_code == 422
    assert "There is no calendar file" in text_of(response)
