"""Pushes at the same moment, in threads, on a real database: nothing is lost, nothing twice, nobody waits for ever."""

import threading
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from campaigns.inbound import track
from campaigns.models import Subscriber, SubscriberEvent, Subscription, Traits
from campaigns.models.turns import turn
from integrations.braze.track import read
from tests import builders
from tests.inbound.pushing import FIRST, SECOND, happened, make_key, push, subscribing
from tests.pipeline.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 4


def pushing(key: str, **body: Any) -> Any:
    """Return an act that pushes, and raises unless it was taken."""

    def act() -> None:
        answer = push(key, body)
        assert answer.status_code == 201, answer.content

    return act


def test_requests_for_the_same_person_at_once_lose_nothing(transactional_db) -> None:
    key = make_key(builders.make_workspace())
    for turn_number in range(ROUNDS):
        name = f"mia{turn_number}"
        at_once(
            pushing(key, attributes=[subscribing(name, FIRST)], events=[happened(name, "2026-01-01")]),
            pushing(key, attributes=[subscribing(name, SECOND)], events=[happened(name, "2026-02-02")]),
            *[pushing(key, attributes=[{"external_id": name, "visits": {"inc": 1}}]) for _each in range(4)],
        )
        person = Subscriber.objects.get(external_id=name)
        assert set(person.attributes["rokt:subscription_id"]) == {FIRST, SECOND}
        assert person.attributes["visits"] == 4
        assert set(person.subscriptions.values_list("rokt_id", flat=True)) == {FIRST, SECOND}
        assert person.subscribed_at is not None
        assert person.subscribed_at.month == 2
        assert person.events.count() == 2


def test_the_same_request_many_times_at_once_is_stored_once(transactional_db) -> None:
    key = make_key(builders.make_workspace())
    people = [subscribing(name, f"{FIRST[:-1]}{place}") for place, name in enumerate("abc")]
    events = [happened(name, "2026-01-01") for name in "abc"]
    at_once(*[pushing(key, attributes=people, events=events)] * 4)
    assert (Subscriber.objects.count(), Subscription.objects.count(), SubscriberEvent.objects.count()) == (
        3,
        3,
        3,
    )


def test_people_named_in_the_opposite_order_and_in_two_workspaces_do_not_block_each_other(
    transactional_db,
) -> None:
    keys = [make_key(builders.make_workspace()) for _each in range(2)]
    for turn_number in range(ROUNDS):
        people = [subscribing(name, calendar=f"c-{turn_number}-{name}") for name in ("a", "b", "c", "d")]
        at_once(*[
            pushing(key, attributes=order) for key in keys for order in (people, people[::-1])
        ])  # fmt: skip
    assert Subscriber.objects.count() == 8
    assert Traits.objects.count() == ROUNDS * 4


def test_whose_turn_does_not_come_is_told_to_come_again_and_stores_nothing(
    transactional_db, monkeypatch
) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite keeps its own limit for the whole connection")
    monkeypatch.setattr(track, "PATIENCE_SECONDS", 0.05)
    workspace = builders.make_workspace()
    key = make_key(workspace)
    has_turn, may_end = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            turn(workspace.pk)
            has_turn.set()
            assert may_end.wait(30)

    def ask() -> None:
        try:
            assert has_turn.wait(30)
            answer = push(key, {"attributes": [subscribing("mia")]})
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
            with pytest.raises(OperationalError):
                track.store(workspace.pk, read(b'{"attributes": [{"external_id": "mia"}]}'))
        finally:
            may_end.set()

    at_once(hold, ask)
    assert not Subscriber.objects.exists()
    pushing(key, attributes=[subscribing("mia")])()
    assert Subscriber.objects.count() == 1
