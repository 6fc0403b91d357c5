"""What staff do with events and sends, and what they are told when it is not possible."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from campaigns.models import Account, Delivery, Send
from campaigns.pipeline import clockwork, compose
from campaigns.pipeline.compose import Verdict
from tests.builders import checked, make_event, make_subscriber, make_user
from tests.pipeline.running import CANCEL, CREATE, UPDATE, decide, only, queue, run, states, subscription

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann(account):
    return subscription(make_subscriber(external_id="ann"))


def schedule(event, by, *, hours: float = 1.0) -> Send:
    at = timezone.now() + timedelta(hours=hours)
    return compose.queue(checked(compose.draft(event, CREATE)), by=by, scheduled_at=at, submit_token=uuid4())


def reasons(event, by, kind: Send.Kind = CREATE) -> str:
    with pytest.raises(compose.NotPossibleError) as refusal:
        compose.queue(compose.draft(event, kind), by=by, scheduled_at=timezone.now(), submit_token=uuid4())
    assert not Send.objects.filter(kind=kind).exists()
    return str(refusal.value)


def test_the_same_token_twice_is_one_send(event, staff, ann):
    token, at = uuid4(), timezone.now()

    first = compose.queue(
        checked(compose.draft(event, CREATE)), by=staff, scheduled_at=at, submit_token=token
    )
    again = compose.queue(compose.draft(event, CREATE), by=staff, scheduled_at=at, submit_token=token)

    assert first == again
    assert Send.objects.count() == 1


def test_a_scheduled_send_starts_at_its_time_and_not_before(event, staff, ann):
    send = schedule(event, staff)
    assert clockwork.start_due() == []

    Send.objects.update(scheduled_at=timezone.now())

    assert clockwork.start_due() == [send.pk]
    assert clockwork.start_due() == []
    assert Delivery.objects.count() == 1


def test_a_scheduled_send_can_be_moved_and_cancelled_until_it_starts(event, staff, ann):
    send = schedule(event, staff)
    later = timezone.now() + timedelta(days=2)

    compose.move(send, by=staff, scheduled_at=later, zone="Eastern Standard Time")
    assert send.scheduled_at == later
    compose.cancel(send, by=staff)

    assert send.state == Send.State.CANCELLED
    assert [action.verb for action in send.actions.all()] == ["queued", "moved", "cancelled"]
    with pytest.raises(compose.NotPossibleError, match="cancelled"):
        compose.move(send, by=staff, scheduled_at=later, zone="")


def test_a_second_person_releases_what_the_account_wants_released(event, staff, ann):
    Account.objects.update(needs_approval=True)
    event.refresh_from_db()
    event.campaign.account.refresh_from_db()
    send = queue(event, staff)
    assert send.state == Send.State.REQUESTED
    approver = make_user("approver")

    with pytest.raises(compose.NotPossibleError, match="Somebody else"):
        compose.release(send, by=staff)
    compose.release(send, by=approver)

    assert (send.state, send.approved_by) == (Send.State.SCHEDULED, approver)
    assert clockwork.start_due() == [send.pk]


def test_a_released_send_that_is_moved_has_to_be_released_again(event, staff, ann):
    Account.objects.update(needs_approval=True)
    event.refresh_from_db()
    send = queue(event, staff)
    compose.release(send, by=make_user("approver"))

    compose.move(send, by=staff, scheduled_at=timezone.now() + timedelta(days=1), zone="")

    assert (send.state, send.approved_by) == (Send.State.REQUESTED, None)


def test_a_send_is_not_moved_behind_its_event(event, staff, ann):
    send = schedule(event, staff)

    with pytest.raises(compose.NotPossibleError, match="over by then"):
        compose.move(send, by=staff, scheduled_at=send.deliver_until, zone="")


def test_a_declined_send_never_starts(event, staff, ann):
    Account.objects.update(needs_approval=True)
    event.refresh_from_db()
    send = queue(event, staff)

    compose.decline(send, by=make_user("approver"), note="wrong week")

    assert send.state == Send.State.CANCELLED
    assert clockwork.start_due() == []
    assert send.actions.get(verb="declined").note == "wrong week"


@pytest.mark.parametrize("action", ["pause", "resume", "release"])
def test_an_action_that_does_not_fit_the_state_is_refused_in_words(action, event, staff, ann):
    send = run(queue(event, staff))

    with pytest.raises(compose.NotPossibleError, match="This send is finished"):
        getattr(compose, action)(send, by=make_user("approver"))


def test_the_failed_can_be_retried_all_or_by_reason(event, staff, ann, rokt):
    rokt.fault("400", count=1)
    send = run(queue(event, staff))
    assert only(send).state == Delivery.State.FAILED

    assert compose.retry_failed(send, by=staff, reasons=["rendering"]) == 0
    assert compose.retry_failed(send, by=staff, reasons=["refused"]) == 1

    send.refresh_from_db()
    assert send.state == Send.State.SENDING
    send = run(send)
    assert only(send).state == Delivery.State.ACCEPTED
    assert send.state == Send.State.FINISHED


def test_what_is_over_is_not_retried(event, staff, ann, rokt):
    rokt.fault("400")
    send = run(queue(event, staff))
    Send.objects.update(deliver_until=timezone.now())
    send.refresh_from_db()

    with pytest.raises(compose.NotPossibleError, match="too late"):
        compose.retry_failed(send, by=staff)


def test_a_scheduled_send_has_nothing_to_retry(event, staff, ann):
    with pytest.raises(compose.NotPossibleError, match="nothing to retry"):
        compose.retry_failed(schedule(event, staff), by=staff)


def test_a_decision_needs_a_reason(event, staff, ann):
    with pytest.raises(compose.NotPossibleError, match="Say why"):
        decide(queue(event, staff), [], Verdict.ARRIVED, by=staff, note=" ")


def test_resuming_a_send_of_which_nothing_is_left_finishes_it(event, staff, ann, rokt):
    send = queue(event, staff)
    compose.pause(send, by=staff)
    Send.objects.update(queued_count=0, accepted_count=1)
    Delivery.objects.update(state="accepted", due_at=None)

    compose.resume(send, by=staff)

    send.refresh_from_db()
    assert send.state == Send.State.FINISHED


def test_nobody_to_send_to_is_said(event, staff, account):
    assert "Nobody in this account matches" in reasons(event, staff)


def test_everybody_skipped_is_said(event, staff, ann, rokt):
    run(queue(event, staff))
    with pytest.raises(compose.NotPossibleError, match="everybody in the audience is skipped"):
        compose.queue(
            compose.draft(event, CREATE), by=staff, scheduled_at=timezone.now(), submit_token=uuid4()
        )


def test_an_update_without_anybody_who_has_the_event_is_refused(event, staff, ann):
    assert "Nobody has this event" in reasons(event, staff, UPDATE)
    assert "Nobody has this event" in reasons(event, staff, CANCEL)


def test_one_unfinished_send_of_an_event_at_a_time(event, staff, ann):
    schedule(event, staff)

    with pytest.raises(compose.NotPossibleError, match="is not finished"):
        schedule(event, staff)


def test_a_stopped_account_and_a_missing_secret_keep_a_send_back(event, staff, ann):
    Account.objects.update(stopped_at=timezone.now(), stopped_reason="Rokt forbids it", client_secret="")
    event.refresh_from_db()

    message = reasons(event, staff)

    assert "Rokt forbids it" in message
    assert "no client secret" in message


def test_an_event_that_is_over_is_not_sent(event, staff, ann):
    event.start_local -= timedelta(days=365)
    event.end_local -= timedelta(days=365)
    event.save()

    assert "over before the send begins" in reasons(event, staff)


def test_saving_over_somebody_elses_change_is_refused(event):
    mine, theirs = (event.__class__.objects.get() for _ in range(2))
    theirs.title = "Theirs"
    compose.save_event(theirs, expected_version=1)
    mine.title = "Mine"

    with pytest.raises(compose.StaleEventError):
        compose.save_event(mine, expected_version=1)

    event.refresh_from_db()
    assert (event.title, event.version) == ("Theirs", 2)


@pytest.mark.parametrize(
    ("like", "free"), [("Event_0001", "Event_0002"), ("Sale", "Sale"), ("Event_0009", "Event_0009")]
)
def test_a_free_event_id_counts_up(like, free, event):
    assert compose.free_event_id(event.campaign, like=like) == free


def test_a_copy_of_an_event_without_a_number_gets_one(event):
    original = make_event(event.campaign, event_id="Sale")

    copy = compose.duplicate_event(original)

    assert copy.event_id == "Sale-2"
    assert (copy.title, copy.start_local) == (original.title, original.start_local)
    assert compose.duplicate_event(original).event_id == "Sale-3"


def test_a_cancellation_may_still_go_out_after_the_event(event, staff, ann, rokt):
    run(queue(event, staff))
    event.start_local -= timedelta(days=60)
    event.end_local -= timedelta(days=40)
    event.save()

    send = compose.queue(
        checked(compose.draft(event, CANCEL)), by=staff, scheduled_at=timezone.now(), submit_token=uuid4()
    )
    clockwork.start_due()

    assert states(run(send)) == {"ann": "accepted"}
