"""How fast a segment is pictured, beside the plain ORM query for its count, and beside reading the table once.

Run it with `python -m benchmarks.segments [subscriptions] [rounds]`. The database is made for it and dropped
afterwards: SQLite, or the server that DATABASE_URL names. Every rule must mean the same people in both ways.
"bare" is `count(DISTINCT subscriber_id)` over the subscriptions that may receive, measured in turn with each
picture: the ratio tells more than milliseconds where others use the machine.
"""

import os
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from benchmarks.database import database

SUBSCRIPTIONS, ROUNDS = 200_000, 20
PATIENCE_SECONDS = 20  # for the plain way
TRAITS, HOMES, EVENTS, LISTED = 3_000, 2_000, 10, 100_000
MIX = "({0} * 2654435761 % 4294967296)"  # a number from 0 to 2^32, the same for the same row
OWNER = "((n * 2 + 2) / 3)"  # of three subscriptions, one person has one, and one has two
SERIES = {
    "postgresql": "generate_series(1, {0}) AS n",
    "sqlite": "(WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {0}) SELECT n FROM c)",
}
INTEGER = {"postgresql": "CAST(floor({0}) AS bigint)", "sqlite": "CAST({0} AS integer)"}
MOMENT = {
    "postgresql": "now() - interval '1 hour' * ({0})",
    "sqlite": "strftime('%Y-%m-%d %H:%M:%S', 'now', '-' || ({0}) || ' hours')",
}

# name of the table -> its columns, how many rows, and what each row says of its number n
FILL = {
    "campaigns_traits": (
        "id, digest, account_code, account_rokt_id, account_name, calendar_code, calendar_rokt_id, calendar_title,"
        " country_code, device_name, geo_country, opt_in_1, opt_in_2, source, method",
        "n, 't' || n, 'account-' || (n % 3), '', '', 'calendar-' || (n % 31), '', 'Calendar ' || (n % 31),"
        " substr('AUUSGBDEFRITESNZJPCN', 1 + 2 * (n % 10), 2), 'device-' || (n % 4), '', n % 2 = 0,"
        " CASE WHEN n % 3 = 0 THEN n % 2 = 1 END, 'source-' || (n % 7), 'method-' || (n % 5)",
    ),
    "campaigns_traitstag": (
        "traits_id, name",
        "1 + n % {traits}, CASE (n + n / {traits}) % 40 WHEN 0 THEN 'VIP' WHEN 1 THEN 'VIP/Gold'"
        " ELSE 'Tag ' || (n % 97) END",
    ),
    "campaigns_home": (
        "id, digest, country, language, time_zone, city",
        "n, 'h' || n, substr('AUUSGBDEFRITESNZJPCN', 1 + 2 * (n % 10), 2), 'lang-' || (n % 12),"
        " 'Zone/' || (n % 24), 'City ' || n",
    ),
    "campaigns_subscriber": (
        "id, workspace_id, external_id, first_name, last_name, email, profile, attributes, fingerprint,"
        " random_bucket, subscribed_at, is_active, is_suppressed, created_at, changed_at",
        "n, {workspace}, 'user-' || n, 'First ' || (n % 900), 'Last', 'user-' || n || '@example.com', '{{}}',"
        " CAST('{{\"rokt:account_code\": \"' || n || '{padding}\"}}' AS {json}), 'f', {mix} % 10000,"
        " CASE WHEN n % 5 > 0 THEN {moment} END, n % 40 > 0, n % 100 = 7, {moment}, {moment}",
    ),
    "campaigns_subscription": (
        "id, subscriber_id, position, suffix, rokt_id, email, traits_id, home_id, random_bucket, subscribed_at,"
        " ended_at, is_live",
        "n, {person}, CASE WHEN n % 3 = 0 THEN 1 ELSE 0 END, 's' || n, CASE WHEN n % 50 = 0 THEN '' ELSE 'r' || n END,"
        " '', 1 + {skewed}, 1 + {homed} % {homes}, {bucket} % 10000,"
        " CASE WHEN n % 5 > 0 THEN {moment} END, NULL, {person} % 40 > 0 AND {person} % 100 <> 7",
    ),
    "campaigns_entry": (
        "event_id, subscriber_id, delivery_id, state, subscriptions, body, is_test, accepted_at",
        "{event} + n % {events}, 1 + n / {events} * {step}, {delivery}, 'present', '0:r' || n, '{padding}', n % 90 = 0,"
        " {moment}",
    ),
    "campaigns_personlistmember": ("list_id, external_id", "{list}, 'user-' || (n * 7)"),
}


def build(size: int, entries: int) -> float:
    """Fill the tables with so many subscriptions of two thirds as many people; return the seconds it took."""
    from django.db import connection

    from campaigns.models import PersonList, Workspace
    from campaigns.segments import lists
    from tests import builders

    started = time.perf_counter()
    people, vendor = (size * 2 + 2) // 3, connection.vendor
    events = [builders.make_event().pk for _number in range(EVENTS)]
    delivery = builders.make_delivery(subscriber=None).pk
    shape = {
        "traits": TRAITS, "homes": HOMES, "events": EVENTS, "workspace": Workspace.objects.create(name="Bench").pk,
        "event": events[0], "delivery": delivery, "list": PersonList.objects.create(name="Known").pk,
        "padding": "x" * 400, "json": "jsonb" if vendor == "postgresql" else "text", "mix": MIX.format("n"),
        "person": OWNER, "bucket": MIX.format(OWNER), "homed": MIX.format(OWNER),
        "moment": MOMENT[vendor].format("n * 31 % 17000"), "step": max(1, people * EVENTS // max(entries, 1)),
        "skewed": INTEGER[vendor].format(f"{TRAITS} * power({MIX.format('n')} / 4294967296.0, 3)"),
    }  # fmt: skip
    counts = [TRAITS, TRAITS * 3 // 2, HOMES, people, size, min(entries, people * EVENTS) - EVENTS, LISTED]
    with connection.cursor() as cursor:
        cursor.execute(
            "PRAGMA foreign_keys=OFF" if vendor == "sqlite" else "SET session_replication_role = replica"
        )
        for (table, (columns, values)), count in zip(FILL.items(), counts, strict=True):
            source = SERIES[vendor].format(count)
            cursor.execute(f"INSERT INTO {table} ({columns}) SELECT {values.format(**shape)} FROM {source}")
        lists.match(seconds=600)
        cursor.execute("ANALYZE" if vendor == "sqlite" else "VACUUM ANALYZE")
    return time.perf_counter() - started


def ask(field: str, op: str, *values: str) -> dict[str, Any]:
    return {"field": field, "op": op} | ({"values": list(values)} if values else {})


def group(match: str, *rules: dict[str, Any]) -> dict[str, Any]:
    return {"match": match, "rules": list(rules)}


def some(*rules: dict[str, Any]) -> dict[str, Any]:
    return {"person": group("all", *rules)}


def rules() -> dict[str, tuple[dict[str, Any], Any]]:
    """Return the usual rules of every family of questions, each with the condition one writes without thinking."""
    from django.db.models import Exists, OuterRef, Q
    from django.utils import timezone

    from campaigns.models import Campaign, Entry, PersonList, PersonListMember, Subscription, TraitsTag
    from campaigns.segments.sampling import Sample

    campaign, known = Campaign.objects.earliest("pk").pk, PersonList.objects.get().pk
    lately = timezone.now() - timedelta(days=90)
    tagged = Q(Exists(TraitsTag.objects.filter(traits=OuterRef("traits"), name="VIP")))
    below = Q(Exists(TraitsTag.objects.filter(traits=OuterRef("traits"), name__startswith="VIP")))
    had = Q(
        Exists(
            Entry.objects.filter(subscriber=OuterRef("subscriber"), event__campaign=campaign, is_test=False)
        )
    )
    members = PersonListMember.objects.filter(list=known, external_id=OuterRef("subscriber__external_id"))
    theirs = Subscription.objects.filter(subscriber=OuterRef("subscriber"))
    australia, yes = Q(traits__country_code__in=["AU", "US"]), Q(traits__opt_in_1=True)
    has_tag, has_country = Q(Exists(theirs.filter(tagged))), Q(Exists(theirs.filter(australia)))
    drawn = Sample.of("10", "spring")
    buckets = [bucket for bucket in range(10_000) if drawn.place(bucket) < drawn.size]
    ids = [f"user-{number}" for number in range(1, 500)]
    raw = (Q(traits__country_code="AU") & Q(suffix="s7")) | (Q(traits__country_code="US") & Q(suffix="s9"))
    ends = Q(traits__calendar_title__endswith="1") | Q(traits__calendar_title__endswith="2")

    au, vip = ask("country_code", "is_any_of", "AU", "US"), ask("tags", "has_any_of", "VIP")
    opted, received = ask("opt_in_1", "is_true"), ask("received_campaign", "has_received", str(campaign))
    return {
        "everyone": (group("all"), Q()),
        "text is any of": (au, australia),
        "text is none of": (ask("country_code", "is_none_of", "AU", "US"), ~australia),
        "text contains": (
            ask("calendar_title", "contains_any_of", "1"),
            Q(traits__calendar_title__contains="1"),
        ),
        "text ends with": (ask("calendar_title", "ends_with", "1", "2"), ends),
        "regular expression": (
            ask("calendar_title", "matches_regex", "calendar [12]"),
            Q(traits__calendar_title__iregex="calendar [12]"),
        ),
        "rare text": (ask("home_city", "is_any_of", "City 77"), Q(home__city="City 77")),
        "yes": (opted, yes),
        "tag": (vip, tagged),
        "not the tag": (ask("tags", "has_none_of", "VIP"), ~tagged),
        "tag or below": (ask("tags", "is_under", "VIP"), below),
        "home": (
            ask("language", "is_any_of", "lang-3", "lang-4"),
            Q(home__language__in=["lang-3", "lang-4"]),
        ),
        "subscribed lately": (ask("subscribed", "within_days", "90"), Q(subscribed_at__gte=lately)),
        "last subscribed": (
            ask("last_subscribed", "within_days", "90"),
            Q(subscriber__subscribed_at__gte=lately),
        ),
        "bucket": (ask("random_bucket", "is_between", "0", "4999"), Q(subscriber__random_bucket__lte=4999)),
        "sample": (ask("sample", "in_sample", "10", "spring"), Q(subscriber__random_bucket__in=buckets)),
        "Braze's own value": (ask("country_code", "raw_is_any_of", "AU/s7", "US/s9"), raw),
        "user id": (ask("user_id", "is_any_of", *ids), Q(subscriber__external_id__in=ids)),
        "e-mail ends with": (
            ask("email", "ends_with", "7@example.com"),
            Q(subscriber__email__endswith="7@example.com"),
        ),
        "received": (received, had),
        "not received": (ask("received_campaign", "has_not_received", str(campaign)), ~had),
        "on a list": (ask("list", "is_on_list", str(known)), Q(Exists(members))),
        "not on a list": (ask("list", "is_not_on_list", str(known)), ~Q(Exists(members))),
        "nested groups": (
            group("any", group("all", au, opted), group("none", vip, au)),
            (australia & yes) | ~(tagged | australia),
        ),
        "same person": (some(vip), has_tag),
        "same person, not": (group("none", some(au)), ~has_country),
        "same person, or": (group("any", au, some(vip)), australia | has_tag),
        "received, or": (group("any", au, received), australia | had),
    }


def plain(condition: Any) -> int | None:
    """Count people by the joins and EXISTS that the ORM makes of a condition; None if that takes too long."""
    from django.db import OperationalError, connection

    from campaigns.models import Subscription

    live = Subscription.objects.filter(
        subscriber__is_active=True, subscriber__is_suppressed=False, ended_at=None
    )
    raw = connection.connection
    stop = threading.Timer(
        PATIENCE_SECONDS, raw.cancel if connection.vendor == "postgresql" else raw.interrupt
    )
    stop.start()
    try:
        return live.filter(condition).order_by().values("subscriber").distinct().count()
    except OperationalError:
        return None
    finally:
        stop.cancel()


def bare() -> int:
    """Count everybody by reading the subscriptions once."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT subscriber_id) FROM campaigns_subscription WHERE is_live")
        return int(cursor.fetchone()[0])


def percentile(seconds: list[float], part: float) -> float:
    return sorted(seconds)[min(len(seconds) - 1, round(part * (len(seconds) - 1)))] * 1_000


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return the seconds that some work took, and what came of it."""
    started = time.perf_counter()
    found = work()
    return time.perf_counter() - started, found


def report(rounds: int) -> None:
    """Print a row for each rule: the whole picture, the bare reading and the plain count beside it."""
    from campaigns.segments import compile as segments
    from campaigns.segments.rules import parse

    print(
        f"{'rule':<20}{'people':>9}{'p50 ms':>8}{'p95 ms':>8}{'bare':>7}{'ratio':>7}{'plain count':>13}{'load':>7}"
    )
    worst = 0.0
    for name, (asked, condition) in rules().items():
        rule = parse(asked if "match" in asked else group("all", asked))
        people = segments.picture(rule).people  # warm
        taken, read = [], []
        for _round in range(rounds):
            taken.append(timed(lambda rule=rule: segments.picture(rule))[0])  # type: ignore[misc]  # for this round
            read.append(timed(bare)[0])
        naive, found = timed(lambda condition=condition: plain(condition))  # type: ignore[misc]  # as above
        assert found in (None, people), f"{name}: {found} in the plain way, {people} in the picture"
        middle, most, least = percentile(taken, 0.5), percentile(taken, 0.95), percentile(read, 0.5)
        worst = max(worst, most)
        print(
            f"{name:<20}{people:>9,}{middle:>8,.0f}{most:>8,.0f}{least:>7,.0f}{middle / least:>7.2f}"
            f"{'too long' if found is None else f'{naive * 1_000:,.0f}':>13}{os.getloadavg()[0]:>7.1f}",
            flush=True,
        )
    print(f"\nSlowest p95: {worst:,.0f} ms")


def main() -> None:
    """Build the database, print the table, drop the database."""
    given = [int(number) for number in sys.argv[1:]] if __name__ == "__main__" else []
    size, rounds = (*given, *(SUBSCRIPTIONS, ROUNDS)[len(given) :])
    with database() as vendor:
        print(f"{size:,} subscriptions and {2 * size:,} entries on {vendor}: ", end="", flush=True)
        print(f"built in {build(size, 2 * size):.0f} s\n", flush=True)
        report(rounds)


if __name__ == "__main__":
    main()
