"""The home page: what runs, what comes next, what needs a decision, and how to begin."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Delivery, Send
from tests import builders
from tests.views.typed import text_of

pytestmark = pytest.mark.django_db

HOME = reverse("admin:index")
HISTORY = reverse("admin:campaigns_delivery_changelist")
SENDS = reverse("admin:campaigns_send_changelist")


def next_step(client):
    page = client.get(HOME)
    return page.context["next_step"].title, page.context["may_take_next"]


def test_an_empty_installation_leads_step_by_step_to_the_first_send(admin):
    assert next_step(admin) == ("Add an account", True)
    account = builders.make_account()
    assert next_step(admin) == ("Import subscribers", True)
    builders.make_subscription(builders.make_subscriber(), account)
    assert next_step(admin) == ("Build a segment", True)
    segment = builders.make_segment()
    assert next_step(admin) == ("Begin a campaign", True)
    campaign = builders.make_campaign(account=account, segment=segment)
    assert next_step(admin) == ("Compose an event", True)
    assert reverse("event_new", args=[campaign.pk]) in admin.get(HOME).content.decode()
    event = builders.make_event(campaign)
    assert next_step(admin) == ("Review and send", True)
    assert reverse("send_review", args=[event.pk, "create"]) in admin.get(HOME).content.decode()
    builders.make_send(event)
    assert admin.get(HOME).context["steps"] == []


def test_a_step_for_somebody_else_is_no_button(marketer):
    assert next_step(marketer) == ("Add an account", False)
    assert "Somebody with another role does this." in text_of(marketer.get(HOME))


def test_without_a_role_the_page_says_whom_to_ask(db):
    page = builders.make_client("").get(HOME)

    assert "You have no role yet" in text_of(page)
    assert page.context.get("tiles") is None


def test_every_number_leads_to_its_rows(marketer, event):
    send = builders.make_send(event, state=Send.State.SENDING, started_at=timezone.now())
    for state in (Delivery.State.FAILED, Delivery.State.IN_DOUBT, Delivery.State.IN_DOUBT):
        builders.make_delivery(send, state)
    builders.make_send(builders.make_event(event.campaign), state=Send.State.REQUESTED)
    builders.make_send(builders.make_event(event.campaign))

    tiles = {tile.label: (tile.number, tile.link) for tile in marketer.get(HOME).context["tiles"]}

    assert tiles == {
        "Sending now": (1, f"{SENDS}?state__exact=sending"),
        "Scheduled": (1, f"{SENDS}?state__exact=scheduled"),
        "Waiting for release": (1, f"{SENDS}?state__exact=requested"),
        "Deliveries in doubt": (2, f"{HISTORY}?state=in_doubt"),
        "Deliveries failed": (1, f"{HISTORY}?state=failed"),
    }
    for _number, link in tiles.values():
        assert marketer.get(link).status_code == 200


def test_what_runs_is_shown_with_its_progress(marketer, event):
    send = builders.make_send(event, state=Send.State.SENDING, started_at=timezone.now())
    builders.make_delivery(send)
    builders.make_delivery(send, Delivery.State.QUEUED)

    page = marketer.get(HOME)

    assert "50 % 1 of 2 people" in text_of(page)
    assert reverse("send_detail", args=[send.pk]) in page.content.decode()
    assert 'hx-trigger="every 5s"' in page.content.decode()


def test_what_comes_next_is_shown_in_its_zone(marketer, event):
    at = timezone.now().replace(year=2027, month=1, day=15, hour=20, minute=30)
    builders.make_send(event, scheduled_at=at, scheduled_timezone="Eastern Standard Time")

    assert "2027-01-15 15:30 (UTC\N{MINUS SIGN}5, Eastern Standard Time)" in text_of(marketer.get(HOME))


def test_quiet_days_say_so_and_do_not_ask_again(marketer, event):
    builders.make_send(event, state=Send.State.FINISHED)

    page = marketer.get(HOME)
    said = text_of(page)

    assert "Nothing needs a decision." in said
    assert "Nothing is being sent." in said
    assert "Nothing is scheduled." in said
    assert "every 5s" not in page.content.decode()


def test_what_needs_a_decision_is_told_with_its_place(marketer, event):
    account = event.account
    account.stopped_at, account.stopped_reason = timezone.now(), "Rokt refused the secret."
    account.save()
    waiting = builders.make_send(event, state=Send.State.REQUESTED)
    late = builders.make_send(builders.make_event(event.campaign, title="Spring"), state=Send.State.FINISHED)
    builders.make_delivery(late, Delivery.State.FAILED)
    for _person in range(2):
        builders.make_delivery(late, Delivery.State.IN_DOUBT)

    found = [(decision.text, decision.link) for decision in marketer.get(HOME).context["decisions"]]

    page = reverse("send_detail", args=[late.pk])
    assert found == [
        ("The Shop is stopped: Rokt refused the secret.", reverse("admin:campaigns_account_change", args=[account.pk])),
        (f"Send #{waiting.pk} of “Summer sale” waits for a second person to release it.",
         reverse("send_detail", args=[waiting.pk])),
        (f"Send #{late.pk} of “Spring”: 2 deliveries are in doubt, for no answer came to their calls.", page),
        (f"Send #{late.pk} of “Spring”: 1 delivery failed and can still be tried again.", page),
    ]  # fmt: skip


def test_what_failed_for_good_asks_nobody_any_more(marketer, event):
    send = builders.make_send(
        event, state=Send.State.FINISHED, deliver_until=timezone.now() - timedelta(days=1)
    )
    builders.make_delivery(send, Delivery.State.FAILED)

    assert marketer.get(HOME).context["decisions"] == []


def test_recent_campaigns_show_their_next_event(marketer, event):
    builders.make_event(event.campaign, start_local=builders.in_days(-3))
    builders.make_campaign(name="Archived", is_archived=True)
    builders.make_campaign(name="Empty", account=event.account, segment=None)

    page = marketer.get(HOME)

    assert [campaign.name for campaign in page.context["campaigns"]] == ["Empty", "Summer"]
    said = text_of(page)
    assert f"Summer The Shop Everybody 2 {event.start_local:%a %Y-%m-%d} 15:00 Eastern Standard Time" in said
    assert "Empty The Shop not chosen yet 0" in said


def test_an_auditor_sees_the_same_page_without_buttons(auditor, event):
    builders.make_send(event)

    said = text_of(auditor.get(HOME))

    assert "Recent campaigns" in said
    assert "New campaign" not in said
