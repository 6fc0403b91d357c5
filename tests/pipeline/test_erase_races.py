"""Erasing and suppressing while workers, the clock and imports are at work, in threads, on a real database."""

from contextlib import suppress

import pytest

from campaigns.models import Attempt, Delivery, DryRun, DryRunPerson, SavedRecipient, Send, Subscriber
from campaigns.pipeline import clockwork, compose, dryrun
from campaigns.pipeline.calls import Calls
from campaigns.pipeline.record import Unfit, books, erase
from tests.builders import make_campaign, make_event, make_segment
from tests.meanwhile import being_erased, marks
from tests.pipeline import test_races as races

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 3
account, rokt, sends, staff = races.account, races.rokt, races.sends, races.staff


def erasing(person, by):
    """Erase a person, unless somebody was faster: then the person is whole, or gone."""

    def act() -> None:
        with suppress(erase.StillOutError, Subscriber.DoesNotExist):
            erase.erase(person, marks(person, by))

    return act


def assert_whole_or_gone(person):
    """Nothing in between: either the person is as before, or no row has the name."""
    is_there = Subscriber.objects.filter(pk=person.pk).exists()
    named = Delivery.objects.filter(external_id=person.external_id)
    assert named.exists() == is_there
    told = Attempt.objects.filter(body__contains=f"_{person.external_id}")
    assert is_there or not told.exists()


def test_erasing_while_workers_send_leaves_people_whole_or_gone(sends, rokt, staff):
    for number in range(ROUNDS):
        send = races.started(sends())
        people = list(Subscriber.objects.order_by("pk")[number : number + 3])
        races.at_once(races.work, races.work, *[erasing(person, staff) for person in people])
        races.work()

        for person in people:
            assert_whole_or_gone(person)
        send.refresh_from_db()
        assert (send.state, books.check(send).holds) == (Send.State.FINISHED, True)


def test_erasing_while_audiences_are_frozen_leaves_nobody_half(sends, rokt, staff):
    for _round in range(ROUNDS):
        send = sends()
        person = Subscriber.objects.latest("pk")
        races.at_once(erasing(person, staff), clockwork.start_due, erasing(person, staff))
        clockwork.start_due()  # where the person was faster than the freeze, it goes on without them
        races.work()

        assert_whole_or_gone(person)
        send.refresh_from_db()
        assert send.state == Send.State.FINISHED


def test_suppressing_while_workers_send_ends_every_row_once(sends, rokt, staff):
    for _round in range(ROUNDS):
        send = races.started(sends())
        people = list(Subscriber.objects.filter(is_suppressed=False)[:3])
        acts = [lambda person=person: erase.suppress(person, marks(person, staff)) for person in people]
        races.at_once(races.work, races.work, *acts)
        races.work()

        send.refresh_from_db()
        assert (send.state, send.queued_count, books.check(send).holds) == (Send.State.FINISHED, 0, True)
    races.assert_nobody_twice(rokt)


def test_a_check_that_finds_somebody_who_is_erased_this_moment_goes_on(account, staff, monkeypatch):
    event = make_event(make_campaign(account=account, segment=make_segment()))
    unfit = Unfit(Delivery.State.FAILED, Delivery.Reason.RENDERING, "odd", "odd for them")
    monkeypatch.setattr(Calls, "write", lambda _calls, rows: [unfit for _row in rows])
    person = Subscriber.objects.earliest("pk")
    asked = dryrun.ask(compose.draft(event, Send.Kind.CREATE), by=staff)

    with being_erased(person, staff):
        job = dryrun.run(asked.pk)

    assert (job.state, job.failing_count > 0) == (DryRun.State.FINISHED, True)
    found = DryRunPerson.objects.values_list("subscriber", flat=True)
    assert set(found) == set(Subscriber.objects.values_list("pk", flat=True))


def test_recipients_are_kept_but_for_somebody_who_is_erased_this_moment(account, staff):
    gone, here = Subscriber.objects.order_by("pk")[:2]

    with being_erased(gone, staff):
        compose.save_recipients(account, {gone.pk: {"a"}, here.pk: {"b"}}, by=staff)

    assert SavedRecipient.objects.values_list("subscriber", "rokt_id").get() == (here.pk, "b")
