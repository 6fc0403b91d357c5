"""A test and the start of a send at the same moment, in threads, on a real database: one of the two goes first."""

import threading
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from campaigns.models import Attempt, Delivery, Send
from campaigns.pipeline import clockwork, compose
from campaigns.pipeline.compose import Verdict
from tests.builders import (
    make_account,
    make_attempt,
    make_campaign,
    make_delivery,
    make_event,
    make_send,
    make_subscriber,
    make_user,
)
from tests.pipeline.running import decide, subscription

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 4


def test_a_test_and_a_send_of_one_event_never_begin_together():
    staff = make_user("marketer")
    campaign = make_campaign(account=make_account("acme"))
    ann = subscription(make_subscriber("ann"))
    for number in range(ROUNDS):
        event = make_event(campaign=campaign, event_id=f"Event-{number}")
        real, gate, said = make_send(event), threading.Barrier(2), list[str]()

        def start(gate=gate):
            gate.wait()
            clockwork.start_due()
            connection.close()

        def test(gate=gate, event=event, said=said):
            gate.wait()
            try:
                chosen = {ann.subscriber_id: {ann.rokt_id}}
                compose.send_test(event, Send.Kind.CREATE, to=chosen, by=staff, submit_token=uuid4())
            except compose.NotPossibleError as refusal:
                said.append(str(refusal))
            connection.close()

        threads = [threading.Thread(target=target) for target in (start, test)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        real.refresh_from_db()
        was_refused = any("on its way" in text for text in said)
        assert was_refused == (real.state == Send.State.SENDING)
        assert event.sends.filter(queued_count__gt=0).count() == 1


def test_what_is_left_of_a_test_is_not_queued_again_beside_a_send_that_begins(monkeypatch):
    staff, began = make_user("marketer"), list[threading.Thread]()
    event = make_event(make_campaign(account=make_account("acme")))
    ann = subscription(make_subscriber("ann")).subscriber
    test = make_send(event, is_test=True, state=Send.State.FINISHED, started_at=timezone.now())
    doubt = make_delivery(test, Delivery.State.IN_DOUBT, subscriber=ann)
    make_attempt(doubt, Attempt.Outcome.UNKNOWN)
    real, sent_since = make_send(event), compose.doubts._sent_since

    def start():
        clockwork.start_due()
        connection.close()

    def meanwhile(send):
        found = sent_since(send)
        if not began:
            began.append(threading.Thread(target=start))
            began[0].start()
            began[0].join(timeout=1)  # it is through by then, or waits for the decision
        return found

    monkeypatch.setattr(compose.doubts, "_sent_since", meanwhile)
    decide(test, [doubt.pk], Verdict.AGAIN, by=staff, note="lost")
    began[0].join()

    assert set(event.sends.filter(queued_count__gt=0)) == {test}
    real.refresh_from_db()
    assert real.state == Send.State.SCHEDULED
