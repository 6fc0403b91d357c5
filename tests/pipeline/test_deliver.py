"""A send, from the queue to Rokt's log: what leaves is what the seed's webhook would send."""

import json

import pytest
from django.db import OperationalError

from campaigns.models import Attempt, Delivery, Entry, Send
from campaigns.pipeline import compose, deliver
from campaigns.pipeline.compose import Verdict
from campaigns.pipeline.record import books
from tests.builders import make_subscriber
from tests.pipeline.running import CANCEL, UPDATE, decide, only, queue, run, states, subscription

pytestmark = pytest.mark.django_db

ONE = "06423672-b6ba-4536-aa36-f5733866ade2"
TWO = "9a9007c7-f5a4-4811-b13c-ff10919f1078"


def test_one_person_with_two_subscriptions_gets_one_call_with_the_seeds_body(event, staff, rokt):
    event.title, event.location = 'Say "hi" to 김 & Zoë', "Open for\n50% off"
    event.description = "Hallo {{${first_name} | default: 'there'}} 🎉"
    event.save()
    person = make_subscriber(external_id="user42", first_name='O"Brien')
    subscription(person, rokt_id=TWO, position=1)
    subscription(person, rokt_id=ONE, position=0)

    run(queue(event, staff))

    [post] = [line for line in rokt.log() if "subscriptionevent" in line["path"]]
    assert post["path"] == "/v1/subscriptionevent/acme"
    assert post["status"] == 202
    start, end = event.start_local.isoformat(), event.end_local.isoformat()
    assert post["body"] == (
        '{"event":{"eventId":"Event_0001_user42","title":"Say \\"hi\\" to 김 & Zoë",'
        '"description":"Hallo O\\"Brien 🎉","location":"Open for\\n50% off",'
        f'"start":"{start}","end":"{end}","timezone":"Eastern Standard Time","notifyBefore":"15"}},'
        f'"subscriptionIds":["{ONE}","{TWO}"]}}'
    )


def test_everybody_ends_in_exactly_one_state_and_the_books_balance(event, staff, rokt):
    for number in range(150):
        subscription(make_subscriber(external_id=f"u{number}"))
    subscription(make_subscriber(external_id="without-id"), rokt_id="")

    send = run(queue(event, staff))

    assert send.state == Send.State.FINISHED
    assert (send.audience_count, send.accepted_count, send.skipped_count) == (151, 150, 1)
    assert books.check(send).holds
    assert rokt.summary()["events"] == 150
    assert only_reason(send, "without-id") == Delivery.Reason.NO_SUBSCRIPTION_ID


def only_reason(send: Send, external_id: str) -> str:
    return send.deliveries.get(external_id=external_id).reason


def test_every_attempt_keeps_the_exact_request_and_the_answer(event, staff, rokt):
    subscription(make_subscriber(external_id="user42"), rokt_id=ONE)

    send = run(queue(event, staff))

    [attempt] = Attempt.objects.filter(delivery__send=send)
    [post] = [line for line in rokt.log() if "subscriptionevent" in line["path"]]
    assert attempt.body == post["body"]
    assert attempt.url == f"{rokt.url}/v1/subscriptionevent/acme"
    assert (attempt.outcome, attempt.status, attempt.number) == (Attempt.Outcome.ACCEPTED, 202, 1)
    assert attempt.closed_at is not None
    assert attempt.closed_at >= attempt.opened_at


def test_an_update_goes_to_those_who_have_the_event_and_only_where_something_changed(event, staff, rokt):
    subscription(make_subscriber(external_id="ann", first_name="Ann"))
    subscription(make_subscriber(external_id="bob", first_name="Bob"))
    event.title = "{% if ${first_name} == 'Ann' %}Sale{% else %}Show{% endif %}"
    event.save()
    run(queue(event, staff))
    subscription(make_subscriber(external_id="newcomer"))
    event.title = "{% if ${first_name} == 'Ann' %}Sale, one hour later{% else %}Show{% endif %}"
    event.save()

    send = run(queue(event, staff, UPDATE))

    assert states(send) == {"ann": "accepted", "bob": "skipped"}
    assert only_reason(send, "bob") == Delivery.Reason.UNCHANGED
    [update] = [line for line in rokt.log() if line["path"].endswith("/update")]
    body = json.loads(update["body"])
    assert list(body) == ["event"]
    assert body["event"]["title"] == "Sale, one hour later"
    assert body["event"]["eventId"] == "Event_0001_ann"


@pytest.mark.parametrize(
    ("fault", "end"), [({"fault": "reset"}, "given up"), ({"fault": "status", "status": 503}, "cancelled")]
)
def test_an_update_takes_back_one_of_which_nobody_knows_whether_it_arrived(fault, end, event, staff, rokt):
    subscription(make_subscriber(external_id="ann"))
    run(queue(event, staff))
    event.title = "A slip"
    event.save()
    slip = queue(event, staff, UPDATE)
    rokt.fault(**fault, count=1)
    run(slip)
    if end == "given up":
        decide(slip, [only(slip).pk], Verdict.GIVEN_UP, by=staff)
    else:
        compose.cancel(slip, by=staff)
    event.title = "Summer Sale"
    event.save()

    back = run(queue(event, staff, UPDATE))

    assert states(back) == {"ann": "accepted"}


def test_the_update_body_is_flat_where_the_account_says_so(event, staff, account, rokt):
    account.update_body = account.UpdateBody.FLAT
    account.save()
    subscription(make_subscriber(external_id="ann"))
    run(queue(event, staff))
    event.title = "Later"
    event.save()

    send = run(queue(event, staff, UPDATE))

    [update] = [line for line in rokt.log() if line["path"].endswith("/update")]
    assert json.loads(update["body"])["eventId"] == "Event_0001_ann"
    assert only(send).state == Delivery.State.ACCEPTED
    assert "Later" in Entry.objects.get().body


def test_a_cancellation_removes_the_entry_and_a_new_send_may_follow(event, staff, rokt):
    subscription(make_subscriber(external_id="ann"), rokt_id=ONE)
    run(queue(event, staff))

    send = run(queue(event, staff, CANCEL))

    assert states(send) == {"ann": "accepted"}
    assert Entry.objects.get().state == Entry.State.CANCELLED
    assert rokt.entries(subscription=ONE).get(ONE, []) == []
    assert states(run(queue(event, staff))) == {"ann": "accepted"}


def test_those_who_have_the_event_already_are_skipped_by_a_second_send(event, staff, rokt):
    subscription(make_subscriber(external_id="ann"))
    run(queue(event, staff))
    subscription(make_subscriber(external_id="bob"))

    send = run(queue(event, staff))

    assert states(send) == {"ann": "skipped", "bob": "accepted"}
    assert only_reason(send, "ann") == Delivery.Reason.ALREADY_RECEIVED
    assert rokt.summary()["posted_twice"] == {}


def test_only_subscriptions_of_the_campaigns_account_are_in_the_call(event, staff, rokt):
    person = make_subscriber(external_id="ann")
    subscription(person, rokt_id=ONE, position=0)
    subscription(person, rokt_id=TWO, position=1, account_code="northwind")

    run(queue(event, staff))

    [post] = [line for line in rokt.log() if "subscriptionevent" in line["path"]]
    assert json.loads(post["body"])["subscriptionIds"] == [ONE]


def test_a_text_that_cannot_be_filled_in_fails_alone_and_says_why(event, staff, rokt):
    event.title = "Hi {{${first_name}}}"
    event.save()
    subscription(make_subscriber(external_id="ann", first_name="Ann"))
    person = make_subscriber(external_id="bob", first_name="Bob")
    subscription(person)
    send = queue(event, staff)
    person.first_name = ""  # since everybody was checked
    person.save()

    run(send)

    assert states(send) == {"ann": "accepted", "bob": "failed"}
    bob = send.deliveries.get(external_id="bob")
    assert bob.reason == Delivery.Reason.RENDERING
    assert bob.detail == "title: ${first_name} is empty and has no default"


def test_somebody_who_left_after_the_freeze_is_skipped(event, staff, rokt):
    person = make_subscriber(external_id="ann")
    subscription(person)
    send = queue(event, staff)
    person.is_active = False
    person.save()

    run(send)

    assert only(send).reason == Delivery.Reason.LEFT
    assert rokt.summary()["events"] == 0


def test_editing_the_event_after_queueing_changes_nothing_that_is_sent(event, staff, rokt):
    subscription(make_subscriber(external_id="ann"))
    send = queue(event, staff)
    event.title = "Edited meanwhile"
    event.save()

    run(send)

    [post] = [line for line in rokt.log() if "subscriptionevent" in line["path"]]
    assert json.loads(post["body"])["event"]["title"] == "Summer Sale"


def test_one_batch_that_cannot_be_landed_does_not_keep_the_answers_of_the_next(account, monkeypatch):
    landed: list[str] = []
    turn = deliver.Turn(account)
    turn.__enter__()
    turn.flights.extend(["one", "two"])  # type: ignore[list-item]  # only that they are landed matters

    def land() -> None:
        landed.append(str(turn.flights.popleft()))
        raise OperationalError

    monkeypatch.setattr(turn, "_land", land)

    with pytest.raises(OperationalError):
        turn.__exit__(None, None, None)

    assert landed == ["one", "two"]


def test_two_sends_of_an_account_take_turns(event, staff, account, rokt):
    account.at_once_count = 5
    account.save()
    for number in range(20):
        subscription(make_subscriber(external_id=f"u{number}"))
    large = queue(event, staff)
    event.pk, event.event_id = None, "Event_0002"
    event.save()
    small = queue(event, staff)

    run(large)

    events = [
        json.loads(line["body"])["event"]["eventId"][:10]
        for line in rokt.log()
        if line["body"].startswith("{")
    ]
    assert events.index("Event_0002") < 10
    assert len(events) == 40
    small.refresh_from_db()
    assert small.state == Send.State.FINISHED
