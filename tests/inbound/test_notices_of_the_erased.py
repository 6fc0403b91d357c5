"""Whoever was erased does not come back by a webhook that comes late, and nothing that it says is kept."""

import pytest

from campaigns.importing import suppressed
from campaigns.inbound import notices
from campaigns.models import Notice, SubscriptionStatus
from campaigns.pipeline.record import erase
from tests.builders import make_subscriber, make_subscription, make_user, make_workspace
from tests.inbound.rokt_says import GUID, entry, subscribe, told, unsubscribe

pytestmark = pytest.mark.django_db

NAME = "ada-77-x"
State = Notice.State


@pytest.fixture
def erased(event):
    """The user id of somebody who was erased."""
    ada = make_subscriber(NAME)
    make_subscription(ada, event.account, rokt_id=GUID)
    keys = suppressed.keys(ada.workspace_id, NAME)
    erase.erase(ada, erase.Marks(make_user("admin"), "asked", keys))
    return NAME


@pytest.mark.parametrize(
    "body",
    [
        subscribe(subscriber_id=NAME),
        subscribe(subscriber_id=NAME, account_code="other"),
        entry("SubscriptionEventAdded", f"Event_0001_{NAME}", rokt_id=GUID),
        entry("SubscriptionEventDeleted", f"Event_0001_{NAME}"),
        entry("Test", "x", subscriberId=NAME),
        unsubscribe(),
        subscribe(GUID.upper()),
        unsubscribe(account_code="other"),
    ],
    ids=[
        "subscribe",
        "of another account",
        "added",
        "deleted",
        "test",
        "by the subscription alone",
        "in large letters",
        "by the subscription alone, of another account",
    ],
)
def test_a_webhook_that_names_the_erased_changes_nothing_and_is_not_kept(event, erased, body):
    event.event_id = "Event_0001"
    event.save()

    (row,) = told(event.account, body)

    assert (row.state, row.body, row.due_at) == (State.IGNORED, "", None)
    assert "erased" in row.reason
    assert NAME not in row.reason
    assert not SubscriptionStatus.objects.exists()
    assert not notices.retry(row)


def test_another_workspace_may_know_the_same_user_id(account, erased):
    twin = make_subscriber(NAME, workspace=make_workspace())

    (row,) = told(account, subscribe(subscriber_id=NAME))

    assert (row.state, row.body == "") == (State.DONE, False)
    assert twin.subscriptions.get().rokt_id == GUID


def test_a_subscription_of_somebody_who_is_here_can_still_end(account, erased):
    mine = make_subscription(make_subscriber("eve"), account, rokt_id=GUID)

    (row,) = told(account, unsubscribe(subscriberId=NAME))

    mine.refresh_from_db()
    assert (row.state, mine.is_live) == (State.DONE, False)


def test_others_are_heard_as_before(account, erased):
    eve = make_subscriber("eve")

    (row,) = told(account, subscribe(subscriber_id="eve"))

    assert row.state == State.DONE
    assert eve.subscriptions.get().is_live
