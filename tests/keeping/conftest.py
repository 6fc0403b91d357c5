"""What the tests of keeping share: a host of its own, and ledgers that are old."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from campaigns import keeping
from campaigns.models import Attempt, Beat, Delivery, Entry, Event, Send
from tests.builders import make_attempt, make_delivery, make_event, make_send


@pytest.fixture(autouse=True)
def _host(settings, tmp_path) -> None:
    """Every test is a host that remembers nothing."""
    settings.DATA_DIR = tmp_path


def ago(days: float) -> Any:
    return timezone.now() - timedelta(days=days)


def old_event(days: int = 30) -> Event:
    """An event that was over so many days ago."""
    start = (timezone.now() - timedelta(days=days, hours=1)).replace(tzinfo=None, microsecond=0)
    return make_event(start_local=start, end_local=start + timedelta(hours=1))


def old_send(days: int, event: Event | None = None, **columns: Any) -> Send:
    """A send that finished so many days ago, of an event that is over unless one is given."""
    event = event or old_event()
    times = {"started_at": ago(days + 1), "finished_at": ago(days), "deliver_until": ago(0.5)}
    return make_send(event, **{"state": Send.State.FINISHED, **times, **columns})


def said(send: Send, days: int, state: Delivery.State = Delivery.State.ACCEPTED, **columns: Any) -> Attempt:
    """A delivery with one call that was made so many days ago."""
    delivery = make_delivery(send, state, attempt_count=1, changed_at=ago(days), **columns)
    return make_attempt(delivery, opened_at=ago(days), answer='{"message":"thank you, Ada"}')


def bodies() -> dict[str, tuple[str, str]]:
    """(request, answer) of every call, by user id."""
    found = Attempt.objects.values_list("delivery__external_id", "body", "answer")
    return {user: (body, answer) for user, body, answer in found}


def entry_of(call: Attempt) -> Entry:
    return Entry.objects.get(delivery=call.delivery_id)


def live(beats: int) -> list[Beat]:
    """Let the clock go on, and this host look at it every time."""
    for _ in range(beats):
        Beat.objects.update(at=timezone.now() - timedelta(hours=1)) if not Beat.objects.exists() else None
        newest = Beat.objects.order_by("-pk").first()
        Beat.objects.create(
            at=(newest.at if newest else timezone.now() - timedelta(hours=1)) + timedelta(seconds=10),
            **({"family": newest.family} if newest else {}),
        )
        assert keeping.may_send()
    return list(Beat.objects.order_by("pk"))


def turn_back(to: Beat) -> None:
    """Put the clock of the database back, as a restore does."""
    Beat.objects.filter(pk__gt=to.pk).delete()
