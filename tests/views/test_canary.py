"""A careful start on the pages: asked for when queueing, shown while it lasts, and decided when it stopped."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from campaigns import tasks
from campaigns.models import Delivery, Send, SendAction
from campaigns.views.home import decisions
from tests import builders
from tests.views.checking import checked, form, review, text

D = Delivery.State
STOPPED = "Stopped after the first 4 people: 2 failed (50 %), more than 5 %."


@pytest.fixture(autouse=True)
def _wakeups(monkeypatch):
    monkeypatch.setattr(tasks, "look_now", lambda: None)


@pytest.fixture
def held(event):
    """A send of which four go first: two are through, one of them badly, and six others wait."""
    send = builders.make_send(
        event,
        state=Send.State.SENDING,
        started_at=timezone.now() - timedelta(minutes=1),
        canary_count=4,
        canary_percent=5,
    )
    fates = [D.ACCEPTED, D.FAILED, D.QUEUED, D.IN_DOUBT] + [D.QUEUED] * 6
    rows = [builders.make_delivery(send, state, due_at=timezone.now()) for state in fates]
    Send.objects.update(held_after_id=rows[3].pk)
    send.refresh_from_db()
    return send


@pytest.fixture
def stopped(held):
    Send.objects.update(state=Send.State.PAUSED, held_after_id=None)
    SendAction.objects.create(send=held, verb="stopped", note=STOPPED)
    held.refresh_from_db()
    return held


def page(client, send, query=""):
    return text(client, reverse("send_detail", args=[send.pk]) + query)


def test_a_careful_start_is_offered_with_numbers_and_is_kept(marketer, event, three_people):
    checked(event)
    words = text(marketer, review(event))
    assert 'name="canary_count" value="50"' in words
    assert 'name="canary_percent" value="5"' in words
    assert "What is wrong for everybody then reaches a few, not all 3." in words

    typed = form(marketer, event, canary="1", canary_count="2", canary_percent="0")
    marketer.post(review(event), typed)

    send = Send.objects.get()
    assert (send.canary_count, send.canary_percent, send.held_after_id) == (2, 0, None)
    assert "2 people first; it stops if more than 0 % of them fail" in page(marketer, send)


def test_without_the_tick_the_numbers_do_not_matter(marketer, event, three_people):
    checked(event)

    marketer.post(review(event), form(marketer, event, canary_count="junk", canary_percent="900"))

    assert Send.objects.get().canary_count is None


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"canary_count": "0", "canary_percent": "5"}, "Start with at least one person"),
        ({"canary_count": "", "canary_percent": "5"}, "How many people go first"),
        ({"canary_count": "2.5", "canary_percent": "5"}, "How many people go first"),
        ({"canary_count": "9" * 30, "canary_percent": "5"}, "Start with at most"),
        ({"canary_count": "5", "canary_percent": "101"}, "from 0 to 100"),
        ({"canary_count": "5", "canary_percent": "-1"}, "from 0 to 100"),
        ({"canary_count": "5", "canary_percent": ""}, "from 0 to 100"),
    ],
)
def test_numbers_that_make_no_sense_are_named_and_nothing_is_queued(
    marketer, event, three_people, typed, words
):
    checked(event)

    response = marketer.post(review(event), form(marketer, event, canary="1", **typed))

    assert words in response.content.decode()
    assert not Send.objects.exists()


def test_the_page_shows_how_the_first_fare_and_who_waits(auditor, held):
    words = page(auditor, held)

    assert "The first 4 people go first." in words
    assert "2 of 4 have their answer; 1 failed (50 %). It stops if more than 5 % fail." in words
    assert "6 others wait for them." in words
    assert "1 of them is in doubt, and has to be settled first" in words


def test_held_people_are_not_called_late(auditor, held):
    Send.objects.update(started_at=timezone.now() - timedelta(minutes=5))
    held.deliveries.filter(pk__lte=held.held_after_id).update(due_at=timezone.now() + timedelta(minutes=5))
    held.deliveries.filter(pk__gt=held.held_after_id).update(due_at=timezone.now() - timedelta(minutes=5))

    assert "catching up" not in page(auditor, held)


def test_a_send_that_stopped_says_why_and_asks_before_it_goes_on(marketer, auditor, stopped):
    words = page(marketer, stopped)
    assert STOPPED in words
    assert "7 people have not been sent to, and wait." in words
    assert "Go on anyway…" in words
    assert "Cancel the rest…" in words
    assert reverse("send_action", args=[stopped.pk, "resume"]) not in words
    assert "Go on anyway" not in page(auditor, stopped)

    sure = page(marketer, stopped, "?go-on")
    assert "Go on anyway?" in sure
    assert "<dt>Get it next</dt> <dd>7</dd>" in sure
    assert "Go on anyway?" not in page(auditor, stopped, "?go-on")

    for _click in range(2):
        marketer.post(reverse("send_action", args=[stopped.pk, "resume"]))
    stopped.refresh_from_db()
    assert stopped.state == Send.State.SENDING
    assert stopped.actions.filter(verb="resumed").count() == 1
    assert STOPPED in page(marketer, stopped), "the history keeps it"


def test_home_names_it_among_what_needs_a_decision(stopped):
    said = [decision.text for decision in decisions()]
    assert any("stopped by itself" in text for text in said)
    assert not any("failed and can still" in text for text in said), "it is named once"
    SendAction.objects.create(send=stopped, verb="resumed")
    SendAction.objects.create(send=stopped, verb="paused")
    assert not any("stopped by itself" in decision.text for decision in decisions())
