"""How fast a segment is counted and pictured, beside the plain query that asks each person's row and its tables.

Run it with `python -m benchmarks.segments [subscriptions] [rounds] [entries]`. The database is made for it and
dropped afterwards: SQLite, or the server that DATABASE_URL names. Every rule must count the same in both ways.
"""

import os
import sys
import time
from collections.abc import Callable

import django

SUBSCRIPTIONS, ROUNDS, ENTRIES = 1_000_000, 7, 2_000_000
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
    from tests import builders

    started = time.perf_counter()
    people, vendor = size * 2 // 3, connection.vendor
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
        cursor.execute("ANALYZE" if vendor == "sqlite" else "VACUUM ANALYZE")
    return time.perf_counter() - started


def ask(field: str, op: str, *values: str) -> dict[str, object]:
    return {"field": field, "op": op} | ({"values": list(values)} if values else {})


def group(match: str, *rules: dict[str, object]) -> dict[str, object]:
    return {"match": match, "rules": list(rules)}


def some(*rules: dict[str, object]) -> dict[str, object]:
    return {"person": group("all", *rules)}


def rules() -> dict[str, dict[str, object]]:
    """Return the usual rules of every family of questions, by what they are called."""
    from campaigns.models import Campaign, PersonList

    au, vip = ask("country_code", "is_any_of", "AU", "US"), ask("tags", "has_any_of", "VIP")
    listed = ask("list", "is_on_list", str(PersonList.objects.get().pk))
    campaign = str(Campaign.objects.earliest("pk").pk)
    received = ask("received_campaign", "has_received", campaign)
    return {
        "everyone": group("all"),
        "text is any of": au,
        "text is none of": ask("country_code", "is_none_of", "AU", "US"),
        "text contains": ask("calendar_title", "contains_any_of", "1"),
        "text ends with": ask("calendar_title", "ends_with", "1", "2"),
        "regular expression": ask("calendar_title", "matches_regex", "calendar [12]"),
        "rare text": ask("home_city", "is_any_of", "City 77"),
        "yes": ask("opt_in_1", "is_true"),
        "tag": vip,
        "not the tag": ask("tags", "has_none_of", "VIP"),
        "tag or below": ask("tags", "is_under", "VIP"),
        "home": ask("language", "is_any_of", "lang-3", "lang-4"),
        "subscribed lately": ask("subscribed", "within_days", "90"),
        "last subscribed": ask("last_subscribed", "within_days", "90"),
        "bucket": ask("random_bucket", "is_between", "0", "4999"),
        "sample": ask("sample", "in_sample", "10", "spring"),
        "Braze's own value": ask("country_code", "raw_is_any_of", "AU/s7", "US/s9"),
        "user id": ask("user_id", "is_any_of", *[f"user-{number}" for number in range(1, 500)]),
        "e-mail ends with": ask("email", "ends_with", "7@example.com"),
        "received": received,
        "not received": ask("received_campaign", "has_not_received", campaign),
        "on a list": listed,
        "not on a list": ask("list", "is_not_on_list", str(PersonList.objects.get().pk)),
        "nested groups": group("any", group("all", au, ask("opt_in_1", "is_true")), group("none", vip, au)),
        "same person": some(vip),
        "same person, not": group("none", some(au)),
        "same person, or": group("any", au, some(vip)),
        "received, or": group("any", au, received),
    }


def percentile(seconds: list[float], part: float) -> float:
    return sorted(seconds)[min(len(seconds) - 1, round(part * (len(seconds) - 1)))] * 1_000


def timed(work: Callable[[], object], rounds: int) -> list[float]:
    taken = []
    for _round in range(rounds):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return taken


def report(rounds: int) -> None:
    """Print a row for each rule: the whole picture, and the plain count beside it."""
    from campaigns.segments import compile as segments
    from campaigns.segments.rules import parse

    print(f"{'rule':<22}{'people':>10}{'p50 ms':>9}{'p95 ms':>9}{'plain count ms':>16}{'plain/picture':>15}")
    worst = 0.0
    for name, asked in rules().items():
        rule = parse(asked if "match" in asked else group("all", asked))
        people = segments.picture(rule).people  # warm
        taken = timed(lambda rule=rule: segments.picture(rule), rounds)  # type: ignore[misc]  # bound for this round
        plain = percentile(timed(lambda rule=rule: segments.people(rule).count(), 1), 0.5)  # type: ignore[misc]  # as above
        assert segments.people(rule).count() == people, name
        middle, most = percentile(taken, 0.5), percentile(taken, 0.95)
        worst = max(worst, most)
        print(
            f"{name:<22}{people:>10,}{middle:>9,.0f}{most:>9,.0f}{plain:>16,.0f}{plain / middle:>14.1f}x",
            flush=True,
        )
    print(f"\nSlowest p95: {worst:,.0f} ms")


def main() -> None:
    """Build the database, print the table, drop the database."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    from django.db import connection

    given = [int(number) for number in sys.argv[1:]]
    size, rounds, entries = (*given, *(SUBSCRIPTIONS, ROUNDS, ENTRIES)[len(given) :])
    name = connection.creation.create_test_db(verbosity=0, serialize=False)
    try:
        print(f"{size:,} subscriptions and {entries:,} entries on {connection.vendor}: ", end="", flush=True)
        print(f"built in {build(size, entries):.0f} s\n", flush=True)
        report(rounds)
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


if __name__ == "__main__":
    main()
