"""What Rokt tells by itself settles what no answer did, and nothing that is settled is disturbed."""

import pytest
from django.utils import timezone

from campaigns.models import Account, Attempt, Delivery, Entry, Send, Subscriber
from campaigns.pipeline import clockwork, leaving, record
from campaigns.pipeline.calls import Calls
from campaigns.pipeline.record import Said, Spot, TakenOff, Word, books
from tests.builders import make_account, make_subscriber
from tests.pipeline.running import CANCEL, CREATE, UPDATE, hurry, only, queue, run, states, subscription

pytestmark = pytest.mark.django_db

ADDED, CHANGED, REMOVED = Attempt.Operation.CREATE, Attempt.Operation.UPDATE, Attempt.Operation.DELETE
NO_ANSWER = record.Outcome(Attempt.Outcome.UNKNOWN, status=None, answer="", reason="silence", elapsed_ms=5)
ACCEPTED = record.Outcome(Attempt.Outcome.ACCEPTED, status=202, answer="", reason="", elapsed_ms=5)
BUSY = record.Outcome(Attempt.Outcome.RETRY, status=503, answer="", reason="busy", elapsed_ms=5)


@pytest.fixture
def send(event, staff, account) -> Send:
    subscription(make_subscriber("ann"))
    return queue(event, staff)


def confirm(event, name: str, *, operation: Attempt.Operation) -> Said:
    spots = [Spot(event.pk, name)]
    (said,) = record.confirm([Word(operation, spots, spots)])
    return said


def taken_off(event, name: str, rokt_id: str = "") -> Said:
    (said,) = record.taken_off([TakenOff([Spot(event.pk, name)], rokt_id)])
    return said


def claim(send: Send) -> record.Batch:
    return record.claim(Send.objects.get(pk=send.pk), limit=10, write=Calls(send).write)


def close(send: Send, outcome: record.Outcome) -> None:
    record.close(claim(send), [outcome])


def renamed(event, staff, *, kind: Send.Kind = UPDATE) -> Send:
    """Queue a send of the event under another title."""
    event.title = f"{event.title}, again"
    event.save()
    return queue(event, staff, kind)


def balanced(send: Send) -> bool:
    send.refresh_from_db()
    return books.check(send).holds


def test_an_accepted_entry_is_confirmed_by_rokts_word(send, event):
    run(send)

    assert confirm(event, "ann", operation=ADDED) is Said.TAKEN

    assert only(send).state == Delivery.State.CONFIRMED
    assert Entry.objects.get().confirmed_at is not None
    assert balanced(send)


def test_the_same_word_twice_changes_nothing(send, event):
    run(send)
    confirm(event, "ann", operation=ADDED)
    before = only(send).changed_at

    assert confirm(event, "ann", operation=ADDED) is Said.KNOWN
    assert only(send).changed_at == before


def test_a_doubt_is_settled_and_the_entry_is_known(send, event):
    record.claim(send, limit=1, write=Calls(send).write)
    hurry(send)
    clockwork.tidy()
    assert states(send) == {"ann": "in_doubt"}

    assert confirm(event, "ann", operation=ADDED) is Said.TAKEN

    assert states(send) == {"ann": "confirmed"}
    assert Entry.objects.get().state == Entry.State.PRESENT
    send.refresh_from_db()
    assert send.state == Send.State.FINISHED
    assert balanced(send)


def test_a_repeat_that_waits_is_not_made_any_more(send, event, rokt):
    rokt.fault("status", status=503, count=2)
    run(send)
    assert states(send) == {"ann": "queued"}

    assert confirm(event, "ann", operation=ADDED) is Said.TAKEN

    hurry(send)
    run(send)
    assert states(send) == {"ann": "confirmed"}
    assert only(send).attempt_count == 1
    assert balanced(send)


def test_word_that_comes_before_the_answer_is_to_be_heard_again(send, event):
    record.claim(send, limit=1, write=Calls(send).write)
    assert confirm(event, "ann", operation=ADDED) is Said.EARLY
    assert states(send) == {"ann": "sending"}


def test_what_was_never_sent_is_not_confirmed(send, event):
    assert confirm(event, "ann", operation=ADDED) is Said.STRANGE
    assert states(send) == {"ann": "queued"}
    assert confirm(event, "bob", operation=ADDED) is Said.STRANGE
    assert confirm(event, "ann", operation=CHANGED) is Said.STRANGE


def test_updates_and_removals_are_confirmed_apart_from_the_first_send(send, event, staff):
    run(send)
    event.title = "Winter Sale"
    event.save()
    update = run(queue(event, staff, UPDATE))
    removal = run(queue(event, staff, CANCEL))

    assert confirm(event, "ann", operation=REMOVED) is Said.TAKEN
    assert confirm(event, "ann", operation=CHANGED) is Said.TAKEN

    assert [only(each).state for each in (send, update, removal)] == ["accepted", "confirmed", "confirmed"]
    assert Entry.objects.get().state == Entry.State.CANCELLED


def test_who_took_it_off_gets_neither_updates_nor_the_event_again(send, event, staff):
    run(send)
    assert taken_off(event, "ann") is Said.TAKEN
    assert taken_off(event, "ann") is Said.KNOWN
    subscription(make_subscriber("bob"))

    again = run(queue(event, staff, CREATE))
    assert states(again) == {"ann": "skipped", "bob": "accepted"}
    assert again.deliveries.get(external_id="ann").reason == Delivery.Reason.TAKEN_OFF
    event.title = "Winter Sale"
    event.save()
    assert states(run(queue(event, staff, UPDATE))) == {"bob": "accepted"}


def test_nothing_is_taken_off_that_is_not_there(event):
    make_subscriber("ann")
    assert taken_off(event, "ann") is Said.STRANGE


def test_who_must_not_get_anything_is_skipped_but_removals_still_reach_them(send, event, staff):
    subscription(make_subscriber("bob"))
    run(send)
    later = queue(event, staff)
    assert states(later) == {"ann": "skipped", "bob": "queued"}
    Subscriber.objects.update(is_suppressed=True)

    run(later)
    bob = later.deliveries.get(external_id="bob")
    assert (bob.state, bob.reason) == (Delivery.State.SKIPPED, Delivery.Reason.SUPPRESSED)
    assert states(run(queue(event, staff, CANCEL))) == {"ann": "accepted"}


def test_who_unsubscribed_after_the_send_began_is_not_called(event, staff, account, rokt):
    theirs = subscription(make_subscriber("ann"))
    send = queue(event, staff)
    account.subscription_statuses.create(
        rokt_id=theirs.rokt_id, ended_at=timezone.now(), told_at=timezone.now()
    )

    run(send)

    assert only(send).reason == Delivery.Reason.UNSUBSCRIBED
    assert not [line for line in rokt.log() if line["path"] != "/oauth2/token"]


def test_an_update_that_waits_is_not_sent_to_who_takes_the_entry_off(send, event, staff, rokt):
    run(send)
    event.title = "Winter Sale"
    event.save()
    update = queue(event, staff, UPDATE)
    assert taken_off(event, "ann") is Said.TAKEN
    before = len(rokt.log())

    run(update)

    assert Entry.objects.get().state == Entry.State.DROPPED
    assert only(update).reason == Delivery.Reason.TAKEN_OFF
    assert len(rokt.log()) == before


@pytest.mark.parametrize("kind", [UPDATE, CANCEL])
def test_who_takes_it_off_while_a_call_is_out_has_taken_it_off(kind, send, event, staff):
    close(send, ACCEPTED)
    change = renamed(event, staff, kind=kind)
    batch = claim(change)
    assert taken_off(event, "ann") is Said.TAKEN

    record.close(batch, [ACCEPTED])

    assert Entry.objects.get().state == Entry.State.DROPPED


def test_what_is_taken_off_one_calendar_while_a_call_is_out_stays_off_it(event, staff, account):
    ann = make_subscriber("ann")
    one, two = subscription(ann), subscription(ann)
    close(queue(event, staff), ACCEPTED)
    batch = claim(renamed(event, staff))
    assert taken_off(event, "ann", one.rokt_id) is Said.TAKEN

    record.close(batch, [ACCEPTED])

    assert Entry.objects.get().subscriptions == f"1:{two.rokt_id}"


def test_late_word_of_an_earlier_update_is_not_taken_for_one_that_did_not_arrive(send, event, staff):
    close(send, ACCEPTED)
    first = renamed(event, staff)
    close(first, ACCEPTED)
    second = renamed(event, staff)
    close(second, BUSY)

    assert confirm(event, "ann", operation=CHANGED) is Said.TAKEN

    assert (states(first), states(second)) == ({"ann": "confirmed"}, {"ann": "queued"})
    assert confirm(event, "ann", operation=CHANGED) is Said.TAKEN  # the second word is of the second call
    assert states(second) == {"ann": "confirmed"}
    assert balanced(second)


def test_who_takes_it_off_one_of_two_calendars_keeps_it_on_the_other(event, staff, account):
    ann = make_subscriber("ann")
    one, two = subscription(ann), subscription(ann)
    send = run(queue(event, staff))

    assert taken_off(event, "ann", one.rokt_id.upper()) is Said.TAKEN
    assert taken_off(event, "ann", one.rokt_id) is Said.KNOWN

    entry = Entry.objects.get()
    assert (entry.state, entry.subscriptions) == (Entry.State.PRESENT, f"1:{two.rokt_id}")
    assert taken_off(event, "ann", two.rokt_id) is Said.TAKEN
    assert Entry.objects.get().state == Entry.State.DROPPED
    assert balanced(send)


def test_word_of_an_entry_confirms_it_though_a_later_send_skipped_the_person(send, event, staff):
    run(send)
    subscription(make_subscriber("bob"))
    later = run(queue(event, staff))
    assert states(later)["ann"] == "skipped"

    assert confirm(event, "ann", operation=ADDED) is Said.TAKEN

    assert only(send).state == Delivery.State.CONFIRMED


@pytest.mark.parametrize("how", ["suppressed", "left", "ended"])
def test_a_call_without_an_answer_is_not_said_to_be_skipped(event, staff, account, how):
    Account.objects.update(when_in_doubt=Account.WhenInDoubt.RESEND)
    theirs = subscription(make_subscriber("ann"))
    send = queue(event, staff)
    batch = record.claim(send, limit=10, write=Calls(send).write)
    if how == "ended":
        at = timezone.now()
        account.subscription_statuses.create(rokt_id=theirs.rokt_id, ended_at=at, told_at=at)
    else:
        Subscriber.objects.update(is_active=how != "left", is_suppressed=how == "suppressed")
    record.close(batch, [NO_ANSWER])
    hurry(send)

    run(send)

    assert only(send).state == Delivery.State.IN_DOUBT
    assert balanced(send)
    assert confirm(event, "ann", operation=ADDED) is Said.TAKEN
    assert Entry.objects.get().state == Entry.State.PRESENT
    assert states(run(queue(event, staff, CANCEL))) == {"ann": "accepted"}


def test_who_must_not_be_called_is_asked_once_for_a_whole_batch(
    event, account, staff, django_assert_num_queries
):
    people = [make_subscriber(name) for name in ("ann", "bob", "cat", "dan")]
    first, second, *_rest = [subscription(person) for person in people]
    send = run(queue(event, staff))
    taken_off(event, "cat")
    at = timezone.now()
    account.subscription_statuses.create(rokt_id=first.rokt_id, ended_at=at, told_at=at)
    make_account("rival").subscription_statuses.create(rokt_id=second.rokt_id, ended_at=at, told_at=at)
    rows = list(send.deliveries.select_related("subscriber").order_by("external_id"))

    with django_assert_num_queries(1):
        found = leaving.reasons(send, rows)

    assert found == {
        rows[0].pk: Delivery.Reason.UNSUBSCRIBED,
        rows[2].pk: Delivery.Reason.TAKEN_OFF,
    }
