"""Dry runs in trouble: others who write, people whose data breaks, colleagues who check again."""

import threading
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connections
from django.utils import timezone

from campaigns.models import Delivery, DryRun, Segment, Subscriber, Workspace
from campaigns.pipeline import calls, compose, dryrun, render
from campaigns.pipeline.record import books
from tests.builders import make_segment, make_subscriber
from tests.pipeline.running import CREATE, queue, run, states, subscription

pytestmark = pytest.mark.django_db

NAMED = "Dear {{${last_name}}}"


def person(name: str, *, last_name: str = "Ross") -> Subscriber:
    made = make_subscriber(name, first_name=name.title(), last_name=last_name)
    subscription(made)
    return made


def check(event) -> DryRun:
    return dryrun.run(dryrun.ask(compose.draft(event, CREATE), by=None).pk)


def queue_now(event, by, leave_out: compose.LeaveOut):
    draft = compose.draft(event, CREATE)
    return compose.queue(draft, by=by, scheduled_at=timezone.now(), submit_token=uuid4(), leave_out=leave_out)


@pytest.mark.django_db(transaction=True)
def test_a_dry_run_goes_on_while_others_write(event):
    """On SQLite nobody may write behind a query that is still being read."""
    for number in range(1_500):
        person(f"u{number}")
    other = Workspace.objects.create(name="written all the time")
    done = threading.Event()

    def write_all_the_time() -> None:
        while not done.is_set():
            Workspace.objects.filter(pk=other.pk).update(rest_endpoint=uuid4().hex)
        connections.close_all()

    writer = threading.Thread(target=write_all_the_time)
    writer.start()
    try:
        job = check(event)
    finally:
        done.set()
        writer.join()

    assert (job.state, job.ready_count) == (DryRun.State.FINISHED, 1_500)


def test_one_person_whose_data_breaks_the_code_fails_alone(event, staff, rokt, monkeypatch, caplog):
    ann, bob = person("ann"), person("bob")
    send = queue(event, staff)
    real = render.content_of

    def breaks_for_ann(body: str) -> str:
        if "Event_0001_ann" in body:
            raise RecursionError("too deep")
        return real(body)

    monkeypatch.setattr(render, "content_of", breaks_for_ann)
    run(send)

    assert states(send) == {"ann": "failed", "bob": "accepted"}
    assert "the log says why" in send.deliveries.get(subscriber=ann).detail
    assert "cannot be written" in caplog.text
    assert books.check(send).holds
    assert bob.entries.exists()


def test_writing_that_breaks_the_code_fails_alone_too(event, monkeypatch):
    person("ann")
    person("bob")
    real = render.data_of

    def breaks_for_ann(who: Subscriber) -> object:
        if who.external_id == "ann":
            return None
        return real(who)

    monkeypatch.setattr(render, "data_of", breaks_for_ann)
    event.title = "{{${first_name}}}"
    event.save()

    job = check(event)

    assert (job.ready_count, job.failing_count) == (1, 1)


def test_a_reason_can_be_stored_whatever_it_quotes():
    error = render.RenderError("a\0b", "c\0d")

    assert "\0" not in f"{error.cause}{error.detail}{error}"


def test_only_those_who_were_agreed_on_are_left_out(event, staff, rokt):
    event.title = NAMED
    event.save()
    person("ann", last_name="")
    bob = person("bob")
    person("cyd")
    send = queue(event, staff, leave_out="ann has no last name")
    bob.last_name = ""
    bob.save()

    run(send)

    assert states(send) == {"ann": "skipped", "bob": "failed", "cyd": "accepted"}
    assert send.deliveries.get(external_id="ann").reason == Delivery.Reason.SET_ASIDE
    assert send.deliveries.get(external_id="bob").reason == Delivery.Reason.RENDERING
    assert compose.retry_failed(send, by=staff) == 1


def test_a_reason_is_good_for_the_check_it_was_given_for(event, staff):
    event.title = NAMED
    event.save()
    person("ann", last_name="")
    person("bob")
    seen = check(event)
    person("cyd", last_name="")
    again = check(event)

    with pytest.raises(compose.NotPossibleError, match="checked again since you looked"):
        queue_now(event, staff, compose.LeaveOut("ann is fine", seen=seen.pk))

    assert queue_now(event, staff, compose.LeaveOut("both", seen=again.pk)).leave_out_reason == "both"


@pytest.mark.parametrize("before", [0, 2])
def test_an_audience_that_has_more_than_doubled_is_checked_again(before, event, staff):
    for number in range(before):
        person(f"old{number}")
    check(event)
    for number in range(before + 1):
        person(f"new{number}")

    with pytest.raises(compose.NotPossibleError, match=f"Only {before} of {2 * before + 1} people"):
        queue_now(event, staff, compose.LeaveOut())


def test_a_send_that_would_reach_nobody_is_not_queued_whatever_the_reason(event, staff):
    event.title = NAMED
    event.save()
    person("ann", last_name="")
    check(event)

    with pytest.raises(compose.NotPossibleError, match="Nobody would get this event"):
        queue_now(event, staff, compose.LeaveOut("why not"))


def test_a_batch_that_takes_long_gives_signs_of_life(event, monkeypatch):
    for number in range(250):
        person(f"u{number}")
    monkeypatch.setattr(dryrun, "SIGN_OF_LIFE_SECONDS", -1)
    real = calls.Calls.write
    moved = []

    def slow(self, rows):
        at = DryRun.objects.get().moved_at
        assert at is not None
        moved.append(at)
        DryRun.objects.update(moved_at=timezone.now() - timedelta(hours=1))
        return real(self, rows)

    monkeypatch.setattr(calls.Calls, "write", slow)
    job = check(event)

    assert job.ready_count == 250
    assert len(moved) == 3
    assert all(timezone.now() - at < timedelta(minutes=1) for at in moved)


def test_a_segment_that_has_changed_needs_another_check(event, staff):
    person("ann")
    check(event)
    segment: Segment = make_segment({"match": "all", "rules": [{"field": "opt_in_1", "op": "is_true"}]})
    event.campaign.segment = segment
    event.campaign.save()

    with pytest.raises(compose.NotPossibleError):
        queue_now(event, staff, compose.LeaveOut())
