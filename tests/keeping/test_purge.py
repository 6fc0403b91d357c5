"""Texts go by age; what became of them stays, and nothing goes that somebody may still need."""

from datetime import timedelta

import pytest
from django.utils import timezone

from campaigns import keeping
from campaigns.models import Attempt, Delivery, Entry, Purge, Send
from campaigns.pipeline.record import books, purge
from tests.builders import make_attempt, make_delivery, make_entry, make_event
from tests.keeping.conftest import ago, bodies, entry_of, old_event, old_send, said

pytestmark = pytest.mark.django_db


def tidy() -> None:
    keeping.tidy_up(seconds=60)


def test_what_was_said_long_ago_is_removed_and_what_became_of_it_stays():
    send = old_send(91)
    old = said(send, 91)
    young = said(old_send(89), 89)

    tidy()

    old.refresh_from_db()
    young.refresh_from_db()
    assert (old.body, old.answer) == ("", "")
    assert (old.outcome, old.status, old.elapsed_ms) == ("accepted", 202, 180)
    assert "Summer sale" in young.body
    assert "Ada" in young.answer
    delivery = old.delivery
    assert (delivery.state, delivery.external_id != "") == (Delivery.State.ACCEPTED, True)
    assert books.check(Send.objects.get(pk=send.pk)).holds


def test_calls_go_later_and_deliveries_stay_for_ever():
    send = old_send(401)
    said(send, 401)
    said(old_send(399), 399)

    tidy()

    assert Attempt.objects.count() == 1
    assert Delivery.objects.count() == 2
    assert send.deliveries.get().state == Delivery.State.ACCEPTED
    assert books.check(Send.objects.get(pk=send.pk)).holds


@pytest.mark.parametrize(
    "state",
    [Delivery.State.QUEUED, Delivery.State.SENDING, Delivery.State.IN_DOUBT],
)
def test_what_is_not_final_keeps_its_words_and_is_looked_at_again(state):
    """A repeat carries exactly the bytes of the call it repeats."""
    send = old_send(500, state=Send.State.CANCELLED)
    waiting, settled = said(send, 500, state), said(send, 500)

    tidy()

    assert bodies()[waiting.delivery.external_id] == (waiting.body, waiting.answer)
    assert not Attempt.objects.filter(pk=settled.pk).exists()

    Delivery.objects.filter(pk=waiting.delivery_id).update(
        state=Delivery.State.ACCEPTED, lease_token=None, lease_until=None
    )
    tidy()
    assert Attempt.objects.filter(pk=waiting.pk).exists()  # not every hour: it is looked at once a week

    Purge.objects.exclude(again_at=None).update(again_at=ago(0))
    tidy()
    assert not Attempt.objects.exists()


def test_a_failed_delivery_keeps_its_words_while_it_can_be_retried():
    coming = old_send(120, event=make_event(), deliver_until=timezone.now() + timedelta(days=1))
    over = old_send(120)
    kept, gone = said(coming, 120, Delivery.State.FAILED), said(over, 120, Delivery.State.FAILED)

    tidy()

    assert bodies()[kept.delivery.external_id][0] == kept.body
    assert bodies()[gone.delivery.external_id] == ("", "")


def test_what_was_said_in_a_later_retry_goes_in_its_own_time():
    send = old_send(120)
    first = said(send, 120)
    tidy()
    again = make_attempt(first.delivery, opened_at=ago(10))
    Delivery.objects.update(attempt_count=2)
    Send.objects.update(finished_at=ago(0))

    tidy()

    again.refresh_from_db()
    assert again.body != ""

    Attempt.objects.filter(pk=again.pk).update(opened_at=ago(100))
    Purge.objects.update(again_at=ago(0))
    tidy()

    again.refresh_from_db()
    assert again.body == ""


def test_an_entry_keeps_its_content_until_the_event_is_long_over():
    """A later update compares with it."""
    coming, over = make_event(), old_event(days=120)
    here = make_entry(said(old_send(120, event=coming, deliver_until=ago(-30)), 120).delivery)
    gone = make_entry(said(old_send(120, event=over, deliver_until=ago(119)), 120).delivery)

    tidy()

    assert Entry.objects.get(pk=here.pk).body == here.body
    assert Entry.objects.get(pk=gone.pk).body == ""
    assert Entry.objects.get(pk=gone.pk).state == Entry.State.PRESENT


def test_an_entry_stays_while_another_send_of_its_event_may_still_go():
    event = old_event(days=120)
    entry = make_entry(said(old_send(120, event=event, deliver_until=ago(119)), 120).delivery)
    old_send(1, event=event, deliver_until=ago(-1))

    tidy()

    assert entry_of(entry.delivery.attempts.get()).body != ""


def test_zero_days_keep_everything(settings):
    settings.KEEP_TEXTS_DAYS = settings.KEEP_CALLS_DAYS = 0
    call = said(old_send(5_000), 5_000)

    tidy()

    call.refresh_from_db()
    assert call.body != ""


def test_a_step_is_small_and_the_next_goes_on_where_it_ended(monkeypatch):
    monkeypatch.setattr(purge, "STEP_COUNT", 3)
    send = old_send(100)
    for _ in range(8):
        said(send, 100)

    counts = [purge.step(Purge.What.TEXTS, days=90) for _ in range(5)]

    assert counts == [3, 3, 2, 0, None]
    assert set(bodies().values()) == {("", "")}


def test_many_calls_of_one_person_make_a_smaller_step(monkeypatch):
    monkeypatch.setattr(purge, "STEP_COUNT", 3)
    send = old_send(100)
    for _ in range(2):
        delivery = make_delivery(send, attempt_count=2)
        for _ in range(2):
            make_attempt(delivery, opened_at=ago(100))

    assert purge.step(Purge.What.TEXTS, days=90) == 2


def test_a_step_asks_few_narrow_questions(django_assert_max_num_queries):
    send = old_send(100)
    for _ in range(20):
        said(send, 100)

    with django_assert_max_num_queries(16):
        purge.step(Purge.What.TEXTS, days=90)
