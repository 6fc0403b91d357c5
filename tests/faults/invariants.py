"""What must hold after anything: checked against Rokt's own log, never against our tables alone."""

import json
from collections import Counter

from campaigns.models import Attempt, Delivery, Send
from campaigns.pipeline.record import books
from tests.sandbox_process import Sandbox


def posted(rokt: Sandbox) -> Counter[str]:
    """How often each event id arrived in a create, by Rokt's log."""
    arrived: Counter[str] = Counter()
    after = 0
    while lines := rokt.log(after=after):
        after = lines[-1]["n"]
        for line in lines:
            if line["method"] == "POST" and line["path"].startswith("/v1/subscriptionevent"):
                arrived[json.loads(line["body"])["event"]["eventId"]] += 1
    return arrived


def assert_nothing_lost_and_nothing_silently_doubled(send: Send, rokt: Sandbox) -> None:
    """The promise, person by person.

    Everybody has one delivery in a final state; what is accepted arrived; a second arrival happened only
    after an attempt that the history calls unknown; and no arrival is missing from the history.
    """
    send.refresh_from_db()
    assert books.check(send).holds
    arrived = posted(rokt)
    event_id = send.content["event_id"]
    rows = list(send.deliveries.values_list("pk", "external_id", "state"))
    assert len(rows) == send.audience_count
    assert {state for _pk, _user, state in rows} <= set(Delivery.FINAL_STATES)
    calls, doubts = Counter[int](), Counter[int]()
    attempts = Attempt.objects.filter(delivery__send=send).exclude(operation=Attempt.Operation.VERIFY)
    for pk, outcome in attempts.values_list("delivery", "outcome"):
        calls[pk] += 1
        doubts[pk] += outcome in (Attempt.Outcome.UNKNOWN, Attempt.Outcome.RETRY)
    for pk, user, state in rows:
        count = arrived.pop(f"{event_id}_{user}", 0)
        if state in (Delivery.State.ACCEPTED, Delivery.State.CONFIRMED):
            assert count >= 1, f"{user} is {state}, and Rokt never saw it"
        assert count <= calls[pk], f"{user}: {count} arrivals, {calls[pk]} attempts"
        assert count <= 1 + doubts[pk], f"{user}: {count} arrivals, {doubts[pk]} doubts in the history"
    assert not arrived, "Rokt got events that the history does not know"
