"""Test sends: to a few people somebody chose, by the ordinary worker, and never taken for the event itself."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from campaigns.models import Account, Attempt, Delivery, Entry, Event, Send
from campaigns.pipeline import clockwork, compose, deliver
from campaigns.pipeline.compose import Verdict
from campaigns.pipeline.record import books
from integrations.rokt.token import Token
from tests.builders import make_account, make_campaign, make_event, make_segment, make_subscriber
from tests.pipeline.fake_rokt import FakeRokt, Fate, line_to
from tests.pipeline.running import (
    CANCEL,
    CREATE,
    UPDATE,
    decide,
    hurry,
    only,
    queue,
    run,
    states,
    subscription,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(db):
    return make_account("acme", rate_per_second=10_000, burst_count=10_000)


@pytest.fixture
def event(account):
    campaign = make_campaign(account=account, segment=make_segment())
    return make_event(
        campaign=campaign, event_id="Event_0001", title="Hello {{${first_name} | default: 'you'}}"
    )


@pytest.fixture
def rokt(monkeypatch):
    fake = FakeRokt()
    monkeypatch.setattr(deliver, "Line", line_to(fake.send))
    monkeypatch.setattr(deliver.Turn, "_fetch_token", lambda _turn: Token(uuid4().hex, expires_in=300))
    return fake


@pytest.fixture
def ada():
    return subscription(make_subscriber("ada", first_name="Ada"))


@pytest.fixture
def bob():
    return subscription(make_subscriber("bob", first_name="Bob"))


def to(*subscriptions):
    chosen: dict[int, set[str]] = {}
    for one in subscriptions:
        chosen.setdefault(one.subscriber_id, set()).add(one.rokt_id)
    return chosen


def trial(event, by, *subscriptions, kind=CREATE):
    fresh = Event.objects.get(pk=event.pk)
    return compose.send_test(fresh, kind, to=to(*subscriptions), by=by, submit_token=uuid4())


def refusal(event, by, *subscriptions, kind=CREATE):
    before = Send.objects.count()
    with pytest.raises(compose.NotPossibleError) as refused:
        trial(event, by, *subscriptions, kind=kind)
    assert Send.objects.count() == before
    return str(refused.value)


def on_calendars(rokt):
    return {event_id for calendar in rokt.calendars.values() for event_id in calendar}


def test_a_test_reaches_exactly_those_who_were_chosen(event, staff, ada, bob, rokt):
    send = trial(event, staff, ada)

    assert (send.is_test, send.state, send.segment, send.rule) == (True, Send.State.SENDING, None, None)
    assert only(send).subscriptions == f"0:{ada.rokt_id}"
    assert books.check(send).holds
    run(send)
    assert states(send) == {"ada": "accepted"}
    assert send.state == Send.State.FINISHED
    assert books.check(send).holds
    assert rokt.arrived == [("create", "Event_0001_ada")]
    assert rokt.calendars[ada.rokt_id]["Event_0001_ada"]["title"] == "Hello Ada"
    assert Entry.objects.get().is_test
    assert [(action.verb, action.by, action.delivery_count) for action in send.actions.all()] == [
        ("queued", staff, 1)
    ]


def test_only_the_chosen_subscriptions_of_a_person_are_in_the_call(event, staff, ada, rokt):
    other = subscription(ada.subscriber)
    third = subscription(ada.subscriber)

    send = trial(event, staff, other, third)

    assert only(send).subscriptions == f"1:{other.rokt_id} 2:{third.rokt_id}"
    run(send)
    assert set(rokt.calendars) == {other.rokt_id, third.rokt_id}


def test_the_real_send_reaches_those_who_had_the_test(event, staff, ada, bob, rokt):
    run(trial(event, staff, ada))

    send = run(queue(event, staff))

    assert states(send) == {"ada": "accepted", "bob": "accepted"}
    assert not Entry.objects.filter(is_test=True).exists()
    bodies = Attempt.objects.filter(delivery__external_id="ada").values_list("body", flat=True)
    assert len(bodies) == 2
    assert len(set(bodies)) == 1


def test_whoever_really_has_the_event_gets_no_test(event, staff, ada, bob, rokt):
    send = run(queue(event, staff))

    said = refusal(event, staff, ada)

    assert f"Ada already has this event from send #{send.pk}: a test would change the real entry." in said


def test_a_test_entry_can_be_updated_and_removed_by_tests(event, staff, ada, rokt):
    run(trial(event, staff, ada))
    Event.objects.update(title="Bye {{${first_name} | default: 'you'}}")

    run(trial(event, staff, ada, kind=UPDATE))
    assert rokt.calendars[ada.rokt_id]["Event_0001_ada"]["title"] == "Bye Ada"
    assert Entry.objects.get().is_test
    send = run(trial(event, staff, ada, kind=CANCEL))

    assert states(send) == {"ada": "accepted"}
    assert on_calendars(rokt) == set()
    assert Entry.objects.get().state == Entry.State.CANCELLED
    assert not compose.entries_by_tests(event).exists()


def test_an_update_that_changes_nothing_says_so(event, staff, ada, rokt):
    run(trial(event, staff, ada))

    assert "Nothing would be sent to Ada: already has exactly this content." in refusal(
        event, staff, ada, kind=UPDATE
    )


@pytest.mark.parametrize("kind", [UPDATE, CANCEL])
def test_a_change_goes_only_to_test_entries(kind, event, staff, ada, bob, rokt):
    run(queue(event, staff))

    assert "Ada has no test entry of this event, so there is nothing to change." in refusal(
        event, staff, ada, kind=kind
    )


def test_a_real_update_leaves_test_entries_alone_and_a_real_removal_takes_them_along(
    event, staff, ada, bob, rokt
):
    event.campaign.segment.rule = {"match": "all", "rules": []}
    run(trial(event, staff, ada))
    real = run(queue(event, staff))
    assert states(real) == {"ada": "accepted", "bob": "accepted"}
    cy = subscription(make_subscriber("cy", first_name="Cy"))
    run(trial(event, staff, cy))
    Event.objects.update(title="Changed")
    event.refresh_from_db()

    assert states(run(queue(event, staff, UPDATE))) == {"ada": "accepted", "bob": "accepted"}
    assert states(run(queue(event, staff, CANCEL))) == {
        "ada": "accepted",
        "bob": "accepted",
        "cy": "accepted",
    }
    assert on_calendars(rokt) == set()


def test_the_same_token_twice_is_one_test(event, staff, ada, rokt):
    token = uuid4()

    first = compose.send_test(event, CREATE, to=to(ada), by=staff, submit_token=token)
    again = compose.send_test(event, CREATE, to=to(ada), by=staff, submit_token=token)

    assert first == again
    assert Send.objects.count() == Delivery.objects.count() == 1


def test_two_tabs_at_the_same_moment_are_one_test(event, staff, ada, rokt, monkeypatch):
    from campaigns.pipeline.compose import trial as module

    token, tried = uuid4(), module._tried

    def meanwhile(send, rows):
        monkeypatch.setattr(module, "_tried", tried)
        compose.send_test(event, CREATE, to=to(ada), by=staff, submit_token=token)
        return tried(send, rows)

    monkeypatch.setattr(module, "_tried", meanwhile)
    compose.send_test(event, CREATE, to=to(ada), by=staff, submit_token=token)

    assert Send.objects.count() == Delivery.objects.count() == 1


def test_a_real_send_waits_for_a_test_and_then_starts(event, staff, ada, bob, rokt):
    test = trial(event, staff, ada)

    real = queue(event, staff)

    assert real.state == Send.State.SCHEDULED
    assert not real.deliveries.exists()
    run(test)
    assert clockwork.start_due() == [real.pk]
    assert states(run(real)) == {"ada": "accepted", "bob": "accepted"}


def test_a_real_send_waits_while_a_test_looks_into_a_doubt_and_not_while_it_waits_for_people(
    event, staff, ada, rokt
):
    rokt.plan([Fate.LOST])
    test = run(trial(event, staff, ada))
    assert states(test) == {"ada": "in_doubt"}
    assert queue(event, staff).state == Send.State.SCHEDULED

    test.deliveries.update(due_at=None)

    assert len(clockwork.start_due()) == 1


def test_what_is_left_of_a_test_is_not_sent_again_after_the_event_itself(event, staff, ada, rokt):
    rokt.plan([Fate.LOST])
    test = run(trial(event, staff, ada))
    test.deliveries.update(due_at=None)
    before = decide(test, [only(test).pk], Verdict.AGAIN, by=staff, note="lost")
    rokt.plan([Fate.LOST])
    run(test)
    test.deliveries.update(due_at=None)
    run(queue(event, staff))

    with pytest.raises(compose.NotPossibleError, match="not sent again"):
        decide(test, [only(test).pk], Verdict.AGAIN, by=staff, note="lost")
    decide(test, [only(test).pk], Verdict.ARRIVED, by=staff, note="seen on the calendar")
    assert before == 1
    assert not Entry.objects.get().is_test


def test_a_test_of_another_event_keeps_nothing_back(event, staff, ada, rokt):
    trial(make_event(campaign=event.campaign, event_id="Other"), staff, ada)

    assert queue(event, staff).state == Send.State.SENDING


def test_a_test_waits_for_a_real_send_that_is_on_its_way(event, staff, ada, bob, rokt):
    real = queue(event, staff)

    assert f"Send #{real.pk} of this event is on its way." in refusal(event, staff, ada)
    rokt.plan([Fate.LOST, Fate.LOST])
    run(real)
    assert f"Send #{real.pk} of this event is on its way." in refusal(event, staff, ada)


def test_a_test_waits_for_another_test(event, staff, ada, bob, rokt):
    first = trial(event, staff, ada)

    assert f"Send #{first.pk} of this event is on its way." in refusal(event, staff, bob)


def test_a_send_that_begins_while_a_test_is_written_keeps_the_test_back(event, staff, ada, rokt, monkeypatch):
    from campaigns.pipeline.compose import trial as module

    tried = module._tried

    def meanwhile(send, rows):
        queue(event, staff)
        return tried(send, rows)

    monkeypatch.setattr(module, "_tried", meanwhile)
    with pytest.raises(compose.NotPossibleError, match="on its way"):
        trial(event, staff, ada)

    assert not Send.objects.filter(is_test=True).exists()


def test_a_send_that_is_only_scheduled_keeps_no_test_back(event, staff, ada, rokt):
    at = timezone.now() + timedelta(hours=1)
    real = queue(event, staff)
    Send.objects.filter(pk=real.pk).update(
        state=Send.State.SCHEDULED, scheduled_at=at, started_at=None, audience_count=0, queued_count=0
    )
    real.deliveries.all().delete()

    assert trial(event, staff, ada).queued_count == 1


def test_a_person_for_whom_it_cannot_be_written_is_named(event, staff, ada, bob, rokt):
    Event.objects.update(title="{{${last_name}}}")

    said = refusal(event, staff, ada, bob)

    assert "Nothing would be sent to Ada: title: ${last_name} is empty and has no default." in said
    assert "Nothing would be sent to Bob" in said


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"client_secret": ""}, "The account has no client secret yet."),
        ({"stopped_at": timezone.now(), "stopped_reason": "No way."}, "The account is stopped: No way."),
    ],
)
def test_an_account_that_cannot_send_tests_nothing(columns, words, event, staff, ada):
    Account.objects.update(**columns)

    assert words in refusal(event, staff, ada)


def test_an_event_with_mistakes_or_in_the_past_is_not_tested(event, staff, ada):
    Event.objects.update(description="{{ oops", title="")
    assert "Give the event a title." in refusal(event, staff, ada)

    past = timezone.now().replace(tzinfo=None, microsecond=0) - timedelta(days=3)
    Event.objects.update(description="", title="Fine", start_local=past, end_local=past + timedelta(hours=1))
    assert "The event is over: it is too late for a test." in refusal(event, staff, ada)


def test_who_can_be_chosen(event, staff, ada, rokt):
    assert refusal(event, staff) == "Choose at least one person."
    elsewhere = subscription(make_subscriber("eve", first_name="Eve"), account_code="other")
    assert refusal(event, staff, elsewhere) == "Choose a subscription of Eve whose id is known."
    unknown = subscription(make_subscriber("flo", first_name="Flo"), rokt_id="")
    assert refusal(event, staff, unknown) == "Choose a subscription of Flo whose id is known."
    left = subscription(make_subscriber("gus", first_name="Gus", is_active=False))
    assert refusal(event, staff, left, ada) == "Gus is not active any more."
    crowd = [subscription(make_subscriber(f"u{n}")) for n in range(21)]
    assert refusal(event, staff, *crowd) == "A test goes to at most 20 people. Choose fewer."
    ada.subscriber.delete()
    assert "is not known any more" in refusal(event, staff, ada)


def test_twenty_people_are_not_too_many(event, staff, rokt):
    crowd = [subscription(make_subscriber(f"u{n}")) for n in range(20)]

    send = run(trial(event, staff, *crowd))

    assert send.accepted_count == send.audience_count == 20


def test_a_failed_test_is_sent_anew_and_not_retried(event, staff, ada, rokt):
    rokt.plan([Fate.REFUSED])
    send = run(trial(event, staff, ada))
    assert states(send) == {"ada": "failed"}

    with pytest.raises(compose.NotPossibleError, match="send another test instead"):
        compose.retry_failed(send, by=staff)
    assert states(run(trial(event, staff, ada))) == {"ada": "accepted"}


def test_a_test_keeps_nobody_from_retrying_a_real_send(event, staff, ada, bob, rokt):
    rokt.plan([Fate.REFUSED, Fate.REFUSED])
    real = run(queue(event, staff))
    test = trial(event, staff, ada)
    with pytest.raises(compose.NotPossibleError, match=f"Test #{test.pk} of this event is still on its way"):
        compose.retry_failed(real, by=staff)
    run(test)

    assert compose.retry_failed(real, by=staff) == 2
    assert states(run(real)) == {"ada": "accepted", "bob": "accepted"}
    assert not compose.entries_by_tests(event).exists()


def test_a_test_is_tried_again_like_any_send(event, staff, ada, rokt):
    rokt.plan([Fate.TROUBLE, Fate.LOST])
    send = run(trial(event, staff, ada))
    assert states(send) == {"ada": "queued"}
    hurry(send)
    run(send)
    assert states(send) == {"ada": "in_doubt"}
    hurry(send)
    run(send)
    hurry(send)

    assert states(run(send)) == {"ada": "accepted"}
    assert Entry.objects.get().is_test
