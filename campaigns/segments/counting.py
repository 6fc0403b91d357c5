"""Subscriptions by traits and their people, counted exactly while the table is read once."""

import json
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.db.models import BooleanField, QuerySet
from django.db.models.expressions import RawSQL

from campaigns.models import Subscription
from campaigns.segments.crowds import BLOCK, MASK, Crowd

TABLE: Final = Subscription._meta.db_table


class Tally(NamedTuple):
    """The subscriptions of one combination of traits: how many, and how many without an id."""

    traits_id: int
    found: int
    lacking: int


class Counted(NamedTuple):
    """What one reading tells: the subscriptions by traits, how many people they are, and some of them by lot."""

    tallies: list[Tally]
    people: int
    sample: list[int]


@contextmanager
def room() -> Iterator[None]:
    """Let PostgreSQL hold a million keys in memory, use both hands, and not compile for longer than it reads."""
    if connection.vendor != "postgresql":
        yield
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '64MB'; SET LOCAL jit = off; SET LOCAL parallel_tuple_cost = 0")
        yield


def counted(found: QuerySet[Subscription], *, size: int) -> Counted:
    """Read the subscriptions that were found once; `size` people are drawn."""
    rows = found.order_by().values_list("traits_id", "subscriber_id", "rokt_id")
    try:
        return _by_bits(rows, size) if connection.vendor == "postgresql" else _by_lists(rows, size)
    except EmptyResultSet:  # Django knows without asking
        return Counted([], 0, [])


def _by_lists(rows: QuerySet[Any, Any], size: int) -> Counted:
    """Count here: SQLite would sort all rows for each sum, and hands out two long texts sooner than many rows."""
    inner, parameters = rows.query.sql_with_params()
    statement = (
        "WITH found (traits, person, rokt_id) AS ({inner})"
        " SELECT json_group_array(traits), json_group_array(person),"
        " json_group_array(traits) FILTER (WHERE rokt_id = '') FROM found"
    )
    (texts,) = _fetched(statement.format(inner=inner), parameters)
    traits, persons, lacking = map(json.loads, texts)
    people, without = [*set(persons)], Counter(lacking)
    tallies = [Tally(pk, number, without[pk]) for pk, number in Counter(traits).items()]
    return Counted(tallies, len(people), random.sample(people, min(size, len(people))))


def _by_bits(rows: QuerySet[Any, Any], size: int) -> Counted:
    """Count in the database, each half of the table by itself, so that two processes can share the work."""
    middle = f"({_pages() // 2},0)"
    halves = [
        rows.filter(RawSQL(f"{TABLE}.ctid {side} %s::tid", [middle], BooleanField()))  # noqa: S611 - no value in it
        for side in ("<", ">=")
    ]
    statements, parameters = zip(*(half.query.sql_with_params() for half in halves), strict=True)
    sums = _fetched(
        "SELECT traits, block, sum(found)::bigint, sum(lacking)::bigint, bit_or(mask)"  # noqa: S608 - as above
        f" FROM ({' UNION ALL '.join(map(_half, statements))}) AS halves GROUP BY traits, block",
        [one for each in parameters for one in each],
    )
    crowd = Crowd((block, mask) for _traits, block, _found, _lacking, mask in sums if block is not None)
    tallies = [Tally(*row[:1], *row[2:4]) for row in sums if row[0] is not None]
    return Counted(tallies, len(crowd), crowd.drawn(size))


def _half(inner: str) -> str:
    """Return a statement with one row for each traits, and one for each block of people."""
    return (
        f"SELECT traits, {BLOCK} AS block, count(*) AS found, count(*) FILTER (WHERE rokt_id = '') AS lacking,"  # noqa: S608 - a statement of Django's
        f" {MASK} AS mask FROM ({inner}) AS found (traits, person, rokt_id) GROUP BY GROUPING SETS ((1), (2))"
    )


def _pages() -> int:
    size = "SELECT pg_relation_size(%s) / current_setting('block_size')::int"
    return int(_fetched(size, [TABLE])[0][0])


def _fetched(statement: str, parameters: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())
