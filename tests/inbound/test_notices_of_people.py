"""What Rokt tells of subscriptions reaches the list of people, in whatever order it comes."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from campaigns.inbound import notices
from campaigns.models import Notice, Subscription, SubscriptionStatus
from tests.builders import make_account, make_subscriber, make_subscription, make_workspace
from tests.inbound.rokt_says import GUID, NOON, envelope, hurry, subscribe, subscription, told, unsubscribe

pytestmark = pytest.mark.django_db

ENDED = datetime(2026, 11, 20, 11, 0, 0, 755190, tzinfo=UTC)
State = Notice.State


@pytest.fixture
def ada(account):
    return make_subscription(make_subscriber("ada"), account, rokt_id=GUID).subscriber


def test_who_left_is_not_written_to_any_more(account, ada):
    (row,) = told(account, unsubscribe(), at=NOON)

    assert (row.state, row.due_at) == (State.DONE, None)
    mine = ada.subscriptions.get()
    assert (mine.ended_at, mine.is_live) == (ENDED, False)
    assert SubscriptionStatus.objects.get().subscriber == ada


def test_the_others_of_the_same_person_go_on(account, ada):
    other = make_subscription(ada, account)

    told(account, unsubscribe())

    other.refresh_from_db()
    assert other.is_live
    assert other.ended_at is None


@pytest.mark.parametrize("is_first", [True, False])
def test_a_subscription_that_ended_stays_ended(account, ada, is_first):
    pair = [unsubscribe(), subscribe()]

    told(account, *(pair if is_first else reversed(pair)), at=NOON)

    status = SubscriptionStatus.objects.get()
    assert (status.subscribed_at, status.ended_at) == (NOON, ENDED)
    assert not ada.subscriptions.get().is_live


def test_the_latest_end_counts_and_none_lies_in_the_future(account, ada):
    told(account, unsubscribe(removed_at="2026-11-20 10:00:00"), at=NOON)
    told(account, unsubscribe(removed_at="2099-01-01 00:00:00"), at=NOON)
    told(account, unsubscribe(removed_at="2026-11-20 09:00:00"), at=NOON)

    assert ada.subscriptions.get().ended_at == NOON


def test_when_somebody_subscribed_is_known_by_the_earliest_word(account, ada):
    told(account, subscribe(), at=NOON)
    told(account, subscribe(), at=NOON - timedelta(hours=2))
    told(account, subscribe(), at=NOON + timedelta(hours=2))

    assert ada.subscriptions.get().subscribed_at == NOON - timedelta(hours=2)


@pytest.mark.parametrize("spelling", ["SubscriptionDetailsUpdated", "SubscriptionDetailsUpdate"])
def test_changed_details_tell_nothing_about_when_it_began(account, ada, spelling):
    (row,) = told(account, envelope(spelling, subscription=subscription()))

    assert row.state == State.DONE
    assert row.event_type == "SubscriptionDetailsUpdated"
    assert SubscriptionStatus.objects.get().subscribed_at is None
    assert ada.subscriptions.get().subscribed_at is None


def test_what_braze_lists_is_left_as_braze_describes_it(account, ada):
    before = ada.subscriptions.get().traits

    told(account, subscribe())

    assert ada.subscriptions.get().traits == before


def test_a_new_subscription_of_somebody_known_comes_behind_the_others(account):
    person = make_subscriber("bob", profile={"country": "NZ"}, random_bucket=77)
    make_subscription(person, account)

    (row,) = told(account, subscribe(subscriber_id="bob"), at=NOON)

    new = person.subscriptions.get(rokt_id=GUID)
    assert row.state == State.DONE
    assert (new.position, new.suffix, new.is_live, new.subscribed_at) == (1, "", True, NOON)
    assert (new.traits.account_code, new.traits.calendar_code) == ("shop", "my-sports-calendar")
    assert (new.traits.method, new.home.country, new.random_bucket) == ("Google", "NZ", 77)
    assert not new.traits.tags.exists()  # Rokt tells ids, rules ask for names


def test_somebody_known_who_must_get_nothing_still_gets_nothing(account):
    make_subscriber("bob", is_suppressed=True)

    told(account, subscribe(subscriber_id="bob"))

    assert not Subscription.objects.get().is_live


def test_a_fuller_description_replaces_a_poorer_one_whichever_comes_first(account):
    person = make_subscriber("bob")
    poor = envelope("Subscribe", subscription={"calendarSubscriptionId": GUID, "subscriberId": "bob"})

    told(account, poor, subscribe(subscriber_id="bob"))
    assert person.subscriptions.get().traits.calendar_code == "my-sports-calendar"

    told(account, {**poor, "eventId": "another"})
    assert person.subscriptions.get().traits.calendar_code == "my-sports-calendar"


def test_nobody_is_made_up_and_the_webhook_waits_for_an_import(account):
    (row,) = told(account, subscribe(subscriber_id="new"))

    assert (row.state, row.done_at) == (State.ORPHAN, None)
    assert row.due_at is not None
    assert row.due_at > timezone.now()
    assert "import" in row.reason
    assert not Subscription.objects.exists()
    assert SubscriptionStatus.objects.get().subscriber is None

    person = make_subscriber("new")
    assert notices.look_again() == 1
    notices.work(seconds=30)

    row.refresh_from_db()
    assert row.state == State.DONE
    assert person.subscriptions.get().rokt_id == GUID


def test_the_end_of_an_unknown_subscription_is_remembered_at_once(account):
    (row,) = told(account, unsubscribe())

    assert row.state == State.ORPHAN
    assert SubscriptionStatus.objects.get(rokt_id=GUID).ended_at is not None


def test_a_user_id_of_two_workspaces_is_nobodys(account):
    for _ in range(2):
        make_subscriber("twin", workspace=make_workspace())

    (row,) = told(account, subscribe(subscriber_id="twin"))

    assert row.state == State.ORPHAN
    assert "more than one workspace" in row.reason
    assert not Subscription.objects.exists()


def test_an_account_cannot_end_the_subscriptions_of_another(account, ada):
    rival = make_account("rival")

    (row,) = told(rival, unsubscribe(account_code="rival"))

    assert row.state == State.FAILED
    assert ada.subscriptions.get().is_live
    assert not SubscriptionStatus.objects.exists()


def test_one_account_cannot_take_over_what_another_told(account):
    told(account, subscribe())

    told(make_account("rival"), unsubscribe(account_code="rival"))

    assert SubscriptionStatus.objects.get(account=account).ended_at is None


def test_a_rival_who_speaks_first_does_not_shut_out_the_true_account(account):
    rival, ada, bob = make_account("rival"), make_subscriber("ada"), make_subscriber("bob")
    told(rival, subscribe(subscriber_id="bob", account_code="rival"), unsubscribe(account_code="rival"))

    (first,) = told(account, subscribe(subscriber_id="ada"), at=NOON)

    mine = ada.subscriptions.get()
    assert (first.state, mine.traits.account_code, mine.is_live) == (State.DONE, "shop", True)
    assert not bob.subscriptions.get().is_live

    (second,) = told(account, unsubscribe())

    mine.refresh_from_db()
    assert (second.state, mine.is_live) == (State.DONE, False)
    assert SubscriptionStatus.objects.get(account=account).subscriber == ada


def test_two_accounts_may_speak_of_a_subscription_that_nobody_describes(account):
    rival = make_account("rival")
    mine = make_subscription(make_subscriber("ada"), account, rokt_id=GUID, account_code="")

    told(rival, unsubscribe(account_code="rival", removed_at="2026-11-20 10:00:00"), at=NOON)
    (row,) = told(account, unsubscribe(), at=NOON)
    told(rival, unsubscribe(account_code="rival", removed_at="2026-11-20 09:00:00"), at=NOON)

    mine.refresh_from_db()
    assert (row.state, mine.ended_at) == (State.DONE, ENDED)


@pytest.mark.parametrize("rokt_id", ["", "x" * 37])
def test_without_a_usable_subscription_id_nothing_can_be_done(account, rokt_id):
    (row,) = told(account, subscribe(rokt_id))

    assert row.state == State.FAILED
    assert not SubscriptionStatus.objects.exists()


def test_who_stays_unknown_is_asked_for_less_and_less_and_given_up_after_a_week(account):
    (row,) = told(account, subscribe(subscriber_id="new"))
    pauses = []
    for hours in (0, 1, 4, 100, 167, 168):
        received_at = timezone.now() - timedelta(hours=hours)
        Notice.objects.filter(pk=row.pk).update(received_at=received_at)
        hurry()
        row.refresh_from_db()
        pauses.append(row.due_at and round((row.due_at - timezone.now()).total_seconds() / 3600))

    assert pauses == [0, 1, 4, 6, 6, None]
    assert (row.state, row.done_at is None) == (State.ORPHAN, False)
    assert "7" in row.reason
    assert notices.look_again() == 0


@pytest.mark.parametrize("listed", [GUID, GUID.upper()])
@pytest.mark.parametrize("stated", [GUID, GUID.upper()])
def test_an_id_in_large_letters_is_the_same_subscription(account, listed, stated):
    mine = make_subscription(make_subscriber("ada"), account, rokt_id=listed)

    told(account, unsubscribe(stated), subscribe(stated, subscriber_id="ada"))

    mine.refresh_from_db()
    assert not mine.is_live
    assert (Subscription.objects.get().rokt_id, SubscriptionStatus.objects.get().rokt_id) == (listed, GUID)


def test_an_account_cannot_end_anothers_subscription_by_its_id_in_large_letters(account, ada):
    (row,) = told(make_account("rival"), unsubscribe(GUID.upper(), account_code="rival"))

    assert row.state == State.FAILED
    assert ada.subscriptions.get().is_live
