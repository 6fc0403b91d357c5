"""Campaigns: the form, the page with events and their sends, archiving."""

import pytest
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Campaign, Delivery, Send
from tests import builders
from tests.views.typed import text_of

pytestmark = pytest.mark.django_db


def new(client, **fields):
    return client.post(reverse("campaign_new"), fields)


def test_without_an_account_the_page_says_what_comes_first(marketer, admin):
    said = text_of(marketer.get(reverse("campaign_new")))

    assert "First, an account" in said
    assert "Ask an administrator to add it." in said
    assert "Add the account" in text_of(admin.get(reverse("campaign_new")))


def test_the_only_account_is_chosen_already(marketer, account):
    assert marketer.get(reverse("campaign_new")).context["form"]["account"].value() == account.pk

    builders.make_account()
    assert marketer.get(reverse("campaign_new")).context["form"]["account"].value() is None


def test_a_segment_can_be_brought_along(marketer, account, segment):
    page = marketer.get(reverse("campaign_new"), {"segment": segment.pk})

    assert page.context["form"]["segment"].value() == segment.pk


@pytest.mark.parametrize("asked", ["x", "-1", "9" * 40, "٣", "\x00", ""])
def test_a_segment_that_is_none_is_not_brought_along(marketer, account, asked):
    page = marketer.get(reverse("campaign_new"), {"segment": asked})

    assert page.context["form"]["segment"].value() is None


def test_a_new_campaign_leads_to_its_page(marketer, account, segment):
    response = new(
        marketer, name="Winter", account=account.pk, segment=segment.pk, is_archived="1", created_by="9"
    )

    campaign = Campaign.objects.get()
    assert response["Location"] == reverse("campaign_detail", args=[campaign.pk])
    assert (campaign.name, campaign.account, campaign.segment) == ("Winter", account, segment)
    assert (campaign.created_by, campaign.is_archived) == (marketer.user, False)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", "", "Fill in “Name”: it is required."),
        ("name", "\u2060", "Fill in “Name”: it is required."),
        ("name", "x" * 201, "At most 200 characters fit here, and these are 201. Shorten the text."),
        ("name", "a\x07", "Character 2 (U+0007) cannot be seen and is not sent. Delete it."),
        ("account", "", "Choose the Rokt Calendar account that sends the events."),
        ("account", "x", "Select a valid choice. That choice is not one of the available choices."),
        ("account", "9" * 30, "Select a valid choice. That choice is not one of the available choices."),
        ("segment", "999", "Select a valid choice. That choice is not one of the available choices."),
    ],
)
def test_what_does_not_fit_is_told_at_its_field(marketer, account, segment, field, value, message):
    response = new(marketer, **{"name": "Winter", "account": account.pk, "segment": segment.pk, field: value})

    assert response.context["form"].errors == {field: [message]}
    assert not Campaign.objects.exists()


def test_archived_segments_are_offered_to_those_who_have_them_only(marketer, campaign):
    campaign.segment.is_archived = True
    campaign.segment.save()

    theirs = (
        marketer.get(reverse("campaign_edit", args=[campaign.pk])).context["form"].fields["segment"].queryset
    )
    others = marketer.get(reverse("campaign_new")).context["form"].fields["segment"].queryset
    assert (list(theirs), list(others)) == ([campaign.segment], [])


def test_the_account_stays_once_there_are_events(marketer, event):
    other = builders.make_account()
    address = reverse("campaign_edit", args=[event.campaign_id])

    assert "The account stays: this campaign has events in it." in text_of(marketer.get(address))
    marketer.post(address, {"name": "Renamed", "account": other.pk, "segment": ""})

    campaign = Campaign.objects.get()
    assert (campaign.name, campaign.account, campaign.segment) == ("Renamed", event.account, None)


def test_the_page_shows_the_audience_in_words_and_numbers(marketer, campaign, ada, bob):
    campaign.segment.rule = {
        "match": "all",
        "rules": [{"field": "user_id", "op": "is_any_of", "values": ["user-1"]}],
    }
    campaign.segment.save()

    said = text_of(marketer.get(reverse("campaign_detail", args=[campaign.pk])))

    assert "Everybody user id is “user-1” 1 person 1 subscription" in said


def test_an_empty_campaign_says_what_comes_next(marketer, campaign):
    campaign.segment = None
    campaign.save()

    said = text_of(marketer.get(reverse("campaign_detail", args=[campaign.pk])))

    assert "Nobody yet: nothing can be sent before you choose who gets the events." in said
    assert "No event yet" in said
    assert "Compose the first event" in said


def test_an_audience_that_cannot_be_read_is_told(marketer, campaign):
    campaign.segment.rule = {"x": 1}
    campaign.segment.save()

    said = text_of(marketer.get(reverse("campaign_detail", args=[campaign.pk])))

    assert "The rule of this segment cannot be read: A rule begins with a group" in said


def test_a_stopped_account_is_told(marketer, campaign):
    campaign.account.stopped_at, campaign.account.stopped_reason = timezone.now(), "Rokt refused the secret."
    campaign.account.save()

    said = text_of(marketer.get(reverse("campaign_detail", args=[campaign.pk])))

    assert "The account is stopped: Rokt refused the secret." in said


def test_an_event_that_was_not_sent_can_be_sent(marketer, event):
    page = marketer.get(reverse("campaign_detail", args=[event.campaign_id]))

    assert "Not sent yet." in text_of(page)
    day = f"{event.start_local:%a %Y-%m-%d}"
    assert f"{day} 15:00 \N{EN DASH} 16:00 Eastern Standard Time · Event_0001" in text_of(page)
    assert f'href="{reverse("send_review", args=[event.pk, "create"])}"' in page.content.decode()
    assert reverse("send_review", args=[event.pk, "update"]) not in page.content.decode()


def test_an_event_that_was_sent_shows_the_books_of_its_last_send(marketer, event, ada, bob):
    builders.make_send(event, state=Send.State.CANCELLED)
    send = builders.make_send(event, state=Send.State.FINISHED, started_at=timezone.now())
    builders.make_entry(builders.make_delivery(send, subscriber=ada))
    builders.make_delivery(send, Delivery.State.FAILED, subscriber=bob)

    page = marketer.get(reverse("campaign_detail", args=[event.campaign_id]))

    assert f"Send #{send.pk}, new event finished" in text_of(page)
    assert "1 accepted 1 failed" in text_of(page)
    history = reverse("admin:campaigns_delivery_changelist")
    assert f"{history}?send={send.pk}&amp;state=failed" in page.content.decode()
    assert reverse("send_review", args=[event.pk, "update"]) in page.content.decode()


def test_a_campaign_is_archived_and_brought_back(marketer, event):
    address = reverse("campaign_archive", args=[event.campaign_id])

    page = marketer.post(address, follow=True)
    assert "Archived." in text_of(page)
    assert Campaign.objects.get().is_archived
    assert "Compose an event" not in text_of(page)
    assert reverse("event_duplicate", args=[event.pk]) not in page.content.decode()
    assert "Brought back." in text_of(marketer.post(address, follow=True))
    assert not Campaign.objects.get().is_archived


def test_a_campaign_that_is_sending_stays(marketer, event):
    send = builders.make_send(event)

    page = marketer.post(reverse("campaign_archive", args=[event.campaign_id]), follow=True)

    assert f"Send #{send.pk} of this campaign is not finished. Wait for it, or cancel it." in text_of(page)
    assert not Campaign.objects.get().is_archived


def test_nothing_is_archived_by_looking(marketer, campaign):
    assert marketer.get(reverse("campaign_archive", args=[campaign.pk])).status_code == 405
    assert marketer.delete(reverse("campaign_detail", args=[campaign.pk])).status_code == 405


def test_an_auditor_reads_a_campaign(auditor, event):
    for name in ("campaign_detail", "campaign_edit"):
        page = auditor.get(reverse(name, args=[event.campaign_id]))
        assert page.status_code == 200
        assert "Compose an event" not in text_of(page)
        assert ">Save<" not in page.content.decode()
    assert auditor.post(reverse("campaign_new"), {"name": "x"}).status_code == 403
    assert auditor.post(reverse("campaign_edit", args=[event.campaign_id]), {"name": "x"}).status_code == 403
    assert auditor.post(reverse("campaign_archive", args=[event.campaign_id])).status_code == 403
