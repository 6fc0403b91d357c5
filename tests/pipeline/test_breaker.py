"""Rokt in trouble: the breaker opens for all workers, lets one call try, and closes again."""

import pytest
from django.utils import timezone

from campaigns.models import Send
from tests.builders import make_subscriber
from tests.pipeline.running import hurry, queue, run, states, subscription
from tests.pipeline.test_answers import posts

pytestmark = pytest.mark.django_db


@pytest.fixture
def crowd(account):
    return [subscription(make_subscriber(external_id=f"u{number:02}")) for number in range(30)]


def test_the_breaker_opens_after_ten_failures_and_nobody_is_failed(event, staff, crowd, rokt):
    rokt.fault("500")

    send = run(queue(event, staff))

    assert len(posts(rokt)) == 10
    assert set(states(send).values()) == {"queued"}
    hurry(send)
    run(send)
    assert len(posts(rokt)) == 10


def test_half_open_sends_one_probe_and_five_good_calls_close_the_breaker(event, staff, crowd, rokt, account):
    rokt.fault("500", count=10)
    send = run(queue(event, staff))
    hurry(send)
    account.breaker.__class__.objects.update(open_until=timezone.now())

    send = run(send)

    assert send.state == Send.State.FINISHED
    assert set(states(send).values()) == {"accepted"}
    assert len(posts(rokt)) == 40


def test_every_other_call_failing_finishes_without_a_flapping_breaker(event, staff, crowd, rokt):
    rokt.fault("status", status=503, share=0.5)

    send = queue(event, staff)
    for _ in range(20):
        send = run(send)
        hurry(send)

    assert send.state == Send.State.FINISHED
    assert send.accepted_count == 30
    assert len(posts(rokt)) <= 90
