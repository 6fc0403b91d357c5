"""What Rokt tells of entries reaches the history: confirmed, removed, taken off, or none of ours."""

from datetime import timedelta

import pytest
from django.utils import timezone

from campaigns.models import Attempt, Delivery, Entry, Notice, Send
from campaigns.pipeline.record import books
from tests.builders import make_attempt, make_delivery, make_entry, make_event, make_send, make_subscriber
from tests.inbound.rokt_says import GUID, entry, hurry, told

pytestmark = pytest.mark.django_db

ADDED, REMOVED = "SubscriptionEventAdded", "SubscriptionEventRemoved"
UPDATED, DELETED = "SubscriptionEventUpdated", "SubscriptionEventDeleted"
State = Notice.State


def sent(
    event,
    user_id="ada",
    *,
    kind=Send.Kind.CREATE,
    operation=Attempt.Operation.CREATE,
    state=Delivery.State.ACCEPTED,
    **columns,
) -> Delivery:
    """A call of ours that was made a minute ago."""
    person = columns.pop("subscriber", None) or make_subscriber(user_id)
    at = timezone.now() - timedelta(minutes=1)
    send = make_send(event, kind, state=Send.State.SENDING, started_at=at)
    delivery = make_delivery(send, state, subscriber=person, attempt_count=1, **columns)
    outcome = "" if state == Delivery.State.SENDING else Attempt.Outcome.ACCEPTED
    make_attempt(delivery, outcome, opened_at=at, operation=operation)
    if kind == Send.Kind.CREATE and state == Delivery.State.ACCEPTED:
        make_entry(delivery)
    return delivery


def state_of(delivery: Delivery) -> str:
    delivery.refresh_from_db()
    return delivery.state


def test_an_entry_that_arrived_is_confirmed(account, event):
    delivery = sent(event)

    (row,) = told(account, entry(ADDED, "Event_0001_ada", rokt_id=GUID))

    assert row.state == State.DONE
    assert state_of(delivery) == Delivery.State.CONFIRMED
    assert books.check(Send.objects.get()).holds
    assert Entry.objects.get().confirmed_at is not None


def test_a_second_word_of_the_same_entry_is_known(account, event):
    delivery = sent(event)

    rows = told(account, *(entry(ADDED, "Event_0001_ada", rokt_id=GUID) for _ in range(3)))

    assert [row.state for row in rows] == [State.DONE] * 3
    assert "known" in rows[-1].reason
    assert state_of(delivery) == Delivery.State.CONFIRMED


def test_updates_and_removals_are_confirmed(account, event):
    first = sent(event)
    update = sent(
        event, kind=Send.Kind.UPDATE, operation=Attempt.Operation.UPDATE, subscriber=first.subscriber
    )
    removal = sent(
        event, kind=Send.Kind.CANCEL, operation=Attempt.Operation.DELETE, subscriber=first.subscriber
    )

    told(account, entry(DELETED, "Event_0001_ada"), entry(UPDATED, "Event_0001_ada"))

    assert [state_of(each) for each in (first, update, removal)] == ["accepted", "confirmed", "confirmed"]


def test_rokts_mislabelled_removal_from_all_is_a_deletion(account, event):
    first = sent(event)
    removal = sent(
        event, kind=Send.Kind.CANCEL, operation=Attempt.Operation.DELETE, subscriber=first.subscriber
    )

    (row,) = told(account, entry(REMOVED, "Event_0001_ada"))

    assert row.event_type == DELETED
    assert state_of(removal) == Delivery.State.CONFIRMED
    assert Entry.objects.get().state == Entry.State.PRESENT  # not taken off by the person


def test_who_took_it_off_has_it_no_more(account, event):
    sent(event)

    told(account, entry(REMOVED, "Event_0001_ada", rokt_id=GUID))

    assert Entry.objects.get().state == Entry.State.DROPPED


def test_word_that_overtakes_our_own_answer_is_heard_again(account, event):
    delivery = sent(event, state=Delivery.State.SENDING)

    (row,) = told(account, entry(ADDED, "Event_0001_ada", rokt_id=GUID))
    assert row.state == State.WAITING
    assert row.due_at is not None
    assert row.due_at < timezone.now() + timedelta(seconds=30)

    Delivery.objects.filter(pk=delivery.pk).update(
        state=Delivery.State.ACCEPTED, lease_token=None, lease_until=None
    )
    Send.objects.update(sending_count=0, accepted_count=1)
    hurry()

    row.refresh_from_db()
    assert row.state == State.DONE
    assert state_of(delivery) == Delivery.State.CONFIRMED


def test_an_event_id_with_underscores_finds_the_event_that_there_is(account, campaign):
    make_event(campaign, event_id="A")
    with_number = make_event(campaign, event_id="B_1")
    whole, split = sent(campaign.events.get(event_id="A"), "1_2"), sent(with_number, "2")

    told(account, entry(ADDED, "A_1_2"), entry(ADDED, "B_1_2"))

    assert [state_of(each) for each in (whole, split)] == ["confirmed", "confirmed"]


def test_large_and_small_letters_are_told_apart(account, event):
    delivery = sent(event)

    rows = told(account, entry(ADDED, "event_0001_ada"), entry(ADDED, "Event_0001_Ada"))

    assert [row.state for row in rows] == [State.IGNORED, State.ORPHAN]
    assert state_of(delivery) == Delivery.State.ACCEPTED


@pytest.mark.parametrize("wire_id", ["somebody-elses_ada", "Event_0001", "%_ada"])
def test_what_is_none_of_ours_is_left_alone(account, event, wire_id):
    (row,) = told(account, entry(ADDED, wire_id))

    assert (row.state, row.due_at) == (State.IGNORED, None)


def test_the_event_of_another_account_is_none_of_ours(account):
    delivery = sent(make_event(event_id="Event_0001"))

    (row,) = told(account, entry(ADDED, "Event_0001_ada"))

    assert row.state == State.IGNORED
    assert state_of(delivery) == Delivery.State.ACCEPTED


def test_our_event_for_somebody_we_never_sent_it_to_waits(account, event):
    (row,) = told(account, entry(ADDED, "Event_0001_zoe"))

    assert row.state == State.ORPHAN


@pytest.mark.parametrize("kind", [ADDED, REMOVED])
def test_word_that_is_older_than_our_call_says_nothing_about_it(account, event, kind):
    delivery = sent(event)

    told(
        account,
        entry(kind, "Event_0001_ada", rokt_id=GUID),
        at=timezone.now() - timedelta(hours=1),
    )

    assert state_of(delivery) == Delivery.State.ACCEPTED
    assert Entry.objects.get().state == Entry.State.PRESENT


def test_a_removal_that_nobody_here_asked_for_is_noted(account, event):
    sent(event)

    (row,) = told(account, entry(DELETED, "Event_0001_ada"))

    assert row.state == State.DONE
    assert "not from here" in row.reason
    assert Entry.objects.get().state == Entry.State.CANCELLED
    (again,) = told(account, entry(DELETED, "Event_0001_ada"))
    assert again.state == State.IGNORED


def test_without_an_event_id_nothing_can_be_done(account):
    (row,) = told(account, entry(ADDED, ""))

    assert row.state == State.FAILED
