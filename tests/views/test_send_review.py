"""The page before a send: who, what, when and from where; and queueing it once, whatever is clicked."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils import timezone
from kombu.exceptions import OperationalError

from campaigns import tasks
from campaigns.forms import schedule
from campaigns.models import Delivery, Event, Send
from campaigns.pipeline import compose
from campaigns.templatetags.moments import utc
from tests import builders

CREATE, UPDATE, CANCEL = Send.Kind.CREATE, Send.Kind.UPDATE, Send.Kind.CANCEL


@pytest.fixture
def ada(event):
    """Somebody in the audience, with a subscription of the shop."""
    return builders.make_subscription(
        builders.make_subscriber("ada", first_name="Ada"), event.account
    ).subscriber


@pytest.fixture
def wakeups(monkeypatch, django_capture_on_commit_callbacks):
    """The names of the tasks that were published."""
    published = []
    monkeypatch.setattr(tasks.tick, "apply_async", lambda **_options: published.append("tick"))
    return published


def url(event, kind=CREATE):
    return reverse("send_review", args=[event.pk, kind])


def body(client, address):
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def form(client, event, kind=CREATE, **typed):
    """What the form of the page sends, as it was opened, once everybody has been checked."""
    builders.checked(compose.draft(Event.objects.get(pk=event.pk), kind))
    fields = client.get(url(event, kind)).context["form"].initial
    return {"when": "now", "submit_token": str(fields["submit_token"]), "seen": fields["seen"], **typed}


def said(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


def test_the_page_says_who_gets_it_and_who_is_skipped(marketer, event, ada):
    builders.make_subscription(builders.make_subscriber("bob"), event.account, rokt_id="")
    has_it = builders.make_subscription(account=event.account).subscriber
    before = builders.make_send(event, state=Send.State.FINISHED, started_at=timezone.now())
    builders.make_entry(builders.make_delivery(before, subscriber=has_it))

    page = marketer.get(url(event))

    assert page.context["review"].plan.to_send_count == 1
    text = page.content.decode()
    assert "1 without a known subscription id" in text
    assert "1 who have it already" in text
    assert "everyone" in text
    assert "Send to 1 person" in text


def test_the_page_shows_the_very_call_of_one_person_with_the_token_hidden(marketer, event, ada):
    text = body(marketer, url(event))

    assert "The call for Ada" in text
    assert "https://api.roktcalendar.com/v1/subscriptionevent/shop" in text
    assert "&quot;eventId&quot;: &quot;Event_0001_ada&quot;" in text
    assert "Bearer ••••••••" in text


def test_a_person_for_whom_the_text_cannot_be_filled_in_is_told_of(marketer, event, ada):
    Event.objects.update(title="Hello {{ ${last_name} }}")

    text = body(marketer, url(event))

    assert "For this person nothing would be sent:" in text
    assert "last_name" in text


def test_the_page_says_how_long_it_takes_at_the_pace_of_the_account(marketer, event):
    event.account.rate_per_second = 2
    event.account.save()
    for _ in range(6):
        builders.make_subscription(account=event.account)

    assert "about 3 s, at 2 calls a second" in body(marketer, url(event))


def test_the_page_says_clearly_when_a_stand_in_answers(marketer, event, ada):
    assert "Stand-in:" not in body(marketer, url(event))

    event.account.base_url = "http://127.0.0.1:8100"
    event.account.save()

    assert "Nothing reaches Rokt or a real calendar." in body(marketer, url(event))


def test_whatever_keeps_a_send_back_is_shown_with_the_page_that_mends_it(marketer, event):
    page = marketer.get(url(event))

    assert "Nobody in this account matches the audience." in page.content.decode()
    assert reverse("segment_edit", args=[event.campaign.segment_id]) in page.content.decode()
    assert 'type="submit" disabled' in page.content.decode()


def test_what_is_wrong_with_the_event_leads_to_the_event(marketer, event, ada):
    Event.objects.update(title="{{ broken")

    text = body(marketer, url(event))

    assert text.count(reverse("event_edit", args=[event.pk])) >= 3
    assert "Mend it" in text


def test_a_campaign_without_an_audience_leads_to_the_campaign(marketer, event):
    event.campaign.segment = None
    event.campaign.save()

    text = body(marketer, url(event))

    assert "Choose an audience for the campaign." in text
    assert reverse("campaign_edit", args=[event.campaign_id]) in text
    response = marketer.post(url(event), form(marketer, event))
    assert response.status_code == 200
    assert not Send.objects.exists()


def test_an_audience_that_is_not_understood_keeps_the_send_back(marketer, event, ada):
    event.campaign.segment.rule = {"match": "some"}
    event.campaign.segment.save()

    assert "The audience is not understood" in body(marketer, url(event))
    assert marketer.post(url(event), form(marketer, event)).status_code == 200
    assert not Send.objects.exists()


def test_only_admins_are_led_to_the_account(marketer, admin, event, ada):
    event.account.stopped_at, event.account.stopped_reason = timezone.now(), "HTTP 401"
    event.account.save()
    link = reverse("admin:campaigns_account_change", args=[event.account_id])

    assert "An admin has to mend this." in body(marketer, url(event))
    assert link not in body(marketer, url(event))
    assert link in body(admin, url(event))


def test_an_event_without_a_known_zone_leads_back_to_the_event(marketer, event):
    Event.objects.update(timezone="Nowhere")

    response = marketer.get(url(event))

    assert response["Location"] == reverse("event_edit", args=[event.pk])
    assert said(response) == ["Choose a time zone for the event first."]


def test_queueing_now_makes_one_send_and_wakes_the_sender(
    marketer, event, ada, wakeups, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        response = marketer.post(url(event), form(marketer, event))

    send = Send.objects.get()
    assert response["Location"] == reverse("send_detail", args=[send.pk])
    assert (send.state, send.created_by, send.kind) == ("scheduled", marketer.user, "create")
    assert abs(send.scheduled_at - timezone.now()) < timedelta(minutes=1)
    assert wakeups == ["tick"]
    assert said(response) == [f"Send #{send.pk} is queued."]


def test_a_broker_that_is_down_keeps_nobody_from_queueing(
    marketer, event, ada, monkeypatch, django_capture_on_commit_callbacks
):
    def refuse(**_options):
        raise OperationalError("no broker")

    monkeypatch.setattr(tasks.tick, "apply_async", refuse)
    with django_capture_on_commit_callbacks(execute=True):
        response = marketer.post(url(event), form(marketer, event), follow=True)

    assert response.status_code == 200
    assert Send.objects.count() == 1


def test_a_double_click_a_reload_and_a_second_tab_are_one_send(marketer, event, ada):
    one_tab, other_tab = form(marketer, event), form(marketer, event)

    first = marketer.post(url(event), one_tab)
    again = marketer.post(url(event), one_tab)
    other = marketer.post(url(event), other_tab)

    assert Send.objects.count() == 1
    assert first["Location"] == again["Location"] == other["Location"]
    number = Send.objects.get().pk
    assert said(other)[-1] == (
        f"This was queued already by {marketer.user}, as send #{number}; nothing goes out twice."
    )


def test_what_changed_while_it_was_looked_at_is_looked_at_again(marketer, event, ada):
    opened = form(marketer, event)
    Event.objects.update(version=event.version + 1)

    response = marketer.post(url(event), opened)

    assert "has changed since you opened this page" in response.content.decode()
    assert not Send.objects.exists()
    assert marketer.post(url(event), form(marketer, event)).status_code == 302


def test_a_page_without_its_token_is_refused(marketer, event, ada):
    for token in ("", "junk"):
        response = marketer.post(url(event), form(marketer, event, submit_token=token))
        assert "The page was incomplete." in response.content.decode()
    assert not Send.objects.exists()


def test_a_send_is_scheduled_on_the_clocks_of_the_chosen_zone(marketer, event, ada):
    tomorrow = builders.in_days(1, 9)
    typed = form(marketer, event, when="at", at_local=tomorrow.isoformat()[:16], zone="India Standard Time")

    response = marketer.post(url(event), typed)

    send = Send.objects.get()
    assert send.scheduled_at.replace(tzinfo=None) == tomorrow - timedelta(hours=5, minutes=30)
    assert send.scheduled_timezone == "India Standard Time"
    assert said(response) == [f"Send #{send.pk} is scheduled for {utc(send.scheduled_at)}."]


@pytest.mark.parametrize(
    ("local", "choice", "shown", "hour"),
    [
        ("2027-03-14T02:30", "before", "2027-03-14 01:30 (UTC\N{MINUS SIGN}5)", 6),
        ("2027-03-14T02:30", "after", "2027-03-14 03:30 (UTC\N{MINUS SIGN}4)", 7),
        ("2027-11-07T01:30", "first", "2027-11-07 01:30 (UTC\N{MINUS SIGN}4)", 5),
        ("2027-11-07T01:30", "second", "2027-11-07 01:30 (UTC\N{MINUS SIGN}5)", 6),
    ],
)
def test_a_time_that_clocks_show_twice_or_never_is_asked_about(
    marketer, event, ada, local, choice, shown, hour
):
    Event.objects.update(start_local=datetime(2027, 12, 1, 9), end_local=datetime(2027, 12, 1, 10))
    typed = form(marketer, event, when="at", at_local=local, zone="Eastern Standard Time")

    text = marketer.post(url(event), {**typed, "reading": "junk"}).content.decode()

    assert shown in text
    assert ("skip" if "03-14" in local else "twice") in text
    assert not Send.objects.exists()
    marketer.post(url(event), {**typed, "reading": choice})
    at = Send.objects.get().scheduled_at
    assert (at.hour, at.minute) == (hour, 30)


def test_a_time_that_is_over_offers_to_send_now(marketer, event, ada):
    typed = form(marketer, event, when="at", at_local="2026-01-01T09:00", zone="UTC")

    text = marketer.post(url(event), typed).content.decode()

    assert "2026-01-01 09:00 (UTC+0) is over." in text
    assert "Send now instead" in text
    marketer.post(url(event), {**typed, "when": ["at", "now"]})
    assert Send.objects.count() == 1


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({"when": "later"}, "Select a valid choice."),
        ({"when": ""}, "This field is required."),
        ({"when": "at", "at_local": "", "zone": "UTC"}, "Give a date and a time."),
        ({"when": "at", "at_local": "2027-01-01T09:00", "zone": ""}, "Choose a time zone."),
        ({"when": "at", "at_local": "2027-01-01T09:00", "zone": "Narnia"}, "is not a time zone"),
        ({"when": "at", "at_local": "soon", "zone": "UTC"}, "Write the date and time like this"),
        ({"when": "at", "at_local": "2027-02-31T09:00", "zone": "UTC"}, "There is no such date or time."),
        ({"when": "at", "at_local": "x" * 10_000, "zone": "y" * 10_000}, "Write the date and time"),
    ],
)
def test_times_that_make_no_sense_are_told_of(marketer, event, ada, typed, message):
    response = marketer.post(url(event), form(marketer, event, **typed))

    assert message in response.content.decode()
    assert not Send.objects.exists()


def test_a_time_after_the_event_is_refused(marketer, event, ada):
    late = builders.in_days(60).isoformat()[:16]

    response = marketer.post(url(event), form(marketer, event, when="at", at_local=late, zone="UTC"))

    assert "The event is over before the send begins." in response.content.decode()
    assert not Send.objects.exists()


def test_the_number_of_people_is_typed_when_there_are_many(marketer, event, ada, monkeypatch):
    monkeypatch.setattr(schedule, "TYPED_OVER_COUNT", 1)
    builders.make_subscription(account=event.account)

    assert "Type that number to go on." in body(marketer, url(event))
    for wrong in ("", "1", "two"):
        text = marketer.post(url(event), form(marketer, event, typed_count=wrong)).content.decode()
        assert "You chose 2 people. Type that number to go on." in text
    assert not Send.objects.exists()
    assert marketer.post(url(event), form(marketer, event, typed_count=" 2 ")).status_code == 302


def test_separators_in_the_typed_number_do_not_matter(db):
    for typed in ("12345", "12,345", "12 345", "12.345"):
        checked = schedule.SendForm(
            {"when": "now", "submit_token": uuid4(), "typed_count": typed}, seen="", people_count=12_345
        )
        assert checked.is_valid(), checked.errors


def test_an_account_that_needs_release_is_asked_for_release(marketer, event, ada):
    event.account.needs_approval = True
    event.account.save()

    assert "Ask for release" in body(marketer, url(event))
    response = marketer.post(url(event), form(marketer, event))

    send = Send.objects.get()
    assert send.state == Send.State.REQUESTED
    assert said(response) == [f"Send #{send.pk} waits until a second person releases it."]


def test_an_update_shows_what_differs_from_what_was_sent(marketer, event, ada):
    before = builders.make_send(event, state=Send.State.FINISHED, started_at=timezone.now())
    builders.make_entry(builders.make_delivery(before, Delivery.State.ACCEPTED, subscriber=ada))
    Event.objects.update(title="Winter sale", version=2)

    text = body(marketer, url(event, UPDATE))

    assert f"What differs from send #{before.pk}" in text
    assert "<del>Summer sale</del>" in text
    assert "<ins>Winter sale</ins>" in text
    assert "Update 1 calendar" in text


def test_a_cancellation_shows_the_call_that_removes_the_event(marketer, event, ada):
    before = builders.make_send(event, state=Send.State.FINISHED, started_at=timezone.now())
    builders.make_entry(builders.make_delivery(before, subscriber=ada))

    text = body(marketer, url(event, CANCEL))

    assert "<b>DELETE</b> https://api.roktcalendar.com/v1/subscriptionevent/shop/Event_0001_ada" in text
    assert "Remove from 1 calendar" in text


def test_an_event_that_nobody_has_is_not_updated(marketer, event, ada):
    text = body(marketer, url(event, UPDATE))

    assert "Nobody has this event on the calendar, so there is nothing to change." in text
    assert reverse("campaign_detail", args=[event.campaign_id]) in text


def test_a_pace_that_is_too_slow_is_a_warning_and_no_bar(marketer, event, ada):
    soon = timezone.now() + timedelta(seconds=30)
    Event.objects.update(start_local=soon.replace(tzinfo=None), end_local=builders.in_days(9), timezone="UTC")
    event.account.rate_per_second = 1
    event.account.save()
    for _ in range(40):
        builders.make_subscription(account=event.account)
    builders.checked(compose.draft(Event.objects.get(), CREATE))

    text = body(marketer, url(event))

    assert "At 1 call a second the last people are reached after the event has begun." in text
    assert 'type="submit" disabled' not in text


def test_a_test_send_is_neither_the_event_before_nor_a_reason_to_skip_anybody(marketer, event, ada):
    opened = form(marketer, event)["submit_token"]
    test = builders.make_send(event, state=Send.State.FINISHED, started_at=timezone.now(), is_test=True)
    builders.make_entry(builders.make_delivery(test, subscriber=ada), is_test=True)

    looked = marketer.get(url(event)).context["review"]

    assert looked.previous is None
    assert looked.example.person == ada
    assert looked.plan.to_send_count == 1
    assert form(marketer, event)["submit_token"] == opened
    assert marketer.get(url(event, UPDATE)).context["review"].example is None


@pytest.mark.parametrize("kind", ["delete", "CREATE", "x" * 500])
def test_there_is_no_other_kind_of_send(marketer, event, kind):
    assert marketer.get(reverse("send_review", args=[event.pk, kind])).status_code == 404
