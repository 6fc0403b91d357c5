"""Stepping in: every button and every page that changes a send."""

import re
from datetime import UTC, timedelta

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils import timezone

from campaigns import tasks
from campaigns.models import Delivery, Send
from campaigns.models.clock import now
from campaigns.reports.progress import progress
from campaigns.templatetags.moments import utc
from campaigns.views import actions
from tests import builders

D = Delivery.State


@pytest.fixture
def send(event):
    """A send of the shop that is running since a minute."""
    return builders.make_send(
        event, state=Send.State.SENDING, started_at=timezone.now() - timedelta(minutes=1)
    )


@pytest.fixture
def wakeups(monkeypatch, django_capture_on_commit_callbacks):
    """Count the times the clock is asked to look at once."""
    asked = []
    monkeypatch.setattr(tasks, "look_now", lambda: asked.append("look"))
    return asked


def page(client, send, **query):
    response = client.get(reverse("send_detail", args=[send.pk]), query)
    assert response.status_code == 200
    return response.content.decode()


def act(client, send, action, **typed):
    response = client.post(reverse("send_action", args=[send.pk, action]), typed)
    send.refresh_from_db()
    return response


def said(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


@pytest.mark.parametrize(
    ("action", "before", "after", "words"),
    [
        ("pause", "sending", "paused", "Paused."),
        ("resume", "paused", "sending", "It goes on."),
        ("cancel", "sending", "cancelled", "Cancelled. 1 person who was still waiting does not get it."),
        ("release", "requested", "scheduled", "Released."),
        ("decline", "requested", "cancelled", "Declined. Nothing is sent."),
    ],
)
def test_a_button_does_what_it_says_and_the_page_names_who_clicked(
    approver, send, wakeups, action, before, after, words
):
    builders.make_delivery(send, D.QUEUED, due_at=timezone.now())
    Send.objects.update(state=before, created_by=builders.make_user())

    response = act(approver, send, action)

    assert send.state == after
    assert said(response)[0].startswith(words)
    assert f"by {approver.user}" in page(approver, send)
    assert bool(wakeups) == (action in ("resume", "release"))


@pytest.mark.parametrize("action", ["pause", "resume", "cancel", "release", "decline", "retry"])
def test_a_button_that_came_too_late_explains_itself(approver, send, action):
    Send.objects.update(state=Send.State.CANCELLED)

    response = act(approver, send, action)

    assert response.status_code == 302
    assert "cancelled" in said(response)[0]
    assert send.state == Send.State.CANCELLED


def test_why_a_send_was_declined_is_kept(approver, event):
    send = builders.make_send(event, state=Send.State.REQUESTED, created_by=builders.make_user())

    act(approver, send, "decline", note="wrong\0 price" + "!" * 1_000)

    assert "<q>wrong price!!!" in page(approver, send)


@pytest.mark.parametrize(("action", "words"), [("release", "Somebody else"), ("decline", "your own request")])
def test_nobody_releases_or_declines_their_own_request(approver, event, action, words):
    send = builders.make_send(event, state=Send.State.REQUESTED, created_by=approver.user)

    response = act(approver, send, action)

    assert words in said(response)[0]
    assert send.state == Send.State.REQUESTED
    assert reverse("send_action", args=[send.pk, action]) not in page(approver, send)


def test_the_failed_are_tried_again_all_of_them_or_those_of_one_reason(marketer, send, wakeups):
    builders.make_delivery(send, D.FAILED, reason="refused")
    builders.make_delivery(send, D.FAILED, reason="gave_up")

    assert said(act(marketer, send, "retry", reason="refused")) == ["1 delivery is tried again."]
    assert (send.failed_count, send.queued_count) == (1, 1)
    assert "1 delivery is tried again." in said(act(marketer, send, "retry"))
    assert send.failed_count == 0
    assert len(wakeups) == 2
    assert said(act(marketer, send, "retry", reason="x\0" * 500))[-1] == "There is no such reason."


def test_cancelling_asks_first_and_shows_the_numbers(marketer, auditor, send):
    builders.make_delivery(send, D.QUEUED, due_at=timezone.now())
    builders.make_delivery(send, D.ACCEPTED)

    text = page(marketer, send, cancel="")

    assert "Cancel this send for good?" in text
    assert "<dd>1</dd>" in text
    assert "Cancel this send for good?" not in page(auditor, send, cancel="")
    Send.objects.update(started_at=None)
    assert "It has not started" in page(marketer, send, cancel="")


def test_before_it_is_cancelled_everybody_is_counted_once(marketer, send):
    for state, count in ((D.QUEUED, 2), (D.SENDING, 3), (D.ACCEPTED, 4), (D.IN_DOUBT, 5)):
        for _person in range(count):
            builders.make_delivery(send, state, due_at=timezone.now())

    text = " ".join(page(marketer, send, cancel="").split())

    for words, count in (
        ("Will not get it", 2),
        ("On the wire now", 3),
        ("Already settled", 4),
        ("In doubt", 5),
    ):
        assert re.search(rf"<dt>{words}[^<]*</dt> <dd>{count}</dd>", text), words


def test_a_request_is_declined_with_a_reason_on_a_page_that_asks(approver, marketer, event):
    send = builders.make_send(event, state=Send.State.REQUESTED, created_by=marketer.user)
    assert reverse("send_action", args=[send.pk, "decline"]) not in page(approver, send)

    text = page(approver, send, decline="")

    assert "Decline this send?" in text
    assert 'name="note"' in text
    assert reverse("send_action", args=[send.pk, "decline"]) in text
    assert "Decline this send?" not in page(marketer, send, decline="")


def test_a_scheduled_send_is_moved_to_another_time(marketer, event, wakeups):
    builders.make_subscription(account=event.account)
    send = builders.make_send(event, scheduled_at=timezone.now() + timedelta(hours=1))
    address = reverse("send_move", args=[send.pk])
    day = builders.in_days(3, 9)

    assert utc(send.scheduled_at) in marketer.get(address).content.decode()
    typed = {"when": "at", "at_local": day.isoformat()[:16], "zone": "Tokyo Standard Time"}
    response = marketer.post(address, typed)

    send.refresh_from_db()
    assert response["Location"] == reverse("send_detail", args=[send.pk])
    assert send.scheduled_at == (day - timedelta(hours=9)).replace(tzinfo=UTC)
    assert send.scheduled_timezone == "Tokyo Standard Time"
    assert wakeups == ["look"]


def test_a_send_is_not_moved_beyond_its_event_nor_once_it_runs(marketer, event):
    builders.make_subscription(account=event.account)
    send = builders.make_send(event, scheduled_at=timezone.now() + timedelta(hours=1))
    address = reverse("send_move", args=[send.pk])

    late = {"when": "at", "at_local": builders.in_days(60).isoformat()[:16], "zone": "UTC"}
    assert "The event is over" in marketer.post(address, late).content.decode()
    Send.objects.update(state=Send.State.SENDING)
    assert "that is not possible any more" in marketer.post(address, {"when": "now"}).content.decode()
    assert "is over" in marketer.post(address, {**late, "at_local": "2020-01-01T00:00"}).content.decode()


def test_an_event_that_people_have_can_be_updated_and_removed(marketer, auditor, send):
    builders.make_entry(builders.make_delivery(send))
    update = reverse("send_review", args=[send.event_id, "update"])

    assert update not in page(marketer, send)
    Send.objects.update(state=Send.State.FINISHED)

    assert update in page(marketer, send)
    assert reverse("send_review", args=[send.event_id, "cancel"]) in page(marketer, send)
    assert update not in page(auditor, send)


def test_there_is_no_other_action_and_none_by_a_link(approver, send):
    assert act(approver, send, "explode").status_code == 404
    for action in actions.ACTIONS:
        assert approver.get(reverse("send_action", args=[send.pk, action])).status_code == 405
    assert send.state == Send.State.SENDING
    assert progress(send).at <= now()
