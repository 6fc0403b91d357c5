"""Composing an event: saving, previewing, searching, conflicts; by the pages that staff use."""

from datetime import datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Entry, Event, Send
from tests import builders
from tests.views.typed import text_of, typed

pytestmark = pytest.mark.django_db


def test_a_new_event_begins_with_likely_values(marketer, campaign):
    campaign.account.timezone = "GMT Standard Time"
    campaign.account.save()

    form = marketer.get(reverse("event_new", args=[campaign.pk])).context["form"]

    assert form["event_id"].value() == "Event_0001"
    assert form["timezone"].value() == "GMT Standard Time"
    assert form["notify_before_minutes"].value() == 15
    start, end = (
        datetime.fromisoformat(form["start_local"].value()),
        datetime.fromisoformat(form["end_local"].value()),
    )
    assert start.minute == 0
    assert end - start == timedelta(hours=1)
    assert timedelta(hours=22) < start - timezone.now().replace(tzinfo=None) < timedelta(hours=27)


def test_a_new_event_gets_the_next_free_id(marketer, campaign, event):
    response = marketer.get(reverse("event_new", args=[campaign.pk]))

    assert response.context["form"]["event_id"].value() == "Event_0002"


def test_an_account_with_a_zone_that_is_none_still_has_a_compose_page(marketer, campaign):
    campaign.account.timezone = "Nowhere"
    campaign.account.save()

    response = marketer.get(reverse("event_new", args=[campaign.pk]))

    assert response.context["form"]["timezone"].value() == "UTC"


def test_saving_a_new_event_stores_it_and_leads_to_its_page(marketer, campaign):
    response = marketer.post(reverse("event_new", args=[campaign.pk]), typed(), follow=True)

    event = Event.objects.get()
    assert response.redirect_chain == [(f"{reverse('event_edit', args=[event.pk])}?show=0", 302)]
    assert (event.campaign, event.account, event.title) == (campaign, campaign.account, "Summer sale")
    assert event.start_local == builders.in_days(20)
    assert "Saved. Nothing is sent yet." in text_of(response)


def test_saving_an_event_raises_its_version(marketer, event):
    marketer.post(reverse("event_edit", args=[event.pk]), typed(event, title="Winter sale"))

    event.refresh_from_db()
    assert (event.title, event.version) == ("Winter sale", 2)


def test_fields_that_are_not_asked_for_are_ignored(marketer, event):
    other = builders.make_campaign()
    extra = {
        "account": other.account_id,
        "campaign": other.pk,
        "start_fold": "1",
        "created_at": "2000-01-01",
        "id": 9,
    }

    marketer.post(reverse("event_edit", args=[event.pk]), typed(event) | extra)

    saved = Event.objects.get()
    assert (saved.pk, saved.campaign, saved.account, saved.start_fold) == (
        event.pk,
        event.campaign,
        event.account,
        0,
    )


def test_an_event_without_length_is_saved_with_a_warning(marketer, campaign):
    same = typed()["start_local"]

    response = marketer.post(reverse("event_new", args=[campaign.pk]), typed(end_local=same), follow=True)

    assert Event.objects.exists()
    assert "Start and end are the same: the event has no length." in text_of(response)


def test_a_stale_form_shows_what_differs_and_loses_nothing(marketer, event):
    opened = typed(event, title="My title", description="My words")
    Event.objects.filter(pk=event.pk).update(title="Their title", version=2)

    response = marketer.post(reverse("event_edit", args=[event.pk]), opened)

    assert response.status_code == 409
    assert "Somebody else has saved this event since you opened it" in text_of(response)
    rows = {row.label: (row.theirs, row.mine) for row in response.context["differences"]}
    assert rows["Title"] == ("Their title", "My title")
    assert rows["Description"] == ("Three days only.", "My words")
    assert "Event id" not in rows
    assert response.context["form"]["title"].value() == "My title"
    assert Event.objects.get().title == "Their title"

    again = opened | {"version": response.context["form"]["version"].value()}
    assert marketer.post(reverse("event_edit", args=[event.pk]), again).status_code == 302
    assert Event.objects.get().title == "My title"


@pytest.mark.parametrize("version", ["", "0", "-1", "x", "٣", "9" * 40, "1.0"])
def test_a_form_without_a_proper_version_is_stale(marketer, event, version):
    response = marketer.post(
        reverse("event_edit", args=[event.pk]), typed(event, title="Mine", version=version)
    )

    assert response.status_code == 409
    assert Event.objects.get().title == "Summer sale"


def test_an_id_that_is_taken_in_the_last_moment_is_told_at_the_field(marketer, campaign, monkeypatch):
    builders.make_event(campaign, event_id="Taken")
    monkeypatch.setattr("campaigns.pipeline.validate.content_problems", lambda *_content, **_about: [])

    response = marketer.post(reverse("event_new", args=[campaign.pk]), typed(event_id="Taken"))

    assert response.context["form"].errors["event_id"] == [
        "Another event of this account has just taken this id. Choose another."
    ]


def test_the_copy_of_an_event_has_a_free_id(marketer, event):
    response = marketer.post(reverse("event_duplicate", args=[event.pk]), follow=True)

    copy = Event.objects.exclude(pk=event.pk).get()
    assert (copy.event_id, copy.title, copy.campaign) == ("Event_0002", event.title, event.campaign)
    assert "This is the copy, under the id “Event_0002”." in text_of(response)
    assert marketer.get(reverse("event_duplicate", args=[event.pk])).status_code == 405


def test_an_event_that_people_have_says_that_saving_changes_no_calendar(marketer, event, ada):
    send = builders.make_send(event, state=Send.State.FINISHED, started_at=timezone.now())
    builders.make_entry(builders.make_delivery(send, subscriber=ada))

    page = marketer.get(reverse("event_edit", args=[event.pk]))

    assert (
        "This event is on the calendar of 1 person. Saving changes nothing there until an update is sent."
        in text_of(page)
    )
    assert reverse("send_review", args=[event.pk, "update"]) in page.content.decode()
    assert page.context["panel"].preview.url.endswith("/shop/update")


def test_an_event_that_is_being_sent_says_which_words_it_carries(marketer, event):
    send = builders.make_send(event)

    page = marketer.get(reverse("event_edit", args=[event.pk]))

    assert f"Send #{send.pk} of this event is scheduled." in text_of(page)
    assert reverse("send_detail", args=[send.pk]) in page.content.decode()


def test_a_new_event_is_never_taken_for_one_with_entries(marketer, campaign, ada):
    assert marketer.get(reverse("event_new", args=[campaign.pk])).context["present_count"] == 0
    assert Entry.objects.count() == 0


# Without any script


def test_the_preview_button_shows_the_page_and_saves_nothing(marketer, event, ada, bob):
    response = marketer.post(
        reverse("event_edit", args=[event.pk]),
        typed(event, title="New words", preview="1", find_person="bob@"),
    )

    assert response.status_code == 200
    assert response.context["panel"].person == bob
    assert "<h3>New words</h3>" in response.content.decode()
    assert Event.objects.get().title == "Summer sale"


def test_nobody_found_means_the_first(marketer, event, ada):
    response = marketer.post(
        reverse("event_edit", args=[event.pk]), typed(event, preview="1", find_person="zzz")
    )

    assert response.context["panel"].person == ada


def test_an_auditor_reads_the_event_and_turns_the_pages(auditor, event, ada, bob):
    page = auditor.get(reverse("event_edit", args=[event.pk]), {"show": bob.pk})

    assert page.context["panel"].person == bob
    assert all(field.field.disabled for field in page.context["form"])
    assert "You can read this event, but not change it." in text_of(page)
    assert "Review and send" not in text_of(page)
    assert auditor.post(reverse("event_edit", args=[event.pk]), typed(event)).status_code == 403
    assert auditor.post(reverse("event_preview"), typed(event)).status_code == 403


# The searches


@pytest.mark.parametrize("text", ["paris", "Romance", "europe/paris"])
def test_zones_are_found_by_place_and_id(marketer, db, text):
    response = marketer.get(reverse("event_zones"), {"find_zone": text})

    assert response.context["zones"][0][0].id == "Romance Standard Time"


def test_zones_are_found_by_their_offset_now(marketer, db):
    found = marketer.get(reverse("event_zones"), {"find_zone": "+5:30"}).context["zones"]

    assert "India Standard Time (Kolkata, UTC+5:30 now)" in [label for _zone, label in found]


@pytest.mark.parametrize("text", ["", "  ", "\x00", "x" * 10_000, "<b>", "٣"])
def test_a_search_for_nothing_is_answered_calmly(marketer, campaign, text):
    assert marketer.get(reverse("event_zones"), {"find_zone": text}).status_code == 200
    people = marketer.get(reverse("event_people"), {"find_person": text, "campaign": campaign.pk})
    assert people.status_code == 200
    assert b"<b>" not in people.content


@pytest.mark.parametrize("text", ["ada", "LOVE", "ada love", "ada@example", "user-1"])
def test_people_are_found_by_name_mail_and_id(marketer, campaign, ada, bob, text):
    response = marketer.get(reverse("event_people"), {"find_person": text, "campaign": campaign.pk})

    assert list(response.context["people"]) == [ada]


def test_people_of_other_accounts_are_not_found(marketer, campaign, ada):
    other = builders.make_campaign()

    response = marketer.get(reverse("event_people"), {"find_person": "ada", "campaign": other.pk})

    assert "Nobody in this account has “ada” in the name, e-mail address or user id." in text_of(response)
