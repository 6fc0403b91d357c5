"""Snapshots: who was in at a moment, and who has come and gone since, with the reason."""

from typing import Any

import pytest

from campaigns.forms.segment import save
from campaigns.models import Segment, Send, Snapshot, Subscriber, Subscription
from campaigns.models.standing import settle
from campaigns.segments import nesting, snapshots
from tests.builders import EVERYONE, make_delivery, make_segment, make_send, make_subscription, make_user

pytestmark = pytest.mark.django_db


def test_a_snapshot_remembers_who_was_in() -> None:
    people = {make_subscription().subscriber.pk for _number in range(3)}
    taken = snapshots.take(make_segment(), cause="asked")
    assert taken.people_count == 3
    assert set(snapshots.drift(taken.segment, taken).before) == people


def test_those_who_came_and_went_are_told_with_the_reason() -> None:
    gone, quiet, ended, stays = (make_subscription().subscriber for _number in range(4))
    segment = make_segment()
    taken = snapshots.take(segment, cause="asked")
    Subscriber.objects.filter(pk=gone.pk).update(is_active=False)
    Subscriber.objects.filter(pk=quiet.pk).update(is_suppressed=True)
    Subscription.objects.filter(subscriber=ended).update(ended_at=taken.taken_at)
    settle([gone.pk, quiet.pk, ended.pk])
    new = make_subscription().subscriber

    drift = snapshots.drift(segment, taken)

    assert (drift.joined_count, drift.left_count, drift.stayed_count) == (1, 3, 1)
    assert [(move.subscriber, move.reason) for move in drift.joined()] == [(new, "new here")]
    reasons = {move.subscriber: move.reason for move in drift.left()}
    assert reasons == {gone: "no longer active", quiet: "suppressed", ended: "unsubscribed"}
    assert stays not in reasons


def test_a_changed_definition_and_an_erased_person_are_told() -> None:
    fitting, erased = make_subscription().subscriber, make_subscription().subscriber
    segment = make_segment()
    taken = snapshots.take(segment, cause="asked")
    erased_pk = erased.pk
    erased.delete()
    segment.rule = {"match": "all", "rules": [{"field": "calendar_code", "op": "is_any_of", "values": ["x"]}]}
    segment.version += 1
    segment.save()
    moves = {move.pk: move.reason for move in snapshots.drift(segment, taken).left()}
    assert moves == {fitting.pk: "the definition has changed", erased_pk: "erased"}


def test_a_send_is_compared_by_its_deliveries() -> None:
    delivery = make_delivery()
    segment = make_segment()
    joined = make_subscription(account=delivery.send.account).subscriber
    drift = snapshots.drift(segment, delivery.send)
    assert (drift.joined_count, drift.left_count) == (1, 1)
    assert drift.joined()[0].subscriber == joined


def changed(segment: Segment, **columns: Any) -> None:
    """Save a change as the segment's page does."""
    by, version = make_user("marketer"), str(segment.version)
    for name, value in columns.items():
        setattr(segment, name, value)
    save(segment, by=by, expected_version=version)


@pytest.mark.parametrize("since", ["snapshot", "send"])
def test_a_segment_inside_that_says_something_else_is_another_definition(since: str) -> None:
    ada = make_subscription().subscriber
    rule = {"match": "all", "rules": [{"field": "user_id", "op": "is_any_of", "values": ["nobody"]}]}
    inner = make_segment(rule, name="Inner")
    middle = make_segment({"match": "all", "rules": [{"segment": inner.pk}]})
    segment = make_segment({"match": "all", "rules": [{"segment": middle.pk}]})
    earlier: Snapshot | Send = snapshots.take(segment, cause="asked")
    if since == "send":
        queued = nesting.resolved(segment.rule)
        earlier = make_send(segment=segment, segment_version=1, rule=queued)
        make_subscription(ada, earlier.account)

    assert snapshots.drift(segment, earlier).is_same_rule
    changed(inner, name="Renamed")
    assert snapshots.drift(segment, earlier).is_same_rule

    changed(inner, rule=EVERYONE)
    drift = snapshots.drift(segment, earlier)
    assert not drift.is_same_rule
    assert [move.subscriber for move in drift.joined()] == [ada]
