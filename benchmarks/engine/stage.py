"""What every measurement of the engine stands on: a database of its own, an account at the sink, people, a send."""

from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from campaigns.models import Account, Event, Send

UNLIMITED = 1_000_000  # calls a second: the limiter works, and limits nothing
PEOPLE = (
    "INSERT INTO campaigns_subscriber (id, workspace_id, external_id, first_name, last_name, email, profile,"
    " attributes, is_active, is_suppressed, random_bucket, created_at, changed_at)"
    " SELECT i, %s, 'user-' || i, 'Ann', '', 'user-' || i || '@example.com', %s, %s, %s, %s, i %% 10000, %s, %s FROM n"
)
SUBSCRIPTIONS = (
    "INSERT INTO campaigns_subscription (subscriber_id, position, suffix, rokt_id, email, traits_id, home_id,"
    " random_bucket, is_live)"
    " SELECT i, 0, 's' || i, '06423672-b6ba-4536-aa36-' || (100000000000 + i), '', %s, %s, i %% 10000, %s FROM n"
)


def make_account(
    url: str, *, at_once: int = 1_000, rate: int = UNLIMITED, burst: int = UNLIMITED
) -> "Account":
    """Store an account whose calls go to the sink, and allow them."""
    from django.conf import settings

    from campaigns.models import Account

    settings.ROKT_HOSTS = [urlsplit(url).netloc]
    return Account.objects.create(
        code="shop",
        name="Shop",
        client_id="a",
        client_secret="b",
        base_url=url,
        rate_per_second=rate,
        burst_count=burst,
        at_once_count=at_once,
    )


def make_people(count: int) -> None:
    """Store people with the attributes that Rokt Calendar writes, made by the database itself."""
    import json

    from django.utils import timezone

    from benchmarks.crowd import NUMBERS, move_on, run
    from benchmarks.dryrun import attributes
    from campaigns.models import Home, Traits, Workspace

    workspace = Workspace.objects.create(name="Bench")
    traits = Traits.objects.create(digest="bench", account_code="shop")
    home = Home.objects.create(digest="bench", country="AU")
    at = timezone.now()
    profile = json.dumps({"country": "AU", "language": "en", "time_zone": "Australia/Sydney"})
    known = [workspace.pk, profile, json.dumps(attributes(1)), True, False, at, at]
    run(f"{NUMBERS} {PEOPLE}", count, *known)
    run(f"{NUMBERS} {SUBSCRIPTIONS}", count, traits.pk, home.pk, True)
    move_on("subscriber")
    run("ANALYZE")


def schedule(account: "Account", number: int = 1) -> "Send":
    """Store a send of a new event to everybody, due now."""
    from django.utils import timezone

    from benchmarks.dryrun import make_event
    from campaigns.models import Event, Send
    from campaigns.pipeline.content import Content

    event = make_event(account) if number == 1 else _copy(Event.objects.get(event_id="Event_0001"), number)
    at = timezone.now()
    return Send.objects.create(
        event=event,
        account=account,
        kind=Send.Kind.CREATE,
        state=Send.State.SCHEDULED,
        content=Content.of(event).to_json(),
        rule={"match": "all", "rules": []},
        scheduled_at=at,
        deliver_until=at + timedelta(days=9),
    )


def _copy(event: "Event", number: int) -> "Event":
    event.pk, event.event_id = None, f"Event_{number:04}"
    event.save()
    return event


def start(send: "Send") -> "Send":
    """Freeze the audience."""
    from campaigns.pipeline import clockwork

    clockwork.start_due()
    send.refresh_from_db()
    return send
