"""How long the server takes for each page when there are many people and many more deliveries.

Run it with `python -m benchmarks.pages [PEOPLE SENDS PEOPLE_PER_SEND]`; pages are made for 1000000 50 100000. The
database is made for it and dropped afterwards: SQLite, or the server that DATABASE_URL names. Beside it, in the same
run: the same page with nothing in it.
"""

import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from benchmarks.database import database

SIZES = (200_000, 10, 100_000)
ROUNDS = 15


class Page(NamedTuple):
    """One page: milliseconds of the server, and of an empty list as the measure of all."""

    name: str
    p50: float
    p95: float
    baseline: float


def pages() -> Iterator[tuple[str, str]]:
    """Yield (name, address) of lists, searches and pages as people open them."""
    yield from people_pages()
    yield from history_pages()
    yield from ((name, reverse_of(name)) for name in ("index", "campaigns", "segments", "imports"))


def reverse_of(name: str) -> str:
    from django.urls import reverse

    lists = {"campaigns": "campaign", "segments": "segment", "imports": "import"}
    return reverse(f"admin:campaigns_{lists[name]}_changelist" if name in lists else "admin:index")


def people_pages() -> Iterator[tuple[str, str]]:
    from django.urls import reverse

    from campaigns.models import Segment, Subscriber

    people = reverse("admin:campaigns_subscriber_changelist")
    person = Subscriber.objects.order_by("pk")[0]
    yield "people", people
    yield "people, page 90", f"{people}?p=90"
    yield "people, user id", f"{people}?q=user-777777"
    yield "people, id begins", f"{people}?q=user-99"
    yield "people, e-mail", f"{people}?q=u4242@example.com"
    yield "people, e-mail begins", f"{people}?q=u4242"
    yield "people, nobody found", f"{people}?q=zzzz"
    yield "people, inactive", f"{people}?is_active__exact=0"
    yield "a person", reverse("admin:campaigns_subscriber_change", args=[person.pk])
    yield "a segment", reverse("segment_edit", args=[Segment.objects.order_by("pk")[0].pk])


def history_pages() -> Iterator[tuple[str, str]]:
    from django.urls import reverse

    from campaigns.models import Delivery, Send

    send = Send.objects.order_by("-pk")[0]
    failed = Delivery.objects.filter(send=send, state="failed")[0]
    history = reverse("admin:campaigns_delivery_changelist")
    yield "history", history
    yield "history, page 90", f"{history}?p=90"
    yield "history, failed", f"{history}?state=failed"
    yield "history, one send", f"{history}?send={send.pk}"
    yield "history, failed of a send", f"{history}?send={send.pk}&state=failed"
    yield "history, one person", f"{history}?q=user-4242"
    yield "a delivery", reverse("delivery_detail", args=[failed.pk])
    yield "sends", reverse("admin:campaigns_send_changelist")
    yield "a send", reverse("send_detail", args=[send.pk])
    yield "a campaign", reverse("campaign_detail", args=[send.event.campaign_id])


def measure(*, rounds: int = ROUNDS) -> Iterator[Page]:
    """Open every page several times; the first time, with cold caches, counts too."""
    from django.contrib.auth.models import User
    from django.test import Client
    from django.urls import reverse

    client = Client(headers={"host": "localhost"})
    client.force_login(User.objects.get(username="bench"))
    empty = reverse("admin:campaigns_credential_changelist")
    for name, address in pages():
        seconds, baseline = [], []
        for _round in range(rounds):
            seconds.append(opened(client, address))
            baseline.append(opened(client, empty))
        yield Page(name, percentile(seconds, 50), percentile(seconds, 95), percentile(baseline, 50))


def opened(client: object, address: str) -> float:
    """Seconds until the page is there; a redirect is followed, for it is what people wait for."""
    started = time.perf_counter()
    response = client.get(address, follow=True)  # type: ignore[attr-defined]  # Django's test client
    assert response.status_code == 200, (address, response.status_code)
    return time.perf_counter() - started


def percentile(seconds: Sequence[float], share: int) -> float:
    """Milliseconds that so many of a hundred take at most."""
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    return cuts[share - 1] * 1_000


def main(sizes: tuple[int, ...] = SIZES) -> None:
    """Print the table."""
    people_count, send_count, each_count = sizes
    with database() as vendor:
        from django.contrib.auth.models import User

        from benchmarks import crowd

        staff = User.objects.create_superuser("bench")
        crowd.make_people(people_count)
        crowd.make_history(send_count, people_count=each_count, staff=staff)
        print(f"Server time of pages on {vendor}: {people_count:,} people,", end=" ")
        print(f"{send_count * each_count:,} deliveries\n")
        print(f"{'page':<30}{'p50':>10}{'p95':>10}{'empty list':>14}{'ratio':>9}")
        for page in measure():
            print(
                f"{page.name:<30}{page.p50:>7.0f} ms{page.p95:>7.0f} ms{page.baseline:>11.0f} ms"
                f"{page.p50 / page.baseline:>8.1f}x"
            )


if __name__ == "__main__":
    main(tuple(int(argument) for argument in sys.argv[1:]) or SIZES)
