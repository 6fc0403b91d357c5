"""A test whose answer is decided long after: what calls made since have put on a calendar stays there."""

from uuid import uuid4

import pytest

from campaigns.models import Account, Attempt, Delivery, Entry, Event
from campaigns.pipeline import compose, deliver, record
from campaigns.pipeline.compose import Verdict
from campaigns.pipeline.record import books
from integrations.rokt.token import Token
from tests.builders import make_account, make_campaign, make_event, make_segment, make_subscriber
from tests.pipeline.fake_rokt import FakeRokt, Fate, line_to
from tests.pipeline.running import CANCEL, CREATE, decide, only, queue, run, states, subscription

pytestmark = pytest.mark.django_db


@pytest.fixture
def event():
    account = make_account(
        "acme", rate_per_second=10_000, burst_count=10_000, when_in_doubt=Account.WhenInDoubt.HOLD
    )
    return make_event(make_campaign(account=account, segment=make_segment()), event_id="Event_0001")


@pytest.fixture
def rokt(monkeypatch):
    fake = FakeRokt()
    monkeypatch.setattr(deliver, "Line", line_to(fake.send))
    monkeypatch.setattr(deliver.Turn, "_fetch_token", lambda _turn: Token(uuid4().hex, expires_in=300))
    return fake


@pytest.fixture
def ada():
    return subscription(make_subscriber("ada", first_name="Ada"))


def trial(event, by, who, kind=CREATE):
    fresh, chosen = Event.objects.get(pk=event.pk), {who.subscriber_id: {who.rokt_id}}
    return compose.send_test(fresh, kind, to=chosen, by=by, submit_token=uuid4())


def in_doubt(rokt, send):
    """Run a send whose one call has no answer."""
    rokt.plan([Fate.LOST])
    run(send)
    assert states(send) == {"ada": "in_doubt"}
    return send


def arrived(send, by):
    assert decide(send, [only(send).pk], Verdict.ARRIVED, by=by, note="it did") == 1
    send.refresh_from_db()
    assert (only(send).state, only(send).reason) == (Delivery.State.ACCEPTED, Delivery.Reason.DECIDED)
    assert books.check(send).holds


def test_a_test_removal_that_is_decided_late_hides_no_real_entry(event, staff, ada, rokt):
    run(trial(event, staff, ada))
    removal = in_doubt(rokt, trial(event, staff, ada, CANCEL))
    real = run(queue(event, staff))
    assert states(real) == {"ada": "accepted"}

    arrived(removal, staff)

    entry = Entry.objects.get()
    assert (entry.state, entry.is_test, entry.delivery.send) == (Entry.State.PRESENT, False, real)
    assert states(run(queue(event, staff, CANCEL))) == {"ada": "accepted"}


def test_a_test_that_is_decided_late_brings_no_removed_entry_back(event, staff, ada, rokt):
    test = in_doubt(rokt, trial(event, staff, ada))
    run(queue(event, staff))
    removal = run(queue(event, staff, CANCEL))

    arrived(test, staff)

    entry = Entry.objects.get()
    assert (entry.state, entry.delivery.send) == (Entry.State.CANCELLED, removal)


def test_two_doubts_may_be_decided_in_either_order(event, staff, ada, rokt):
    run(trial(event, staff, ada))
    removal = in_doubt(rokt, trial(event, staff, ada, CANCEL))
    real = in_doubt(rokt, queue(event, staff))

    arrived(removal, staff)
    assert Entry.objects.get().state == Entry.State.CANCELLED
    arrived(real, staff)

    entry = Entry.objects.get()
    assert (entry.state, entry.is_test, entry.delivery.send) == (Entry.State.PRESENT, False, real)


def test_a_retry_is_newer_than_a_test_that_began_after_its_send(event, staff, ada, rokt):
    rokt.plan([Fate.REFUSED])
    real = run(queue(event, staff))
    run(trial(event, staff, ada))
    compose.retry_failed(real, by=staff)

    assert states(run(real)) == {"ada": "accepted"}
    entry = Entry.objects.get()
    assert (entry.is_test, entry.delivery.send) == (False, real)


def test_of_two_doubts_that_are_found_at_once_the_later_call_counts(event, staff, ada, rokt):
    test = in_doubt(rokt, trial(event, staff, ada))
    real = in_doubt(rokt, queue(event, staff))
    Delivery.objects.update(due_at=test.started_at)
    account = Account.objects.get()
    looked = record.Outcome(verdict=Attempt.Outcome.FOUND, status=200, answer="", reason="", elapsed_ms=5)
    doubts = sorted(record.claim_doubts(account, limit=9), key=lambda doubt: -doubt.delivery.pk)

    record.settle(
        [record.Finding(doubt, arrived=True, content="{}", looks=[("GET", "u", looked)]) for doubt in doubts]
    )

    assert states(test) == states(real) == {"ada": "confirmed"}
    entry = Entry.objects.get()
    assert (entry.is_test, entry.delivery.send) == (False, real)


def test_what_is_left_of_a_test_is_not_sent_again_after_a_retry_of_the_event_itself(event, staff, ada, rokt):
    rokt.plan([Fate.REFUSED])
    real = run(queue(event, staff))
    test = in_doubt(rokt, trial(event, staff, ada))
    compose.retry_failed(real, by=staff)
    run(real)

    with pytest.raises(compose.NotPossibleError, match="not sent again"):
        decide(test, [only(test).pk], Verdict.AGAIN, by=staff, note="lost")
    arrived(test, staff)
    assert (Entry.objects.get().is_test, Entry.objects.get().delivery.send) == (False, real)


def test_an_entry_of_the_event_itself_never_becomes_one_of_a_test(event, staff, ada, rokt):
    test = in_doubt(rokt, trial(event, staff, ada))
    real = run(queue(event, staff))
    Attempt.objects.filter(delivery__send=real).update(opened_at=test.started_at)

    arrived(test, staff)

    entry = Entry.objects.get()
    assert (entry.is_test, entry.delivery.send) == (False, test)
