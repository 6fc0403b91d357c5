"""The id of an event that is on calendars: shown, not to be changed, and refused in plain words."""

import pytest
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Event, EventWebhook, Send
from tests import builders
from tests.views.pasted import ONE, captured, edit, posted, raw_event, subscriber
from tests.views.tried import a_test
from tests.views.typed import text_of, typed

pytestmark = pytest.mark.django_db

STAYS = "The id stays: 1 person has the event under it. Duplicate the event to use another."


def test_the_field_is_read_only_and_says_why(marketer, event, ada):
    a_test(event, ada)

    response = marketer.get(reverse("event_edit", args=[event.pk]))

    assert response.context["form"]["event_id"].field.widget.attrs["readonly"] is True
    assert STAYS in text_of(response)


def test_an_id_that_can_still_change_is_an_ordinary_field(marketer, event):
    response = marketer.get(reverse("event_edit", args=[event.pk]))

    assert "readonly" not in response.context["form"]["event_id"].field.widget.attrs
    assert "Unique in the account." in text_of(response)


def test_another_id_is_refused_at_its_field_and_nothing_is_saved(marketer, event, ada):
    opened = typed(event, event_id="Event_0002", title="Winter sale")
    a_test(event, ada)

    response = marketer.post(reverse("event_edit", args=[event.pk]), opened)

    assert dict(response.context["form"].errors) == {"event_id": [STAYS]}
    assert (Event.objects.get().event_id, Event.objects.get().title) == ("Event_0001", "Summer sale")
    again = marketer.post(reverse("event_edit", args=[event.pk]), opened | {"event_id": "Event_0001"})
    assert again.status_code == 302
    assert Event.objects.get().title == "Winter sale"


def test_a_send_that_starts_between_check_and_save_is_told_too(marketer, event, monkeypatch):
    problems = "campaigns.pipeline.validate.content_problems"
    with monkeypatch.context() as unchecked:
        unchecked.setattr(problems, lambda *_content, **_about: [])
        builders.make_send(event, state=Send.State.SENDING, started_at=timezone.now())
        response = marketer.post(reverse("event_edit", args=[event.pk]), typed(event, event_id="Event_0002"))

    assert response.status_code == 409
    assert Event.objects.get().event_id == "Event_0001"


def test_another_id_in_a_webhook_is_refused_at_its_body(marketer, campaign, account):
    person = subscriber(account, "user-1", "Ada", ONE)
    event = raw_event(campaign)
    a_test(event, person)
    before = EventWebhook.objects.get().body

    response = marketer.post(
        edit(event), posted(event, create_body=captured(eventId="Event_0002", eventTitle="Winter sale"))
    )

    assert dict(response.context["form"].errors) == {"create_body": [STAYS]}
    assert Event.objects.get().event_id == "Event_0001"
    assert EventWebhook.objects.get().body == before
    same = posted(event, create_body=captured(eventTitle="Winter sale"))
    assert marketer.post(edit(event), same).status_code == 302
    assert Event.objects.get().title == "Winter sale"
