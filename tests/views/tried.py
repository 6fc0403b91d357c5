"""A test send that has gone out, and the text of a page, for the tests of both."""

from typing import Any

from django.utils import timezone

from campaigns.models import Delivery, Event, Send, Subscriber
from tests import builders

ADAS = "06423672-b6ba-4536-aa36-70788a7a0a36"  # the id of Ada's subscription


def body(response: Any) -> str:
    """Return a page with every run of blanks as one."""
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def a_test(
    event: Event, person: Subscriber, state: Delivery.State = Delivery.State.ACCEPTED, **columns: Any
) -> Send:
    """A test that has gone out to a person."""
    send = builders.make_send(
        event,
        is_test=True,
        segment=None,
        rule=None,
        state=Send.State.FINISHED,
        started_at=timezone.now(),
        **columns,
    )
    delivery = builders.make_delivery(send, state, subscriber=person, subscriptions=f"0:{ADAS}")
    if state == Delivery.State.ACCEPTED:
        builders.make_entry(delivery, is_test=True)
    return send
