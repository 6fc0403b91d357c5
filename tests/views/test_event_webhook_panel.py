"""The panel beside the webhooks of an event: one person's request and entry, or why there is none."""

import pytest

from campaigns.models import Event
from tests import builders
from tests.views.pasted import (
    ONE,
    TWO,
    URL,
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


# one person


def test_the_preview_steps_from_person_to_person(marketer, campaign, ada):
    bob = subscriber(campaign.account, "user-2", "Bob", TWO)

    first = check(marketer, campaign).context["panel"]
    assert (first.person, first.previous, first.following) == (ada, None, bob.pk)
    shown = check(marketer, campaign, show=bob.pk).context["panel"]
    assert (shown.person, shown.previous, shown.following) == (bob, ada.pk, None)
    assert check(marketer, campaign, show="random", person=ada.pk).context["panel"].person == bob
    assert check(marketer, campaign, preview="1", find_person="bo").context["panel"].person == bob
    lost = check(marketer, campaign, preview="1", find_person="nobody").context["panel"]
    assert lost.person is None


def test_somebody_outside_the_audience_is_shown_with_the_reason(marketer, campaign, ada):
    rule = {"match": "all", "rules": [{"field": "calendar_code", "op": "is_any_of", "values": ["games"]}]}
    campaign.segment = builders.make_segment(rule)
    campaign.save()

    said = text_of(check(marketer, campaign, show=ada.pk))

    assert "Ada would not get this event. Not so: calendar code is “games”." in said


def test_the_update_shows_its_own_call_and_what_it_changes(marketer, campaign, ada):
    update = with_update(eventTitle="Sale, later")

    shown = check(marketer, campaign, kind="update", **update).context["panel"]
    assert shown.preview.url.endswith("/v1/subscriptionevent/shop/update")
    assert shown.differing == ("title",)
    broken = with_update() | {"create_url": ""}
    assert check(marketer, campaign, kind="update", **broken).context["panel"].differing == ()


def test_without_a_webhook_for_updates_the_panel_says_so(marketer, campaign, ada):
    said = text_of(check(marketer, campaign, kind="update"))

    assert "Without one, no update of this event can be sent." in said


def test_an_update_for_another_event_id_is_a_warning(marketer, campaign, ada):
    response = marketer.post(new(campaign), posted(**with_update(eventId="Other")), follow=True)

    said = text_of(response)
    assert "The update is for the event id “Other”, and the new event is “Event_0001”." in said
    assert Event.objects.exists()


def test_an_update_that_cannot_be_rendered_is_a_warning(marketer, campaign, ada):
    said = text_of(check(marketer, campaign, **(with_update() | {"update_url": URL})))

    assert "The update cannot be sent as it is. No event can be read from it. For Ada: This URL makes" in said


def test_a_body_that_leaves_somebody_out_says_so(marketer, campaign, ada):
    said = text_of(check(marketer, campaign, create_body="{% abort_message('not today') %}"))

    assert "Nothing would be sent to Ada: The webhook left this person out: not today" in said


def test_for_a_stand_in_the_page_says_where_the_calls_go(marketer, campaign, ada):
    campaign.account.base_url = "http://127.0.0.1:9999"
    campaign.account.save()

    response = marketer.get(edit(raw_event(campaign)))

    assert "its calls go to the sandbox at http://127.0.0.1:9999 instead of api.roktcalendar.com" in text_of(
        response
    )
    assert response.context["panel"].preview.url == "http://127.0.0.1:9999/v1/subscriptionevent/shop"


def test_the_look_that_was_chosen_stays(marketer, campaign, ada):
    looks = check(marketer, campaign, look="outlook").context["panel"].looks

    assert [look.program for look in looks if look.is_chosen] == ["outlook"]
