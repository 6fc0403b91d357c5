"""Invented people as Braze exports them: many alike, some odd, the same ones for the same seed.

``python -m integrations.sandbox.people FILE --people 2000`` writes a segment export.
"""

import argparse
import io
import json
import random
import sys
import uuid
import zipfile
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

PEOPLE_PER_FILE = 5_000
NAMESPACE = uuid.UUID("5f0c1a52-6f0e-4d2b-9c40-1b2a6f1d7e11")
DAY_ONE = (2026, 1, 1, 0, 0, 0)


class Calendar(NamedTuple):
    """A calendar people can subscribe to."""

    code: str
    title: str
    tags: tuple[str, ...]


class Account(NamedTuple):
    """An account with its calendars."""

    code: str
    name: str
    calendars: tuple[Calendar, ...]


class Country(NamedTuple):
    """Where somebody lives, and what people are called there."""

    code: str
    name: str
    language: str
    zones: tuple[str, ...]
    cities: tuple[str, ...]
    first_names: tuple[str, ...]
    last_names: tuple[str, ...]


ACCOUNTS = (
    Account(
        "acme-events",
        "ACME Events",
        (
            Calendar("summer-sale", "Summer Sale", ("All Offers", "Shoes", "Home & Garden")),
            Calendar("match-days", "Match Days", ("All Teams", "TeamI/", "Home/Away")),
            Calendar("theatre-opera", "Theatre/Opera", ("Premieres", "Family / Kids")),
        ),
    ),
    Account(
        "northwind",
        "Northwind Club",
        (
            Calendar("members", "Members", ("VIP/Gold", "VIP/Silver", "Newcomers")),
            Calendar("tastings", "Tastings", ("Cheese", "Coffee")),
        ),
    ),
)

COUNTRIES = (
    Country(
        "US",
        "United States",
        "en",
        ("America/New_York", "America/Chicago", "America/Los_Angeles"),
        ("New York", "Chicago", "Los Angeles"),
        ("Ada", "Grace", "Miles", 'Dwayne "Rocky"', "Zoë 🎉"),
        ("Johnson", "O'Brien", "de la Cruz", "Smith-Jones"),
    ),
    Country(
        "AU",
        "Australia",
        "en",
        ("Australia/Sydney", "Australia/Perth"),
        ("Sydney", "Perth"),
        ("Kylie", "Bruce", "Ngaire"),
        ("Nguyen", "McKenzie", "D'Arcy"),
    ),
    Country(
        "DE",
        "Germany",
        "de",
        ("Europe/Berlin",),
        ("Köln", "Berlin", "München"),
        ("Jürgen", "Käthe", "Björn"),
        ("Müller", "Weiß", "Groß-Öttinger"),
    ),
    Country(
        "FR",
        "France",
        "fr",
        ("Europe/Paris",),
        ("Paris", "Saint-Étienne"),
        ("Chloé", "François", "Anaïs"),
        ("Lefèvre", "L'Hôpital", "Noël"),
    ),
    Country(
        "BR",
        "Brazil",
        "pt",
        ("America/Sao_Paulo",),
        ("São Paulo", "Recife"),
        ("João", "Conceição", "Thaís"),
        ("Gonçalves", "da Silva"),
    ),
    Country(
        "KR",
        "South Korea",
        "ko",
        ("Asia/Seoul",),
        ("서울", "부산"),
        ("민준", "서연", "지우"),
        ("김", "이", "박"),
    ),
)

DEVICES = ("Desktop", "Mobile", "Tablet")
METHODS = ("WebCal", "Google", "Microsoft")
ODD_IDS = (
    'o\'brien,"{n}"',
    "a/b/{n}",
    "사용자 {n}",
    "Ünïcode+{n}@shop",
    " leading space {n}",
    "under_score_{n}",
    "{{{{n}}}}{n}",
)


def users(*, seed: int = 1) -> Iterator[dict[str, Any]]:
    """Yield people without end, as Braze exports them; a longer list begins with the shorter one."""
    chance = random.Random(seed)  # noqa: S311  # invented people, no secrets
    number = 0
    while True:
        number += 1
        yield user(number, chance)


def user(number: int, chance: random.Random) -> dict[str, Any]:
    """Return one person; what Braze does not know is absent."""
    country = chance.choice(COUNTRIES)
    odd = chance.random() < 0.02
    born = date(1950, 1, 1) + timedelta(days=chance.randrange(20_000))
    email = f"person{number}@{chance.choice(('example.com', 'example.net', 'example.org'))}"
    person: dict[str, Any] = {
        "external_id": (chance.choice(ODD_IDS) if odd else "user-{n:07}").format(n=number),
        "braze_id": f"{chance.getrandbits(96):024x}",
        "random_bucket": chance.randrange(10_000),
        "created_at": f"2025-{chance.randint(1, 12):02}-{chance.randint(1, 28):02} 08:{number % 60:02}:00.000 UTC",
        "first_name": chance.choice(country.first_names),
        "last_name": chance.choice(country.last_names),
        "email": email,
        "dob": born.isoformat(),
        "gender": chance.choice("FMO"),
        "country": country.code,
        "home_city": chance.choice(country.cities),
        "language": country.language,
        "time_zone": chance.choice(country.zones),
        "phone": f"+1555{number % 10_000_000:07}",
        "email_subscribe": chance.choice(("opted_in", "subscribed", "unsubscribed")),
        "custom_attributes": attributes(country, email, chance),
    }
    for name, share in (
        ("first_name", 0.05),
        ("last_name", 0.05),
        ("phone", 0.4),
        ("dob", 0.3),
        ("email", 0.03),
    ):
        if chance.random() < share:
            del person[name]
    if chance.random() < 0.01:
        del person["custom_attributes"]
    return person


def attributes(country: Country, email: str, chance: random.Random) -> dict[str, Any]:
    """Return somebody's custom attributes: the shop's own and, for nearly everybody, Rokt Calendar's."""
    own: dict[str, Any] = {
        "loyalty_tier": chance.choice(("bronze", "silver", "gold")),
        "points": chance.randrange(5_000),
        "last_order_value": chance.randrange(20_000) / 100,
        "newsletter": chance.random() < 0.6,
    }
    count = chance.choices((0, 1, 2, 3), weights=(3, 62, 25, 10))[0]
    calendars = [(account, calendar) for account in ACCOUNTS for calendar in account.calendars]
    for account, calendar in chance.sample(calendars, count):
        for name, value in subscription(account, calendar, country, email, chance).items():
            own.setdefault(name, []).extend(value)
    if count == 1 and chance.random() < 0.02:  # once somebody set it by hand, Braze took it for a text
        own["rokt:country_code"] = own["rokt:country_code"][0]
    if count and chance.random() < 0.05:
        del own["rokt:device_name"]
    return own


def subscription(
    account: Account, calendar: Calendar, country: Country, email: str, chance: random.Random
) -> dict[str, list[str]]:
    """Return what Rokt Calendar adds to each attribute for one subscription."""
    rokt_id = str(uuid.UUID(int=chance.getrandbits(128), version=4))
    suffix = rokt_id[-12:]
    values = {
        "rokt:account_code": account.code,
        "rokt:account_id": str(uuid.uuid5(NAMESPACE, account.code)),
        "rokt:account_name": account.name,
        "rokt:calendar_code": calendar.code,
        "rokt:calendar_id": str(uuid.uuid5(NAMESPACE, f"{account.code}/{calendar.code}")),
        "rokt:calendar_title": calendar.title,
        "rokt:country_code": country.code,
        "rokt:device_name": chance.choice(DEVICES),
        "rokt:geo_country": country.name,
        "rokt:source": f"{account.code}.roktcalendar.example.com",
        "rokt:subscriber_email": email,
        "rokt:subscription_method": chance.choice(METHODS),
    }
    for name in ("rokt:optIn1", "rokt:optIn2"):
        answer = chance.choice(("True", "True", "False", ""))
        if answer:
            values[name] = answer
    lists = {name: [f"{value}/{suffix}"] for name, value in values.items()}
    tags = chance.sample(calendar.tags, chance.randint(0, 2))
    if tags:
        lists["rokt:tags"] = [f"{calendar.title}/{tag}/{suffix}" for tag in tags]
    return lists | {"rokt:subscription_id": [rokt_id]}


def write_export(path: Path, people: int, seed: int = 1) -> None:
    """Write a segment export of that many people."""
    write_people(path, islice(users(seed=seed), people))


def write_people(path: Path, crowd: Iterator[dict[str, Any]]) -> None:
    """Write these people as a segment export: a ZIP of files with one JSON object per line."""
    number = 0
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        while some := list(islice(crowd, PEOPLE_PER_FILE)):
            number += 1
            entry = zipfile.ZipInfo(f"export-{number}.txt", DAY_ONE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            with (
                archive.open(entry, "w") as raw,
                io.TextIOWrapper(raw, encoding="utf-8", newline="\n") as text,
            ):
                text.writelines(
                    json.dumps(person, ensure_ascii=False, separators=(",", ":")) + "\n" for person in some
                )


def main(arguments: list[str] | None = None) -> None:
    """Write an export where the command line says."""
    parser = argparse.ArgumentParser(
        prog="people", description="Write a Braze segment export of invented people."
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--people", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args(arguments)
    write_export(chosen.file, chosen.people, chosen.seed)
    sys.stdout.write(f"{chosen.people} people written to {chosen.file}\n")


if __name__ == "__main__":
    main()
