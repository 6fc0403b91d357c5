"""What outlives an import: what Rokt has told, who must not get anything, and who was away."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from campaigns import importing
from campaigns.importing import suppressed
from campaigns.importing.people import Taken
from campaigns.models import Import, Subscriber, Subscription, SubscriptionStatus, Suppression, Workspace
from tests import builders
from tests.importing.exports import FIRST, SECOND, plain, someone
from tests.importing.test_people import taken
from tests.inbound.rokt_says import subscribe, told, unsubscribe

pytestmark = pytest.mark.django_db

EARLY, LATE = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 2, 8, tzinfo=UTC)


@pytest.fixture
def workspace() -> Workspace:
    """A workspace without people."""
    return builders.make_workspace()


def suppress(workspace: Workspace, external_id: str, cause: str = "suppressed") -> None:
    """Keep a suppression, as staff do."""
    Suppression.objects.create(
        workspace=workspace, key=suppressed.key(workspace.pk, external_id), cause=cause
    )


def tell(rokt_id: str, *, code: str = "shop", **columns: Any) -> SubscriptionStatus:
    """Keep what Rokt told of a subscription."""
    account = builders.make_account(code)
    return SubscriptionStatus.objects.create(account=account, rokt_id=rokt_id, told_at=LATE, **columns)


def subscribed(last: object, **more: object) -> dict[str, Any]:
    """Return somebody with a custom event."""
    return someone(custom_events=[{"name": "subscribe", "first": None, "last": last, "count": 2}], **more)


def rows() -> list[tuple[object, ...]]:
    """Return place, id and whether it may receive, of every subscription."""
    found = Subscription.objects.order_by("subscriber", "position")
    return list(found.values_list("position", "rokt_id", "is_live"))


def test_somebody_erased_is_not_stored_again_and_not_named(tmp_path: Path, workspace: Workspace) -> None:
    suppress(workspace, "ada", "erased")
    job = importing.run(
        importing.start(plain(tmp_path / "e", someone(first_name=5), someone("bob")), workspace=workspace).pk
    )
    assert (job.read_count, job.new_count, job.suppressed_count, job.problem_count) == (2, 1, 1, 0)
    assert [person.external_id for person in Subscriber.objects.all()] == ["bob"]


def test_no_problem_names_somebody_erased(tmp_path: Path, workspace: Workspace) -> None:
    suppress(workspace, "ada-77", "erased")
    values = {"rokt:subscription_id": [FIRST, "x"], "rokt:calendar_code": ["c"]}
    bad = someone("ada-77", email="no mail", custom_attributes=values)
    path = plain(tmp_path / "e", bad, bad, someone("ada-77", custom_attributes=7), someone("bob"))
    path.write_bytes(path.read_bytes() + b'{"external_id": "ada-77", "ada-77": 1, "ada-77": 2}\n')
    for is_dry_run in (True, False):
        job = importing.start(path, workspace=workspace)
        Import.objects.filter(pk=job.pk).update(is_dry_run=is_dry_run)
        problems = importing.run(job.pk).problems.values_list("external_id", "message")
        assert [*problems] == [
            ("", "custom_attributes is not an object."),
            ("", "A key is there twice."),
        ]


def test_a_file_of_erased_people_alone_is_no_failure(tmp_path: Path, workspace: Workspace) -> None:
    suppress(workspace, "ada", "erased")
    job = importing.run(importing.start(plain(tmp_path / "e", someone()), workspace=workspace).pk)
    assert (job.state, job.suppressed_count) == (Import.State.FINISHED, 1)


def test_somebody_suppressed_is_stored_and_gets_nothing(workspace: Workspace) -> None:
    suppress(workspace, "ada")
    suppress(builders.make_workspace(), "bob")
    taken(workspace, someone(), someone("bob"))
    assert Subscriber.objects.get(is_suppressed=True).external_id == "ada"
    assert Subscription.objects.get(is_live=False).subscriber.external_id == "ada"


def test_a_suppression_that_came_later_counts_at_the_next_import(workspace: Workspace) -> None:
    taken(workspace, someone())
    suppress(workspace, "ada")
    assert taken(workspace, someone()) == Taken(0, 1, 0, [])
    assert Subscriber.objects.get().is_suppressed
    assert rows() == [(0, FIRST, False)]
    assert taken(workspace, someone()) == Taken(0, 0, 1, [])


def test_a_suppression_under_an_older_key_still_counts(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    suppress(workspace, "ada", "erased")
    monkeypatch.setattr(settings, "FIELD_KEYS", ["a-newer-key", *settings.FIELD_KEYS])
    assert suppressed.key(workspace.pk, "ada") not in Suppression.objects.values_list("key", flat=True)
    assert taken(workspace, someone()) == Taken(0, 0, 0, [], {"ada"})


def test_what_has_ended_is_not_brought_back(workspace: Workspace) -> None:
    tell(FIRST, subscribed_at=EARLY, ended_at=LATE)
    taken(workspace, someone())
    subscription = Subscription.objects.get()
    assert (subscription.subscribed_at, subscription.ended_at, subscription.is_live) == (EARLY, LATE, False)
    taken(workspace, someone(home_city="Paris"))
    subscription.refresh_from_db()
    assert (subscription.subscribed_at, subscription.ended_at, subscription.is_live) == (EARLY, LATE, False)


def test_another_account_cannot_end_a_subscription_before_an_import_brings_it(workspace: Workspace) -> None:
    tell(FIRST, code="rival", ended_at=LATE)
    taken(workspace, someone())
    assert rows() == [(0, FIRST, True)]
    taken(workspace, someone(home_city="Paris"))
    taken(workspace, someone(home_city="Rome", custom_attributes=None))
    assert rows() == [(0, FIRST, True)]


def test_what_another_account_claimed_of_somebody_is_forgotten_when_braze_says_whose_it_is(
    workspace: Workspace,
) -> None:
    taken(workspace, someone(custom_attributes={}))
    rival = builders.make_account("rival")
    told(rival, subscribe(FIRST, subscriber_id="ada", account_code="rival"))
    told(rival, unsubscribe(FIRST, account_code="rival"))
    assert rows() == [(0, FIRST, False)]
    taken(workspace, someone())
    assert rows() == [(0, FIRST, True)]
    taken(workspace, someone(home_city="Rome", custom_attributes=None))
    assert rows() == [(0, FIRST, True)]


def test_an_end_counts_where_braze_does_not_say_which_account_it_is(workspace: Workspace) -> None:
    tell(FIRST, ended_at=LATE)
    taken(workspace, someone(custom_attributes={"rokt:subscription_id": [FIRST]}))
    assert rows() == [(0, FIRST, False)]


def test_a_subscription_that_rokt_alone_knows_stays_behind_the_others(workspace: Workspace) -> None:
    taken(workspace, someone())
    traits_id = builders.traits_id(account_code="shop", calendar_code="late")
    tell(SECOND, subscriber=Subscriber.objects.get(), traits_id=traits_id, subscribed_at=LATE)
    taken(workspace, someone(home_city="Paris"))
    assert rows() == [(0, FIRST, True), (1, SECOND, True)]
    extra = Subscription.objects.get(rokt_id=SECOND)
    assert (extra.traits_id, extra.subscribed_at, extra.home.city) == (traits_id, LATE, "Paris")
    Subscription.objects.filter(pk=extra.pk).update(email="told@example.com")
    taken(workspace, someone(home_city="Rome", custom_attributes=None))
    extra.refresh_from_db()
    assert (extra.email, extra.home.city) == ("told@example.com", "Rome")
    both = {"rokt:subscription_id": [SECOND, FIRST], "rokt:account_code": ["shop/f5733866ade2"]}
    taken(workspace, someone(custom_attributes=both))
    assert rows() == [(0, SECOND, True), (1, FIRST, True)]


def test_when_somebody_subscribed_is_known_by_the_latest_event(workspace: Workspace) -> None:
    taken(workspace, subscribed("2026-01-01T00:00:00.000Z"))
    assert Subscriber.objects.get().subscribed_at == Subscription.objects.get().subscribed_at == EARLY
    assert taken(workspace, subscribed("2026-02-02 08:00:00 UTC")).changed_count == 1
    assert Subscriber.objects.get().subscribed_at == LATE
    assert taken(workspace, subscribed("2026-01-01T00:00:00.000Z")).unchanged_count == 1
    taken(workspace, subscribed("2026-01-01T00:00:00.000Z", first_name="Augusta"))
    assert Subscriber.objects.get().subscribed_at == LATE


def test_one_event_says_nothing_about_two_subscriptions(workspace: Workspace) -> None:
    two = someone()["custom_attributes"] | {"rokt:subscription_id": [FIRST, SECOND]}
    taken(workspace, subscribed("2026-01-01T00:00:00.000Z", custom_attributes=two))
    assert set(Subscription.objects.values_list("subscribed_at", flat=True)) == {None}


@pytest.mark.parametrize("events", [7, [{"name": "subscribe", "last": "yesterday"}], [{"name": "subscribe"}]])
def test_events_that_cannot_be_read_are_told(tmp_path: Path, workspace: Workspace, events: object) -> None:
    path = plain(tmp_path / "e", someone(custom_events=events))
    for _time in range(2):
        job = importing.run(importing.start(path, workspace=workspace).pk)
        assert job.problems.get().message.startswith("custom_events")
    assert Subscriber.objects.get().subscribed_at is None


def test_other_events_are_passed_over(workspace: Workspace) -> None:
    taken(workspace, someone(custom_events=["odd", {"name": "order", "last": "x"}]))
    assert Subscriber.objects.get().subscribed_at is None


def test_whoever_had_left_and_is_listed_again_is_active_again(workspace: Workspace) -> None:
    taken(workspace, someone())
    Subscriber.objects.update(is_active=False, left_at=timezone.now())
    Subscription.objects.update(is_live=False)
    assert taken(workspace, someone()) == Taken(0, 1, 0, [])
    person = Subscriber.objects.get()
    assert (person.is_active, person.left_at) == (True, None)
    assert rows() == [(0, FIRST, True)]


def test_a_subscription_of_somebody_set_aside_is_not_live(workspace: Workspace) -> None:
    taken(workspace, someone())
    Subscriber.objects.update(is_active=False)
    taken(workspace, someone(home_city="Paris"))
    assert rows() == [(0, FIRST, False)]


def test_the_word_of_the_account_that_braze_names_counts_though_a_rival_spoke_first(
    workspace: Workspace,
) -> None:
    tell(FIRST, code="rival", ended_at=None)
    tell(FIRST, subscribed_at=EARLY, ended_at=LATE)
    taken(workspace, someone())
    row = Subscription.objects.get()
    assert (row.subscribed_at, row.ended_at, row.is_live) == (EARLY, LATE, False)
    taken(workspace, someone(home_city="Paris"))
    row.refresh_from_db()
    assert (row.subscribed_at, row.ended_at) == (EARLY, LATE)


def test_two_accounts_that_claim_a_subscription_keep_their_own_word(workspace: Workspace) -> None:
    taken(workspace, someone(custom_attributes={}))
    for code in ("rival", "shop"):
        told(builders.make_account(code), subscribe(FIRST, subscriber_id="ada", account_code=code))
    told(builders.make_account("third"), subscribe(SECOND, subscriber_id="ada", account_code="third"))
    rival = SubscriptionStatus.objects.get(account__code="rival").account
    told(rival, unsubscribe(FIRST, account_code="rival"))
    live = Subscription.objects.order_by("position").values_list("traits__account_code", "is_live")
    assert [*live] == [("rival", False), ("shop", True), ("third", True)]
    taken(workspace, someone(home_city="Paris", custom_attributes={}))
    assert [*live.all()] == [("rival", False), ("shop", True), ("third", True)]
    taken(workspace, someone(home_city="Rome", custom_attributes=None))
    assert [*live.all()] == [("rival", False), ("shop", True), ("third", True)]
