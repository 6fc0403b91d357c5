"""The page of a send: how far it is, the books, what failed, what is in doubt, and what holds it back."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Breaker, Delivery, Halt, RateLimit, Send, SendAction
from campaigns.reports.progress import progress
from tests import builders

D = Delivery.State


@pytest.fixture
def send(event):
    """A send of the shop that is running since a minute."""
    return builders.make_send(
        event, state=Send.State.SENDING, started_at=timezone.now() - timedelta(minutes=1)
    )


def page(client, send, **query):
    response = client.get(reverse("send_detail", args=[send.pk]), query)
    assert response.status_code == 200
    return response.content.decode()


def history(send, **query):
    return f"?send={send.pk}" + "".join(f"&amp;{name}={value}" for name, value in query.items())


def test_the_books_show_every_state_and_lead_to_the_rows(auditor, send):
    for state in D:
        builders.make_delivery(send, state)
    builders.make_delivery(send, D.ACCEPTED)

    text = page(auditor, send)

    for state in D:
        assert history(send, state=state.value) in text
    assert "The books balance: everybody is in exactly one state." in text
    assert "of 10 settled, 70 %" in text


def test_while_it_runs_the_page_can_say_of_when_its_numbers_are(auditor, send):
    open_page = page(auditor, send)
    Send.objects.update(state=Send.State.FINISHED)
    finished = page(auditor, send)

    assert 'data-old-of="send-progress"' in open_page
    assert f'data-at="{timezone.now():%Y-%m-%d}' in open_page
    assert "data-old-of" not in finished


def test_books_that_do_not_balance_are_a_loud_error(auditor, send):
    builders.make_delivery(send, D.ACCEPTED)
    Send.objects.update(state=Send.State.FINISHED)
    Delivery.objects.update(state=D.FAILED)

    text = page(auditor, send)

    assert "The books do not balance." in text
    assert "The books balance:" not in text


def test_the_rate_is_what_was_settled_lately_and_says_how_long_it_takes(send):
    at = timezone.now()
    for number in range(40):
        delivery = builders.make_delivery(send, D.QUEUED if number < 10 else D.ACCEPTED, due_at=at)
        opened = at - timedelta(seconds=5 if number < 35 else 120)
        if number >= 10:
            builders.make_attempt(delivery, opened_at=opened, closed_at=opened)
    builders.make_attempt(builders.make_delivery())  # of another send

    seen = progress(send)

    assert seen.rate == pytest.approx(25 / 30, rel=0.05)
    assert seen.time_left == timedelta(seconds=10 / seen.rate)
    assert seen.finished_count == 30


def test_the_rate_looks_no_further_back_than_the_newest_attempts(send, monkeypatch):
    monkeypatch.setattr("campaigns.reports.progress.SAMPLE_COUNT", 4)
    at = timezone.now()
    for seconds in (10, 8, 6, 4, 2):
        opened = at - timedelta(seconds=seconds)
        builders.make_attempt(builders.make_delivery(send), opened_at=opened, closed_at=opened)

    assert progress(send).rate == pytest.approx(4 / 8, rel=0.1)


def test_nothing_is_promised_before_anything_has_moved(auditor, send):
    builders.make_delivery(send, D.QUEUED, due_at=timezone.now())

    assert progress(send).rate == 0
    assert progress(send).time_left is None


def test_retries_that_wait_are_counted_with_the_time_of_the_next(auditor, send):
    next_at = timezone.now() + timedelta(minutes=7)
    builders.make_delivery(send, D.QUEUED, due_at=next_at)
    builders.make_delivery(send, D.QUEUED, due_at=next_at + timedelta(hours=1))

    text = page(auditor, send)

    assert "Waiting for another try" in text
    assert f"{next_at.astimezone(UTC):%H:%M:%S} UTC" in text


def test_failures_are_grouped_by_reason_with_people_to_look_at(auditor, marketer, send):
    for number in range(5):
        person = builders.make_subscriber(f"refused-{number}")
        builders.make_delivery(
            send, D.FAILED, subscriber=person, reason="refused", detail="InvalidTimezone <b>"
        )
    builders.make_delivery(send, D.FAILED, reason="rendering", detail="title: empty")

    text = page(marketer, send)

    assert "Refused by Rokt" in text
    assert "The text could not be filled in" in text
    assert history(send, state="failed", reason="refused") in text
    assert text.count("InvalidTimezone &lt;b&gt;") == 3
    assert text.index("Refused by Rokt") < text.index("The text could not be filled in")
    assert "Try these again" in text
    assert "Try these again" not in page(auditor, send)


def test_doubts_are_explained_and_listed(auditor, marketer, approver, send):
    builders.make_delivery(send, D.IN_DOUBT, reason="no_answer", subscriber=builders.make_subscriber("eve"))

    text = page(approver, send)

    assert "1 delivery in doubt" in text
    assert "We look into the calendar by ourselves" in text
    assert "eve" in text
    assert "It arrived" in text
    assert "It arrived" not in page(marketer, send)
    send.account.when_in_doubt = "hold"
    send.account.save()
    assert "This account waits until an approver or an administrator decides." in page(auditor, send)


def test_progress_asks_again_while_the_send_is_open_and_then_stops(auditor, send):
    address = reverse("send_progress", args=[send.pk])
    builders.make_delivery(send, D.QUEUED, due_at=timezone.now())

    assert 'hx-trigger="every 2s"' in auditor.get(address).content.decode()
    builders.make_delivery(send, D.ACCEPTED)
    Delivery.objects.update(state=D.ACCEPTED)
    Send.objects.update(state=Send.State.FINISHED, queued_count=0, accepted_count=2)
    response = auditor.get(address, {"state": "sending"})

    assert "hx-trigger" not in response.content.decode()
    assert response["HX-Refresh"] == "true"
    assert "HX-Refresh" not in auditor.get(address, {"state": "finished"})
    assert "no-store" in response["Cache-Control"]


def test_progress_is_announced_once_for_every_tenth(auditor, send):
    address = reverse("send_progress", args=[send.pk])
    builders.make_delivery(send, D.ACCEPTED)
    builders.make_delivery(send, D.QUEUED, due_at=timezone.now())

    assert 'hx-swap-oob="innerHTML"' in auditor.get(address, {"said": "40"}).content.decode()
    assert 'hx-swap-oob="innerHTML"' not in auditor.get(address, {"said": "50"}).content.decode()


def test_a_worker_that_does_not_come_is_told_of(auditor, send):
    due = timezone.now() - timedelta(seconds=40)
    builders.make_delivery(send, D.QUEUED, due_at=due)
    Send.objects.update(started_at=due)

    assert "The sender is catching up" in page(auditor, send)

    SendAction.objects.create(send=send, verb="resumed")
    assert "The sender is catching up" not in page(auditor, send)


def test_a_scheduled_send_that_does_not_start_is_told_of(auditor, event):
    send = builders.make_send(event, scheduled_at=timezone.now() - timedelta(minutes=1))

    assert "The sender is catching up" in page(auditor, send)


def test_a_send_that_moves_is_not_called_late(auditor, send):
    due = timezone.now() - timedelta(minutes=2)
    builders.make_delivery(send, D.QUEUED, due_at=due)
    Send.objects.update(started_at=due)
    builders.make_attempt(builders.make_delivery(send))

    assert "catching up" not in page(auditor, send)


@pytest.mark.parametrize(
    ("hold", "words"),
    [
        (lambda account: RateLimit(account=account, held_until=_soon()), "Rokt asked us to wait"),
        (lambda account: Breaker(account=account, open_until=_soon()), "Rokt is not answering well"),
    ],
)
def test_what_holds_a_send_back_is_said(auditor, send, hold, words):
    builders.make_delivery(send, D.QUEUED, due_at=timezone.now())
    hold(send.account).save()

    assert words in page(auditor, send)
    assert f"{_soon():%H:%M:%S} UTC" in page(auditor, send)


def _soon():
    return datetime(2100, 1, 1, 12, 30, 5, tzinfo=UTC)


def test_a_stopped_account_is_said(auditor, admin, send):
    send.account.stopped_at, send.account.stopped_reason = timezone.now(), "HTTP 401."
    send.account.save()

    account = reverse("admin:campaigns_account_change", args=[send.account_id])

    assert "The account is stopped: HTTP 401. Nothing is lost" in page(auditor, send)
    assert account in page(admin, send)
    assert account not in page(auditor, send)


def test_sends_that_are_held_after_a_restore_are_said(auditor, send):
    Halt.objects.create(made_at=timezone.now())

    assert "All sends are held until an administrator" in page(auditor, send)


def test_a_send_that_waits_for_release_shows_the_approver_what_it_is(approver, event):
    builders.make_subscription(builders.make_subscriber("ada"), event.account)
    send = builders.make_send(event, state=Send.State.REQUESTED)

    text = page(approver, send)

    assert "Nothing is sent before a second person releases it." in text
    assert "Approvers and administrators can" not in text
    assert "Event_0001_ada" in text
    assert "Release" in text


def test_what_a_send_waits_for_when_only_doubts_are_left_is_said(marketer, send):
    builders.make_delivery(send, D.ACCEPTED)
    builders.make_delivery(send, D.IN_DOUBT)

    text = page(marketer, send)

    assert "Everybody else is through: it ends when the deliveries in doubt are settled." in text
    builders.make_delivery(send, D.QUEUED, due_at=timezone.now())
    assert "Everybody else is through" not in page(marketer, send)


def test_somebody_who_may_not_decide_about_doubts_learns_who_may(marketer, send):
    send.account.when_in_doubt = "hold"
    send.account.save()
    builders.make_delivery(send, D.IN_DOUBT)

    assert "until an approver or an administrator decides" in page(marketer, send)


def test_the_pace_is_shown_only_while_there_is_one(auditor, send):
    assert "Settled a second" in page(auditor, send)
    Send.objects.update(state=Send.State.FINISHED)

    assert "Settled a second" not in page(auditor, send)


def test_whoever_asked_for_a_release_learns_who_can_give_it(marketer, event):
    send = builders.make_send(event, state=Send.State.REQUESTED, created_by=marketer.user)

    assert "Approvers and administrators can" in page(marketer, send)


def test_an_audience_of_old_that_is_not_understood_any_more_is_shown_as_such(auditor, send):
    Send.objects.update(rule={"match": "some", "rules": []})

    assert "A group matches" in page(auditor, send)
