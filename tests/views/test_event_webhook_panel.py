"""The panel beside the webhooks of an event: one person's request and entry, or why there is none."""

import pytest
from django.utils.html import escape

from campaigns.models import Event, Subscriber
from tests import builders
from tests.pipeline.braze_webhook import URL
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


def test_an_entry_of_other_centuries_is_not_shown_and_the_reason_is(marketer, campaign, ada):
    for year in ("0001", "9999"):
        body = captured(eventStart=f"{year}-02-21T15:00:00", eventEnd=f"{year}-02-21T16:00:00")
        response = check(marketer, campaign, create_body=body)

        assert response.context["panel"].card is None
        assert "Start and end have to lie between the years 2000 and 2100." in text_of(response)


# other data

HELLO = "{{${first_name} | default: 'You'}}: sale"


@pytest.fixture
def tried(marketer, campaign, ada):
    """Post the form with these data to try for Ada; returns the answer."""

    def post(*, on=True, data=None, **changes):
        given = {f"data.{name}": value for name, value in (data or {}).items()} | (
            {"try_data": "1"} if on else {}
        )
        about = {"person": ada.pk, "create_body": captured(eventTitle=HELLO)} | given
        return check(marketer, campaign, **(about | changes))

    return post


def title_of(response):
    return response.context["panel"].card.event.title


def test_what_a_webhook_reads_can_be_tried(tried):
    real, changed = tried(on=False), tried(data={"user.first_name": "Zoe"})

    assert title_of(real) == "Ada: sale"
    assert "With data you made up" not in text_of(real)
    assert {field.parameter for field in real.context["panel"].made_up.fields} == {
        "data.custom_attribute.rokt:account_code",
        "data.user.first_name",
        "data.user.user_id",
        "data.custom_attribute.rokt:subscription_id",
    }
    assert title_of(changed) == "Zoe: sale"
    said = text_of(changed)
    assert "With data you made up \N{EN DASH} nothing is saved. Changed: ${first_name}" in said
    assert "Back to the real Ada" in said
    assert "Preview with data you made up." in said
    assert Subscriber.objects.get().first_name == "Ada"
    assert not Event.objects.exists()


def test_data_to_try_is_sent_to_the_address_of_this_panel(tried):
    shown = tried(data={"user.first_name": "Zoe"}).content.decode()

    fields, real = shown.partition("data-tried")[2], shown.partition('id="real"')[2]
    for part in (fields, real):
        assert part.partition('hx-post="')[2].startswith("/events/webhook/check/")


def test_the_reading_of_the_event_stays_that_of_real_people(tried):
    said = text_of(tried(data={"user.first_name": "Zoe"}))

    assert "This is what we read from it for Ada" in said
    assert "Title Ada: sale" in said


def test_the_way_back_leads_to_the_real_person(tried, ada):
    response = tried(data={"user.first_name": "Zoe"}, show=ada.pk)

    assert title_of(response) == "Ada: sale"
    assert not response.context["panel"].made_up.is_on


def test_made_up_data_stays_with_the_person_that_it_was_made_up_for(tried, campaign):
    bob = subscriber(campaign.account, "user-2", "Bob", TWO)

    assert title_of(tried(data={"user.first_name": "Zoe"}, show=bob.pk)) == "Bob: sale"
    found = tried(data={"user.first_name": "Zoe"}, preview="1", find_person="bob")
    assert title_of(found) == "Bob: sale"


def test_an_update_is_shown_with_the_same_made_up_data(tried):
    update = with_update(eventTitle=HELLO)

    response = tried(data={"user.first_name": "Zoe"}, kind="update", **update)

    assert title_of(response) == "Zoe: sale"
    assert response.context["panel"].differing == ()


def test_the_made_up_zone_is_where_the_person_lives(tried):
    body = captured(eventTitle="Sale {{${time_zone}}}")

    response = tried(data={"user.time_zone": "Asia/Kolkata"}, create_body=body)

    assert "India Standard Time" in response.context["panel"].card.own.zone


def test_made_up_data_that_gives_no_call_says_why(tried):
    response = tried(data={"custom_attribute.rokt:account_code": ""})

    assert response.context["panel"].preview is None
    said = text_of(response)
    assert "Nothing would be sent to Ada: " in said
    assert "With data you made up" in said


def test_made_up_data_waits_while_the_webhook_has_an_error(tried):
    odd = 'Zoe "<b>"'
    response = tried(data={"user.first_name": odd}, create_body="{{ broken", find_person="")

    assert response.status_code == 200
    page = response.content.decode()
    assert f'<input type="hidden" name="data.user.first_name" value="{escape(odd)}">' in page
    assert '<input type="hidden" name="try_data" value="1">' in page
    assert 'name="create_body"' not in page


def test_made_up_data_that_only_the_other_webhook_reads_waits_for_it(tried):
    page = tried(data={"user.first_name": "Zoe"}, kind="update", **with_update()).content.decode()

    assert '<input type="hidden" name="data.user.first_name" value="Zoe">' in page
    assert page.count('name="try_data"') == 1


def test_made_up_data_of_somebody_else_does_not_wait(tried, ada):
    response = tried(data={"user.first_name": "Zoe"}, create_body="{{ broken", show=ada.pk)

    assert "data.user.first_name" not in response.content.decode()


def test_without_javascript_the_page_shows_the_data_and_saves_nothing(marketer, campaign, ada):
    event = raw_event(campaign)
    data = {"person": ada.pk, "try_data": "1", "data.user.first_name": "Zoe", "preview": "1"}

    response = marketer.post(edit(event), posted(event, create_body=captured(eventTitle=HELLO)) | data)

    assert title_of(response) == "Zoe: sale"
    event.refresh_from_db()
    assert event.version == 1
    assert event.title != "Zoe: sale"
    assert Subscriber.objects.get().first_name == "Ada"


def test_a_save_with_made_up_data_saves_the_webhook_only(marketer, campaign, ada):
    event = raw_event(campaign)
    data = {"person": ada.pk, "try_data": "1", "data.user.first_name": "Zoe"}

    response = marketer.post(
        edit(event), posted(event, create_body=captured(eventTitle=HELLO)) | data, follow=True
    )

    assert title_of(response) == "Ada: sale"
    assert Event.objects.get().title == "Ada: sale"


def test_readers_try_other_data_too(auditor, campaign, ada):
    event = raw_event(campaign)
    asked = {"person": ada.pk, "try_data": "1", "data.user.user_id": "user-9"}

    response = auditor.get(edit(event), asked)

    assert "With data you made up" in text_of(response)
    assert response.context["panel"].made_up.changed == ["${user_id}"]
    assert "hx-post" not in response.content.decode().partition('id="webhook"')[2]
