"""A test over real sockets: the very call of a real send, its answer kept, and its entry gone when it is removed."""

from uuid import uuid4

import pytest

from campaigns.models import Attempt, Delivery, Entry, SavedRecipient, Send
from campaigns.pipeline import compose
from campaigns.pipeline.calls import Calls
from campaigns.pipeline.record import Unfit
from tests.builders import make_account, make_subscriber
from tests.pipeline import braze_webhook
from tests.pipeline.running import CANCEL, CREATE, only, queue, run, states, subscription

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann(account):
    return subscription(make_subscriber(external_id="ann", first_name="Ann"))


@pytest.fixture
def ben(account):
    return subscription(make_subscriber(external_id="ben", first_name="Ben"))


def trial(event, by, person, kind: Send.Kind = CREATE) -> Send:
    chosen = {person.subscriber_id: {person.rokt_id}}
    return run(compose.send_test(event, kind, to=chosen, by=by, submit_token=uuid4()))


def calls(rokt):
    return [line for line in rokt.log() if "subscriptionevent" in line["path"]]


def test_a_test_and_the_send_after_it_make_the_same_call(event, staff, ann, ben, rokt):
    test = trial(event, staff, ann)
    assert [entry["eventId"] for entry in rokt.entries()[ann.rokt_id]] == ["Event_0001_ann"]
    assert ben.rokt_id not in rokt.entries()

    real = run(queue(event, staff))

    assert (states(test), states(real)) == ({"ann": "accepted"}, {"ann": "accepted", "ben": "accepted"})
    first, *others = [(call["method"], call["path"], call["body"]) for call in calls(rokt)]
    assert first in others
    assert len(others) == 2


def test_the_answer_to_a_test_is_kept(event, staff, ann, rokt):
    rokt.fault("400")

    attempt = only(trial(event, staff, ann)).attempts.get()

    assert (attempt.status, attempt.outcome) == (400, Attempt.Outcome.REFUSED)
    assert attempt.answer.startswith("{")
    assert not Entry.objects.exists()


def test_a_removed_test_is_gone_from_the_calendar(event, staff, ann, rokt):
    trial(event, staff, ann)

    removal = trial(event, staff, ann, CANCEL)

    assert states(removal) == {"ann": "accepted"}
    assert not rokt.entries(event="Event_0001_ann").get(ann.rokt_id)
    assert [call["method"] for call in calls(rokt)] == ["POST", "DELETE"]


def test_a_webhook_is_tested_with_all_subscriptions_of_the_person(event, staff, ann, rokt):
    second = subscription(ann.subscriber)
    ann.subscriber.attributes = {
        "rokt:account_code": [f"acme/{ann.rokt_id[-12:]}"],
        "rokt:subscription_id": [ann.rokt_id, second.rokt_id],
    }
    ann.subscriber.save()
    braze_webhook.use(event)

    assert states(trial(event, staff, ann)) == {"ann": "accepted"}

    assert set(rokt.entries()) == {ann.rokt_id, second.rokt_id}


def test_a_webhook_that_asks_elsewhere_is_written_before_the_event_is_locked(
    event, staff, ann, rokt, monkeypatch
):
    prepared = []
    monkeypatch.setattr(Calls, "asks_first", True)
    monkeypatch.setattr(Calls, "prepare", lambda _calls, rows: prepared.append(len(rows)))
    not_you = Unfit(Delivery.State.SKIPPED, Delivery.Reason.LEFT_OUT, "Not you")
    monkeypatch.setattr(Calls, "write", lambda _calls, rows: [not_you for _row in rows])

    with pytest.raises(compose.NotPossibleError, match=r"Nothing would be sent to Ann: Not you\."):
        trial(event, staff, ann)

    assert prepared == [1]
    assert not Send.objects.exists()


def test_recipients_are_kept_once_and_dropped(account, staff, ann, ben):
    compose.save_recipients(account, {ann.subscriber_id: {ann.rokt_id}}, by=staff)
    compose.save_recipients(account, {each.subscriber_id: {each.rokt_id} for each in (ann, ben)}, by=staff)

    kept = SavedRecipient.objects.filter(account=account)
    assert [(row.subscriber, row.rokt_id, row.saved_by) for row in kept] == [
        (ann.subscriber, ann.rokt_id, staff),
        (ben.subscriber, ben.rokt_id, staff),
    ]
    compose.forget_recipient(make_account(), kept[0].pk)
    compose.forget_recipient(account, kept[0].pk)
    assert [row.subscriber for row in kept.all()] == [ben.subscriber]
