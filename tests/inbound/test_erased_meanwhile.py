"""Webhooks that come in while somebody whom they name is erased, in threads, on a real database."""

import threading
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction

from campaigns.models import Delivery, Entry, Event, Notice, Send, Subscriber, SubscriptionStatus
from campaigns.models.turns import turn
from campaigns.pipeline.record import books, erase, taken_off
from tests.builders import make_subscriber, make_subscription, make_user
from tests.inbound.rokt_says import GUID, entry, hurry, subscribe, told, unsubscribe
from tests.inbound.test_notices_of_entries import ADDED, REMOVED, sent
from tests.meanwhile import Act, marks, waiting_count
from tests.pipeline.test_erase import everything_kept
from tests.workers import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

NAME = "ada-77-x"
NEW_ID = "0f0f0f0f-b6ba-4536-aa36-70788a7a0a36"
OLD_ID = "0d0d0d0d-b6ba-4536-aa36-70788a7a0a36"


@pytest.fixture
def ada(event: Event) -> Subscriber:
    """Somebody who has the event, by a subscription that Braze does not list any more."""
    person = make_subscriber(NAME)
    make_subscription(person, event.account, rokt_id=GUID)
    sent(
        event, subscriber=person, external_id=NAME, state=Delivery.State.ACCEPTED, subscriptions=f"0:{OLD_ID}"
    )
    Entry.objects.update(subscriptions=f"0:{OLD_ID}")
    return person


@pytest.fixture
def admin(db: None) -> User:
    return make_user("admin")


def erasing(ada: Subscriber, by: User) -> Callable[[], str]:
    return lambda: erase.erase(ada, marks(ada, by))


def erase_while(ada: Subscriber, by: User, meanwhile: Callable[[], object]) -> None:
    """Erase somebody, and do something else while the erasure waits for an import."""
    if connection.vendor == "sqlite":
        pytest.skip("SQLite lets nobody write meanwhile")
    with transaction.atomic():
        turn(ada.workspace_id)
        eraser = Act(erasing(ada, by))
        wait_until(waiting_count, seconds=20, what="the erasure to wait")
        other = Act(meanwhile)
        wait_until(
            lambda: waiting_count() > 1 or not other.is_alive(), seconds=20, what="it to be done or to wait"
        )
    eraser.done()
    other.done()


@pytest.mark.parametrize(
    "body",
    [
        entry(ADDED, f"Event_0001_{NAME}", rokt_id=GUID),
        entry(REMOVED, f"Event_0001_{NAME}", rokt_id=OLD_ID),
        entry("SubscriptionEventDeleted", f"Event_0001_{NAME}"),
        entry("Test", "x", subscriberId=NAME),
        subscribe(subscriber_id=NAME, account_code="other"),
        subscribe(NEW_ID, subscriber_id=NAME),
        unsubscribe(GUID),
        unsubscribe(OLD_ID),
    ],
    ids=["added", "taken off", "deleted", "test", "of another account", "new", "ended", "ended long ago"],
)
def test_a_webhook_that_comes_while_its_person_is_erased_is_not_kept(event, ada, admin, body):
    erase_while(ada, admin, lambda: told(event.account, body))
    hurry()

    row = Notice.objects.get()
    assert (row.body, row.subscriber, row.due_at) == ("", None, None)
    assert not SubscriptionStatus.objects.exists()
    kept = everything_kept()
    assert [word for word in (NAME, GUID, NEW_ID, OLD_ID) if word in kept] == []
    assert all(books.check(send).holds for send in Send.objects.all())


def test_an_entry_that_is_taken_off_while_its_person_is_erased_blocks_nobody(event, ada, admin, monkeypatch):
    if connection.vendor == "sqlite":
        pytest.skip("SQLite lets nobody write meanwhile")
    is_noted, may_end = threading.Event(), threading.Event()

    def note_slowly(words):
        said = taken_off(words)
        is_noted.set()
        assert may_end.wait(60)
        return said

    monkeypatch.setattr("campaigns.inbound.entries.taken_off", note_slowly)
    with transaction.atomic():
        turn(ada.workspace_id)
        eraser = Act(erasing(ada, admin))
        wait_until(waiting_count, seconds=20, what="the erasure to wait for its turn")
        hearer = Act(lambda: told(event.account, entry(REMOVED, f"Event_0001_{NAME}", rokt_id=OLD_ID)))
        wait_until(
            lambda: is_noted.is_set() or not hearer.is_alive(), seconds=20, what="the webhook to be heard"
        )
        assert is_noted.is_set(), hearer.error
    wait_until(waiting_count, seconds=20, what="the erasure to wait for the entry")
    may_end.set()
    eraser.done()
    hearer.done()
    hurry()

    assert not Subscriber.objects.exists()
    assert [word for word in (NAME, GUID, OLD_ID) if word in everything_kept()] == []


def test_two_who_share_a_webhook_are_erased_in_one_order(event, ada, admin):
    if connection.vendor == "sqlite":
        pytest.skip("SQLite lets nobody write meanwhile")
    shared, own = told(event.account, unsubscribe(GUID), entry("Test", "x", subscriberId=NAME))
    assert shared.subscriber == ada
    Notice.objects.filter(pk=shared.pk).update(body='{"of": "somebody else"}')
    notices = Notice.objects.select_for_update(no_key=True)
    with transaction.atomic():  # as who erases the other
        notices.get(pk=shared.pk)
        eraser = Act(erasing(ada, admin))
        wait_until(waiting_count, seconds=20, what="the erasure to wait")
        notices.get(pk=own.pk)
    eraser.done()

    assert not Subscriber.objects.exists()
