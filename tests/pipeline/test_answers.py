"""What Rokt answers, and what becomes of the delivery: checked against Rokt's own log."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from campaigns import tasks
from campaigns.models import Account, Attempt, Breaker, Delivery, RateLimit, Send, Token
from campaigns.pipeline import gate
from campaigns.pipeline.record import books
from tests.builders import make_subscriber
from tests.pipeline.running import (
    CANCEL,
    hurry,
    only,
    queue,
    run,
    seconds_until,
    states,
    subscription,
)
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann(account):
    return subscription(make_subscriber(external_id="ann", first_name="Ann"))


@pytest.fixture
def crowd(account):
    return [subscription(make_subscriber(external_id=f"u{number:02}")) for number in range(30)]


def posts(rokt: Sandbox) -> list[dict[str, Any]]:
    return [line for line in rokt.log() if line["path"].startswith("/v1/subscriptionevent")]


def outcomes(send: Send) -> list[str]:
    return list(Attempt.objects.filter(delivery__send=send).order_by("id").values_list("outcome", flat=True))


def test_a_refusal_is_final_and_keeps_rokts_reason(event, staff, ann, rokt):
    rokt.fault("400")

    send = run(queue(event, staff))

    assert only(send).state == Delivery.State.FAILED
    assert only(send).reason == Delivery.Reason.REFUSED
    assert only(send).detail
    assert only(send).attempts.get().answer.startswith("{")
    assert send.state == Send.State.FINISHED


@pytest.mark.parametrize("status", [408, 425, 500, 502, 503, 504, 520, 598])
def test_a_server_in_trouble_is_tried_again_later_with_the_same_bytes(status, event, staff, ann, rokt):
    rokt.fault("status", status=status, count=1)

    send = run(queue(event, staff))

    waiting = only(send)
    assert waiting.state == Delivery.State.QUEUED
    assert 2 < seconds_until(waiting.due_at) < 6
    hurry(send)
    run(send)
    assert only(send).state == Delivery.State.ACCEPTED
    assert outcomes(send) == ["retry", "accepted"]
    first, second = posts(rokt)
    assert first["body"] == second["body"]


def test_tries_run_out_and_the_reason_stays(event, staff, ann, rokt, account):
    rokt.fault("status", status=503, count=2)
    send = queue(event, staff)
    send.deliveries.update(retry_count=8)

    run(send)
    hurry(send)
    run(send)

    assert only(send).state == Delivery.State.FAILED
    assert only(send).reason == Delivery.Reason.GAVE_UP
    assert len(posts(rokt)) == 2


def test_no_try_is_made_that_would_come_after_the_events_end(event, staff, ann, rokt):
    rokt.fault("status", status=503, count=1)
    send = queue(event, staff)
    Send.objects.filter(pk=send.pk).update(deliver_until=timezone.now() + timedelta(seconds=2))

    run(send)

    assert only(send).reason == Delivery.Reason.GAVE_UP


def test_what_waits_when_the_event_is_over_is_given_up(event, staff, ann, rokt):
    send = queue(event, staff)
    Send.objects.filter(pk=send.pk).update(deliver_until=timezone.now())

    send = run(send)

    assert only(send).state == Delivery.State.EXPIRED
    assert send.state == Send.State.FINISHED
    assert posts(rokt) == []


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [("30", 30), ("1e9", 3600), ("soon", 5), ("", 5)],
)
def test_429_holds_the_account_and_spends_no_try(retry_after, seconds, event, staff, ann, rokt, account):
    rokt.fault("429", retry_after=retry_after, count=1)

    send = run(queue(event, staff))

    assert seconds - 2 < seconds_until(RateLimit.objects.get().held_until) <= seconds
    assert (only(send).state, only(send).retry_count) == (Delivery.State.QUEUED, 0)
    RateLimit.objects.update(held_until=None)
    run(send)
    assert only(send).state == Delivery.State.ACCEPTED
    assert len(posts(rokt)) == 2


def test_a_retry_after_in_the_past_costs_one_second(event, staff, ann, rokt):
    rokt.fault("429", retry_after="-5", count=1)
    started_at = timezone.now()

    send = run(queue(event, staff))

    assert only(send).state == Delivery.State.ACCEPTED
    assert timezone.now() - started_at >= timedelta(seconds=0.9)
    assert outcomes(send) == ["retry", "accepted"]


def test_one_401_costs_one_fresh_token_and_one_more_call(event, staff, ann, rokt):
    rokt.fault("401", count=1)

    send = run(queue(event, staff))

    assert only(send).state == Delivery.State.ACCEPTED
    assert outcomes(send) == ["unauthorized", "accepted"]
    assert rokt.summary()["tokens_issued"] == 2
    assert Token.objects.get().refused_at is None


def test_401_again_with_a_fresh_token_stops_the_account_and_fails_nobody(event, staff, crowd, rokt, account):
    rokt.fault("401")

    send = run(queue(event, staff))

    account.refresh_from_db()
    assert account.stopped_at is not None
    assert "401" in account.stopped_reason
    assert set(states(send).values()) == {"queued"}
    assert rokt.summary()["tokens_issued"] == 2
    assert books.check(send).holds


@pytest.fixture
def forbidden(event, staff, crowd, rokt, account):
    """A send whose account has stopped by a 403, as it would for every call."""
    rokt.fault("status", status=403)
    send = run(queue(event, staff))
    assert Account.objects.get().stopped_at is not None
    return send


def test_an_account_that_stopped_is_not_called_again_by_workers_that_start_anew(forbidden, rokt):
    count = len(rokt.log())

    for _restart in range(3):
        tasks.tick()
        run(forbidden)

    assert len(rokt.log()) == count


def test_an_account_that_is_started_again_too_early_costs_one_call(forbidden, account, rokt):
    before = len(posts(rokt))

    gate.start_again(account)
    run(forbidden)
    run(forbidden)

    assert len(posts(rokt)) == before + 1
    assert Account.objects.get().stopped_at is not None
    assert set(states(forbidden).values()) == {Delivery.State.QUEUED}


def test_an_account_that_was_put_right_and_started_again_sends_everything(forbidden, account, rokt):
    rokt.clear_faults()

    gate.start_again(account)
    run(forbidden)

    assert set(states(forbidden).values()) == {Delivery.State.ACCEPTED}
    assert Breaker.objects.get().open_until is None


def test_a_token_that_is_refused_after_a_start_stops_the_account_without_a_wait(
    event, staff, crowd, rokt, account
):
    rokt.fault("401")
    gate.start_again(account)

    run(queue(event, staff))

    assert len(posts(rokt)) == 2  # with one token and with a fresh one
    assert Account.objects.get().stopped_at is not None


def test_403_stops_the_account_at_once(event, staff, ann, rokt, account):
    rokt.fault("status", status=403)

    send = run(queue(event, staff))

    account.refresh_from_db()
    assert "403" in account.stopped_reason
    assert states(send) == {"ann": "queued"}


def test_wrong_credentials_stop_the_account_before_anything_is_sent(event, staff, ann, rokt, account):
    rokt.fault("401", path="/oauth2/token")

    send = run(queue(event, staff))

    account.refresh_from_db()
    assert account.stopped_at is not None
    assert states(send) == {"ann": "queued"}
    assert Attempt.objects.count() == 0


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 500},
        {"status": 200, "body": "<html>maintenance</html>", "content_type": "text/html"},
        {"status": 200, "body": '{"access_token": ""}'},
    ],
)
def test_a_token_service_in_trouble_makes_rows_wait(answer, event, staff, ann, rokt, account):
    rokt.fault("status", path="/oauth2/token", count=1, **answer)

    send = run(queue(event, staff))

    account.refresh_from_db()
    assert account.stopped_at is None
    assert states(send) == {"ann": "queued"}
    assert states(run(send)) == {"ann": "accepted"}


def test_a_redirect_is_not_followed_and_fails(event, staff, ann, rokt):
    rokt.fault("302", location="http://169.254.169.254/latest")

    send = run(queue(event, staff))

    assert only(send).state == Delivery.State.FAILED
    assert "302" in only(send).detail
    assert len(posts(rokt)) == 1


@pytest.mark.parametrize("fault", ["cut", "bad_gzip"])
def test_202_with_a_broken_body_is_accepted_after_one_post(fault, event, staff, ann, rokt):
    rokt.fault(fault)

    send = run(queue(event, staff))

    assert only(send).state == Delivery.State.ACCEPTED
    assert len(posts(rokt)) == 1


@pytest.mark.parametrize("fault", ["hang", "reset", "garbage"])
@pytest.mark.parametrize("acted_upon", [True, False])
def test_no_answer_is_a_doubt_that_looking_resolves(fault, acted_upon, event, staff, ann, rokt, settings):
    settings.ANSWER_SECONDS = 1
    rokt.fault(fault, count=1, applies=acted_upon)

    send = run(queue(event, staff))

    assert only(send).state == Delivery.State.IN_DOUBT
    assert only(send).reason == Delivery.Reason.NO_ANSWER
    assert send.state == Send.State.SENDING
    hurry(send)
    send = run(send)
    if acted_upon:
        assert only(send).state == Delivery.State.CONFIRMED
        assert outcomes(send) == ["unknown", "found"]
    else:
        assert 0 < seconds_until(only(send).due_at) <= 5
        hurry(send)
        send = run(send)
        assert only(send).state == Delivery.State.ACCEPTED
        assert outcomes(send) == ["unknown", "missing", "accepted"]
    assert send.state == Send.State.FINISHED
    assert len(rokt.entries(subscription=ann.rokt_id)[ann.rokt_id]) == 1
    assert books.check(send).holds


def test_resend_repeats_the_same_bytes_and_the_history_shows_both(event, staff, ann, rokt, account, settings):
    settings.ANSWER_SECONDS = 1
    Account.objects.update(when_in_doubt=Account.WhenInDoubt.RESEND)
    rokt.fault("hang", count=1)

    send = run(queue(event, staff))
    hurry(send)
    send = run(send)

    assert only(send).state == Delivery.State.ACCEPTED
    assert outcomes(send) == ["unknown", "accepted"]
    first, second = posts(rokt)
    assert first["body"] == second["body"]


def test_hold_waits_for_a_decision_and_posts_once(event, staff, ann, rokt, account, settings):
    settings.ANSWER_SECONDS = 1
    Account.objects.update(when_in_doubt=Account.WhenInDoubt.HOLD)
    rokt.fault("hang", count=1)

    send = run(queue(event, staff))
    hurry(send)
    send = run(send)

    assert only(send).state == Delivery.State.IN_DOUBT
    assert send.state == Send.State.SENDING
    assert len(posts(rokt)) == 1


def test_a_cancellation_in_doubt_is_settled_by_the_missing_entry(event, staff, ann, rokt, settings):
    run(queue(event, staff))
    settings.ANSWER_SECONDS = 1
    rokt.fault("reset", count=1)

    send = run(queue(event, staff, CANCEL))
    hurry(send)
    send = run(send)

    assert only(send).state == Delivery.State.CONFIRMED


def test_a_subscription_that_cannot_be_read_is_looked_at_again_later(event, staff, ann, rokt, settings):
    settings.ANSWER_SECONDS = 1
    rokt.fault("reset", count=1)
    send = run(queue(event, staff))
    rokt.fault("500", path="/v1/subscription/", count=1)
    hurry(send)

    run(send)

    assert only(send).state == Delivery.State.IN_DOUBT
    assert seconds_until(only(send).due_at) > 0
    hurry(send)
    assert only(run(send)).state == Delivery.State.CONFIRMED


def test_a_drip_is_cut_and_counts_by_its_status(event, staff, ann, rokt, settings):
    settings.ANSWER_SECONDS = 1
    rokt.fault("drip")

    send = run(queue(event, staff))

    assert only(send).state == Delivery.State.ACCEPTED
    assert len(posts(rokt)) == 1


def test_an_address_outside_the_list_stops_the_account(event, staff, ann, rokt, account, settings):
    settings.ROKT_HOSTS = ["api.roktcalendar.com"]

    send = run(queue(event, staff))

    account.refresh_from_db()
    assert account.stopped_at is not None
    assert states(send) == {"ann": "queued"}
    assert rokt.log() == []
