"""How fast everybody of a send is written and checked, beside reading the same people and rendering them plainly.

Run it with `python -m benchmarks.dryrun`. The database is made for it and dropped afterwards: SQLite, or the server
that DATABASE_URL names.
"""

import json
import resource
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from liquid import Environment

from benchmarks.database import worker_database
from benchmarks.liquid import BODY, DESCRIPTION, LOCATION, TITLE, URL, translated

if TYPE_CHECKING:
    from campaigns.models import Account, Event, Send

SIZES = (10_000, 50_000, 100_000)
STEP = 5_000
AUTHORIZATION = (
    "Bearer {% connected_content https://api.roktcalendar.com/oauth2/token :method post :basic_auth Rokt-Calendar-API"
    " :body grant_type=client_credentials :save token :retry %}{{token.access_token}}"
)


class Row(NamedTuple):
    """One size: people a second, and the process's peak memory after it."""

    people: int
    typed: float  # an event of eight fields
    webhook: float  # the Rokt template, pasted
    plain: float  # the same people read, and the fields rendered by plain python-liquid
    peak_mb: float


def make_account() -> "Account":
    from campaigns.models import Account

    return Account.objects.create(code="shop", name="Shop", client_id="a", client_secret="b")


def make_event(account: "Account") -> "Event":
    from django.utils import timezone

    from campaigns.models import Campaign, Event, Segment

    start = timezone.now().replace(tzinfo=None, microsecond=0) + timedelta(days=30)
    segment = Segment.objects.create(name="Everybody", rule={"match": "all", "rules": []})
    campaign = Campaign.objects.create(name="Summer", account=account, segment=segment)
    return Event.objects.create(
        campaign=campaign,
        account=account,
        event_id="Event_0001",
        title=TITLE,
        description=DESCRIPTION,
        location=LOCATION,
        start_local=start,
        end_local=start + timedelta(hours=1),
        timezone="Eastern Standard Time",
    )


def use_webhook(event: "Event") -> None:
    from campaigns.models import EventWebhook

    start, end = (moment.isoformat() for moment in (event.start_local, event.end_local))
    body = BODY.replace("Start %}2019-02-21T15:00:00", f"Start %}}{start}")
    event.uses_webhook = True
    event.save()
    EventWebhook.objects.create(
        event=event,
        kind="create",
        url=URL,
        headers=[["Authorization", AUTHORIZATION], ["Content-Type", "application/json"]],
        body=body.replace("End %}2019-02-21T15:00:00", f"End %}}{end}"),
    )


def make_people(numbers: range) -> None:
    """Store people with the attributes that Rokt Calendar writes, and their subscription."""
    from campaigns.models import Home, Subscriber, Subscription, Traits, Workspace

    workspace, _is_new = Workspace.objects.get_or_create(name="Bench")
    traits, _is_new = Traits.objects.get_or_create(digest="bench", account_code="shop")
    home, _is_new = Home.objects.get_or_create(digest="bench", country="AU")
    for first in range(numbers.start, numbers.stop, STEP):
        people = Subscriber.objects.bulk_create(
            Subscriber(
                workspace=workspace,
                external_id=f"user-{number}",
                first_name="Ann" if number % 2 else "",
                email=f"user-{number}@example.com",
                profile={"country": "AU", "language": "en", "time_zone": "Australia/Sydney"},
                attributes=attributes(number),
            )
            for number in range(first, min(first + STEP, numbers.stop))
        )
        Subscription.objects.bulk_create(
            Subscription(
                subscriber=person,
                position=0,
                rokt_id=person.attributes["rokt:subscription_id"][0],
                traits=traits,
                home=home,
            )
            for person in people
        )


def attributes(number: int) -> dict[str, object]:
    names = ("account_id", "account_name", "calendar_code", "calendar_id", "calendar_title", "country_code")
    more = ("device_name", "geo_country", "optIn1", "optIn2", "source", "subscriber_email", "tags")
    return {
        **{f"rokt:{name}": [f"{name}/{number:012x}"] for name in (*names, *more)},
        "rokt:account_code": [f"shop/{number:012x}"],
        "rokt:subscription_id": [f"06423672-b6ba-4536-aa36-{number:012x}"],
        "tier": "gold" if number % 3 else "silver",
    }


def dry_run(send: "Send") -> float:
    """Seconds for the dry run of a send; everybody has to come out ready."""
    from campaigns.pipeline import dryrun

    job = dryrun.ask(send, by=None)
    started = time.perf_counter()
    done = dryrun.run(job.pk)
    assert (done.state, done.ready_count) == ("finished", done.people_count), done.reason
    return time.perf_counter() - started


def plain() -> float:
    """Seconds to read the same people and render title, description and location with plain python-liquid."""
    environment = Environment()
    templates = [environment.from_string(translated(source)) for source in (TITLE, DESCRIPTION, LOCATION)]
    started = time.perf_counter()
    for person in contexts():
        json.dumps([template.render(person) for template in templates])
    return time.perf_counter() - started


def contexts() -> Iterator[dict[str, dict[str, object]]]:
    from campaigns.models import Subscriber

    for person in Subscriber.objects.order_by("pk").iterator(chunk_size=1_000):
        user: dict[str, object] = {"user_id": person.external_id, "first_name": person.first_name}
        yield {"user": user, "custom_attribute": person.attributes}


def measure(sizes: tuple[int, ...] = SIZES) -> Iterator[Row]:
    """Let the audience grow, and measure at each size."""
    from campaigns.models import Send
    from campaigns.pipeline import compose

    event = make_event(make_account())
    typed = compose.draft(event, Send.Kind.CREATE)
    use_webhook(event)
    pasted = compose.draft(event, Send.Kind.CREATE)
    before = 0
    for size in sizes:
        make_people(range(before, size))
        before = size
        typed_at, pasted_at, plain_at = (
            size / seconds for seconds in (dry_run(typed), dry_run(pasted), plain())
        )
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        yield Row(size, typed_at, pasted_at, plain_at, peak)


def main() -> None:
    """Print the table."""
    with worker_database() as vendor:
        print(f"People per second of a dry run on {vendor}, one process\n")
        heads = f"{'people':>10}{'eight fields':>14}{'webhook':>12}{'plain':>12}"
        print(f"{heads}{'time of each, beside plain':>28}{'peak memory':>14}")
        for row in measure():
            speeds = f"{row.typed:>14,.0f}{row.webhook:>12,.0f}{row.plain:>12,.0f}"
            costs = f"{row.plain / row.typed:>19.2f}x{row.plain / row.webhook:>7.2f}x"
            print(f"{row.people:>10,}{speeds}{costs}{row.peak_mb:>11,.0f} MB")


if __name__ == "__main__":
    main()
