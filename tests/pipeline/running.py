"""Queueing and running sends by hand: the clock and the workers are the test itself."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import User
from django.utils import timezone

from campaigns.models import Account, Delivery, Event, Send, Subscriber, Subscription
from campaigns.pipeline import clockwork, compose, deliver, dryrun
from tests.builders import make_subscription

ACCOUNT_CODE = "acme"  # whose subscriptions the people of these tests have
CREATE, UPDATE, CANCEL = Send.Kind.CREATE, Send.Kind.UPDATE, Send.Kind.CANCEL


def subscription(person: Subscriber, **columns: Any) -> Subscription:
    """Give a person a subscription of the account under test."""
    return make_subscription(person, **{"account_code": ACCOUNT_CODE, **columns})


def queue(event: Event, by: User, kind: Send.Kind = CREATE, *, leave_out: str = "") -> Send:
    """Check everybody, queue a send for now, and let the clock start it."""
    draft = compose.draft(event, kind)
    dryrun.run(dryrun.ask(draft, by=by).pk)
    send = compose.queue(
        draft, by=by, scheduled_at=timezone.now(), submit_token=uuid4(), leave_out=compose.LeaveOut(leave_out)
    )
    clockwork.start_due()
    send.refresh_from_db()
    return send


def run(send: Send) -> Send:
    """Send all that is due now."""
    deliver.drain(Account.objects.get(pk=send.account_id), seconds=60)
    send.refresh_from_db()
    return send


def decide(
    send: Send, ids: Collection[int], verdict: compose.Verdict, *, by: User, note: str = "asked"
) -> int:
    """Settle these deliveries in doubt, as staff do; return how many were still to be decided."""
    doubts = send.deliveries.filter(pk__in=ids)
    return compose.decide_doubts(send, doubts=doubts, verdict=verdict, by=by, note=note)


def hurry(send: Send) -> None:
    """Let every waiting time of a send be over: retries, settling, leases, limits."""
    past = timezone.now() - timedelta(seconds=1)
    send.deliveries.exclude(due_at=None).update(due_at=past)
    send.deliveries.exclude(lease_until=None).update(lease_until=past)


def states(send: Send) -> dict[str, str]:
    """The state of each person's delivery, by user id."""
    return dict(send.deliveries.values_list("external_id", "state"))


def only(send: Send) -> Delivery:
    """The one delivery of a send to one person."""
    return send.deliveries.get()


def seconds_until(moment: datetime | None) -> float:
    """How far ahead an instant lies."""
    assert moment is not None
    return (moment - timezone.now()).total_seconds()
