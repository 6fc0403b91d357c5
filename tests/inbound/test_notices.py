"""Working through: nothing is lost, nothing is applied twice, and the order does not matter."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import TransactionTestCase
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from campaigns import importing, tasks
from campaigns.inbound import addresses, entries, notices, subscriptions_stored
from campaigns.models import HookAddress, Notice, Subscriber, Subscription, SubscriptionStatus
from tests.builders import make_account, make_subscriber, make_subscription
from tests.inbound.rokt_says import (
    GUID,
    NOON,
    arrive,
    envelope,
    hurry,
    subscribe,
    subscription,
    told,
    unsubscribe,
)

State = Notice.State


@pytest.fixture
def address(account):
    return addresses.make(account, by=None)[0]


@pytest.mark.django_db
def test_what_was_stored_before_a_crash_is_found_by_the_clock(monkeypatch, address):
    make_subscription(make_subscriber("ada"), address.account, rokt_id=GUID)
    arrive(address, unsubscribe())  # and then the process dies
    monkeypatch.setattr(tasks, "start_notices", tasks.work_through_notices)

    tasks.tick()

    assert Notice.objects.get().state == State.DONE
    assert not Subscription.objects.get().is_live


@pytest.mark.django_db
def test_a_crash_in_the_middle_leaves_nothing_half_done(monkeypatch, address, caplog):
    make_subscription(make_subscriber("ada"), address.account, rokt_id=GUID)
    arrive(address, unsubscribe())

    def die(_people):
        raise RuntimeError("power cut")

    with monkeypatch.context() as broken:
        broken.setattr(subscriptions_stored, "settle", die)
        notices.work(seconds=30)

    row = Notice.objects.get()
    assert (row.state, row.done_at) == (State.WAITING, None)
    assert row.due_at is not None
    assert row.due_at > timezone.now()
    assert not SubscriptionStatus.objects.exists()
    assert Subscription.objects.get().ended_at is None

    hurry()
    assert Notice.objects.get().state == State.DONE
    assert not Subscription.objects.get().is_live


@pytest.mark.django_db
def test_one_that_cannot_be_applied_does_not_hold_up_the_others(monkeypatch, address, caplog):
    good = entries.take

    def take(heard):
        if any(message.event_id == "bad" for _row, message in heard):
            raise ValueError("never seen this")
        return good(heard)

    monkeypatch.setitem(notices.TAKE, "SubscriptionEventAdded", take)
    for name in ("bad", "good"):
        arrive(address, envelope("SubscriptionEventAdded", webhook_id=name))

    assert notices.work(seconds=30) == 2

    states = dict(Notice.objects.values_list("event_id", "state"))
    assert states == {"bad": State.WAITING, "good": State.FAILED}


@pytest.mark.django_db
def test_what_can_never_be_applied_is_given_up_after_a_week(monkeypatch, address, caplog):
    arrive(address, envelope("SubscriptionEventAdded"), at=timezone.now() - timedelta(days=8))

    def take(_heard):
        raise ValueError("never seen this")

    monkeypatch.setitem(notices.TAKE, "SubscriptionEventAdded", take)
    notices.work(seconds=30)

    assert Notice.objects.get().state == State.FAILED
    assert not notices.has_work()


@pytest.mark.django_db
def test_an_import_has_those_look_again_who_waited_for_its_people(monkeypatch, address):
    told(address.account, subscribe(subscriber_id="new"))
    monkeypatch.setattr(importing, "run", lambda _pk: make_subscriber("new"))

    tasks.run_import(1)
    notices.work(seconds=30)

    assert Notice.objects.get().state == State.DONE


@pytest.mark.django_db
def test_the_clock_deletes_what_was_done_ninety_days_ago_and_nothing_else(address):
    long_ago = timezone.now() - timedelta(days=91)
    kinds = {"old": envelope("Test"), "new": envelope("Test"), "waits": subscribe()}
    for name, body in kinds.items():
        arrive(address, {**body, "eventId": name}, at=long_ago)
    Notice.objects.filter(event_id="new").update(done_at=timezone.now())

    assert notices.forget_old() == 1
    assert set(Notice.objects.values_list("event_id", flat=True)) == {"new", "waits"}


@pytest.mark.django_db
def test_work_stops_when_its_time_is_over(address):
    for _ in range(3):
        arrive(address, envelope("SubscriptionEventAdded"))

    assert notices.work(seconds=0) == 0
    assert notices.has_work()


class TwoWorkers(TransactionTestCase):
    def test_two_workers_at_once_apply_each_webhook_once(self):
        account = make_account("shop")
        address, _token = addresses.make(account, by=None)
        make_subscriber("ada")
        for number in range(12):
            rokt_id = f"{GUID[:-2]}{number:02}"
            arrive(address, subscribe(rokt_id, subscriber_id="ada"))
            arrive(address, unsubscribe(rokt_id))
        start = threading.Barrier(3)

        def work() -> int:
            try:
                start.wait(10)
                return notices.work(seconds=60)
            finally:
                connection.close()

        with ThreadPoolExecutor(3) as pool:
            counted = [each.result(90) for each in [pool.submit(work) for _ in range(3)]]
        hurry()

        assert sum(counted) == 24
        assert set(Notice.objects.values_list("state", flat=True)) == {State.DONE}
        assert Subscription.objects.filter(is_live=False).exclude(ended_at=None).count() == 12
        places = Subscription.objects.values_list("position", flat=True)
        assert sorted(places) == list(range(12))


IDS = [f"{GUID[:-1]}{number}" for number in range(2)]
LISTED = IDS[0]  # Braze lists it; of the other one only webhooks tell
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["subscribe", "poor", "details", "unsubscribe"]),
        st.sampled_from(IDS),
        st.integers(min_value=0, max_value=11),
    ),
    min_size=1,
    max_size=7,
)


def body_of(number: int, kind: str, rokt_id: str, hour: int) -> dict[str, Any]:
    name = f"w{number}"
    if kind == "unsubscribe":
        return unsubscribe(rokt_id, removed_at=f"2026-11-20 {hour:02}:30:00", webhook_id=name)
    if kind == "subscribe":
        return subscribe(rokt_id, subscriber_id="ada", webhook_id=name)
    if kind == "poor":
        poor = {"calendarSubscriptionId": rokt_id, "subscriberId": "ada"}
        return envelope("Subscribe", subscription=poor, webhook_id=name)
    return envelope("SubscriptionDetailsUpdated", subscription=subscription(rokt_id), webhook_id=name)


def ending(history, order):
    """Let a history come in, in this order; return what is known then."""
    Notice.objects.all().delete()
    SubscriptionStatus.objects.all().delete()
    Subscription.objects.all().delete()
    person = Subscriber.objects.get()
    account = HookAddress.objects.get().account
    make_subscription(person, account, rokt_id=LISTED, suffix="70788a7a0a36")
    for number in order:
        kind, rokt_id, hour = history[number]
        body = body_of(number, kind, rokt_id, hour)
        arrive(HookAddress.objects.get(), body, at=NOON + timedelta(hours=hour, minutes=number))
        notices.work(seconds=60)
    hurry()
    status = ("rokt_id", "subscriber", "traits", "subscribed_at", "ended_at", "told_at")
    mine = ("rokt_id", "position", "traits", "subscribed_at", "ended_at", "is_live")
    return (
        list(SubscriptionStatus.objects.order_by("rokt_id").values_list(*status)),
        list(Subscription.objects.order_by("position").values_list(*mine)),
        list(Notice.objects.order_by("event_id").values_list("event_id", "state")),
    )


class AnyOrder(TestCase):
    @settings(max_examples=20)
    @given(STEPS, st.data())
    def test_any_order_and_any_repetition_end_the_same(self, history, data):
        addresses.make(make_account("shop"), by=None)
        make_subscriber("ada")
        straight = list(range(len(history)))
        again = data.draw(st.lists(st.sampled_from(straight), max_size=4))
        order = data.draw(st.permutations([*straight, *again]))

        assert ending(history, order) == ending(history, straight)
