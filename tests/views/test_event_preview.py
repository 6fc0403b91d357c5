"""The panel beside the compose form: what one person would get, and why somebody would not."""

import re

import pytest
from django.urls import reverse

from campaigns.models import Event, Send
from campaigns.views import panel
from tests import builders
from tests.views.typed import text_of, typed

pytestmark = pytest.mark.django_db


def preview(client, campaign, event=None, **changes):
    about = {"campaign": campaign.pk, "event": event.pk if event else ""}
    return client.post(reverse("event_preview"), typed(event) | about | changes)


def test_the_preview_is_the_call_for_the_first_of_the_audience(marketer, campaign, ada, bob):
    response = preview(marketer, campaign, title="{{${first_name} | default: 'Hello'}}, it is summer")

    shown = response.context["panel"]
    assert shown.person == ada
    assert shown.preview.url == "https://api.roktcalendar.com/v1/subscriptionevent/shop"
    assert '"title":"Ada, it is summer"' in shown.preview.body
    assert '"subscriptionIds":["06423672-b6ba-4536-aa36-70788a7a0a36"]' in shown.preview.body
    assert "Bearer ••••••••" in text_of(response)
    assert (shown.previous, shown.following) == (None, bob.pk)
    assert not Event.objects.exists()


def test_the_next_person_shows_which_values_fell_back(marketer, campaign, ada, bob):
    response = preview(
        marketer, campaign, title="{{${first_name} | default: 'Hello'}}, it is summer", show=bob.pk
    )

    assert response.context["panel"].person == bob
    assert response.context["panel"].previous == ada.pk
    assert "Not known of user-2, so the text after “default” is used: ${first_name}" in text_of(response)
    assert "<h3>Hello, it is summer</h3>" in response.content.decode()


def test_the_card_shows_the_time_in_the_persons_own_zone(marketer, campaign, ada):
    response = preview(
        marketer,
        campaign,
        start_local="2027-07-01T15:00",
        end_local="2027-07-02T16:00",
        notify_before_minutes="60",
    )

    said = text_of(response)
    assert (
        "Thu 2027-07-01 15:00 \N{EN DASH} Fri 2027-07-02 16:00 Eastern Standard Time (New York, UTC\N{MINUS SIGN}4)"
        in said
    )
    assert (
        "For Ada Lovelace: Thu 2027-07-01 20:00 \N{EN DASH} Fri 2027-07-02 21:00 GMT Standard Time (London, UTC+1)"
        in said
    )
    assert "Reminder 1 h before: Thu 2027-07-01 19:00" in said


def test_the_same_clock_is_not_shown_twice(marketer, campaign, ada):
    response = preview(marketer, campaign, timezone="GMT Standard Time", notify_before_minutes="0")

    assert response.context["panel"].card.own is None
    assert "Reminder at the start" in text_of(response)


def test_markup_in_texts_is_shown_and_not_run(marketer, campaign, ada):
    response = preview(marketer, campaign, title='</script><b>"bold" \\ \u2028', location="<img src=x>")

    page = response.content.decode()
    assert "<b>&quot;bold" not in page
    assert "<img" not in page
    assert "&lt;/script&gt;" in page


def test_somebody_outside_the_audience_is_shown_with_the_reason(marketer, campaign, ada):
    campaign.segment.rule = {
        "match": "all",
        "rules": [{"field": "calendar_code", "op": "is_any_of", "values": ["games"]}],
    }
    campaign.segment.save()

    response = preview(marketer, campaign, show=ada.pk)

    assert "Ada Lovelace would not get this event. Not so: calendar code is “games”." in text_of(response)
    assert response.context["panel"].preview is not None


def test_somebody_without_a_subscription_id_is_told_apart(marketer, campaign, ada):
    ada.subscriptions.update(rokt_id="")

    response = preview(marketer, campaign, show=ada.pk)

    assert "No subscription id is known, so nothing can be sent." in text_of(response)
    assert "Nothing would be sent to Ada Lovelace:" in text_of(response)


def test_a_person_of_another_account_gets_nothing(marketer, campaign, ada):
    stranger = builders.make_subscriber("stranger")

    response = preview(marketer, campaign, show=stranger.pk)

    assert "This person has no subscription." in text_of(response)


def test_without_people_the_panel_says_what_to_do(marketer, campaign):
    said = text_of(preview(marketer, campaign))
    assert "Nobody in this account is in the segment, so there is nobody to show the event for." in said

    campaign.segment = None
    campaign.save()
    said = text_of(preview(marketer, campaign))
    assert "This account has no subscribers yet. Import them to see the event as they would." in said


def test_a_segment_that_cannot_be_read_means_nobody(marketer, campaign, ada):
    campaign.segment.rule = {"nonsense": 1}
    campaign.segment.save()

    assert preview(marketer, campaign).context["panel"].person is None


def test_a_missing_value_without_default_is_a_problem_of_this_person(marketer, campaign, ada, bob):
    response = preview(marketer, campaign, title="Hi {{${first_name}}}", show=bob.pk)

    assert "Nothing would be sent to user-2: title: ${first_name} is empty and has no default" in text_of(
        response
    )


def test_every_problem_is_listed_with_a_link_to_its_field(marketer, campaign, ada):
    response = preview(marketer, campaign, title=" ", description="{% if %}", notify_before_minutes="soon")

    page = response.content.decode()
    for field in ("id_title", "id_description", "id_notify_before_minutes"):
        assert f'<a href="#{field}">' in page
    assert "Line 1: A value is missing here." in text_of(response)


def test_the_card_waits_for_proper_times(marketer, campaign, ada):
    response = preview(marketer, campaign, start_local="")

    assert response.context["panel"].card is None
    assert "The event appears here as soon as its start, end and time zone are right." in text_of(response)


def test_somebody_at_random_is_of_the_audience_and_somebody_else(marketer, campaign, ada, bob):
    stranger = builders.make_subscriber("stranger")
    left = builders.make_subscriber("left", is_active=False)
    builders.make_subscription(left, campaign.account)
    eve = builders.make_subscriber("user-5")
    builders.make_subscription(eve, campaign.account)

    found = {
        preview(marketer, campaign, show="random", person=ada.pk).context["panel"].person
        for _time in range(40)
    }

    assert found == {bob, eve}
    assert stranger.pk < eve.pk


def test_the_only_person_has_nobody_else_at_random(marketer, campaign, ada):
    response = preview(marketer, campaign, show="random", person=ada.pk)

    assert response.context["panel"].person == ada
    assert re.search(r'id="step-random"[^>]* disabled', response.content.decode())


def test_at_random_of_nobody_is_nobody(marketer, campaign):
    assert preview(marketer, campaign, show="random").context["panel"].person is None


def test_somebody_at_random_costs_a_few_queries_whatever_the_audience(
    campaign, ada, bob, django_assert_max_num_queries
):
    with django_assert_max_num_queries(3):
        assert panel.somebody(campaign, but=ada.pk) == bob.pk


def test_a_removal_shows_its_call_and_no_entry(marketer, campaign, ada, monkeypatch):
    monkeypatch.setattr(panel, "_kind", lambda form: Send.Kind.CANCEL)
    response = preview(marketer, campaign)

    shown = response.context["panel"]
    assert (shown.card, shown.preview.method) == (None, "DELETE")
    assert "The call to Rokt, exactly as it would leave" in text_of(response)
    assert "Download .ics" not in text_of(response)
    file = marketer.post(reverse("event_ics"), typed() | {"campaign": campaign.pk})
    assert "This call brings no entry that a calendar could show." in text_of(file)


def test_an_auditor_looks_around_without_scripts(auditor, event, ada, bob):
    address = reverse("event_edit", args=[event.pk])

    assert auditor.get(address, {"show": "random", "person": ada.pk}).context["panel"].person == bob
    event.title = "{{${first_name} | default: 'Hello'}}, it is summer"
    event.save()
    tried = {"person": ada.pk, "try_data": "1", "data.user.first_name": "Zoe", "look": "outlook"}
    response = auditor.get(address, tried)
    shown = response.context["panel"]
    assert shown.card.event.title == "Zoe, it is summer"
    assert next(look for look in shown.looks if look.is_chosen).program == "outlook"
    assert "hx-post" not in response.content.decode()


@pytest.mark.parametrize("bad", ["", "x", "-1", "0", "9" * 30, "1e3", "٣", "1; DROP", "\x00"])
def test_a_preview_of_nothing_is_not_found(marketer, campaign, bad):
    assert marketer.post(reverse("event_preview"), typed() | {"campaign": bad}).status_code == 404
    if bad:
        assert marketer.post(reverse("event_preview"), typed() | {"event": bad}).status_code == 404


@pytest.mark.parametrize("bad", ["x", "-1", "9" * 30, "٣", "\x00"])
def test_an_unknown_person_means_the_first(marketer, campaign, ada, bad):
    assert preview(marketer, campaign, show=bad).context["panel"].person == ada
    assert (
        marketer.get(reverse("event_new", args=[campaign.pk]), {"show": bad}).context["panel"].person == ada
    )


def test_every_piece_of_the_insert_menu_can_be_sent_to_everybody(marketer, campaign, ada, bob):
    ada.attributes = {
        "loyalty tier": "gold",
        "rokt:calendar_title": ["Summer/Offers/f5733866ade2"],
        "odd}": 1,
    }
    ada.save()
    page = marketer.get(reverse("event_new", args=[campaign.pk]))
    pieces = {piece.label: piece.liquid for _heading, group in page.context["insert_menu"] for piece in group}

    assert "odd}" not in pieces
    for liquid in pieces.values():
        for person in (ada, bob):
            assert (
                preview(marketer, campaign, title=f"Hello {liquid}", show=person.pk).context["panel"].preview
            ), liquid
    shown = preview(
        marketer, campaign, title=f"{pieces['First name']}, {pieces['loyalty tier']}: {pieces['Calendar']}"
    )
    assert shown.context["panel"].card.event.title == "Ada, gold: Summer"
