"""How people become rows: PostgreSQL takes them by COPY, SQLite by one prepared statement; both far from one by one.

Values come as the database wants them: JSON as text, times adapted, lengths checked.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeAlias

from django.db import connection, models
from django.db.models.expressions import Combinable

from campaigns.models import Subscriber

FEW = 20  # rows that are not worth a table of their own
Row: TypeAlias = Sequence[Any]


def is_postgresql() -> bool:
    """Return which of the two databases this is."""
    return connection.vendor == "postgresql"


def find(
    workspace_id: int, external_ids: Collection[str], *columns: str | Combinable
) -> Iterator[tuple[Any, ...]]:
    """Yield columns of the people with these user ids.

    The question names the user ids alone: with the workspace in it, SQLite prefers the index on the
    workspace and walks through everybody (44 microseconds a person, and more the more there are).
    """
    found = Subscriber.objects.filter(external_id__listed=external_ids)
    for owner_id, *row in found.order_by().values_list("workspace_id", *columns):
        if owner_id == workspace_id:
            yield tuple(row)


def adapted(moment: datetime | None) -> str | None:
    """Return an instant as text for the database."""
    if moment is None:
        return None
    return moment.isoformat() if is_postgresql() else str(connection.ops.adapt_datetimefield_value(moment))


def next_ids(model: type[models.Model], count: int) -> Sequence[int]:
    """Return that many ids that nobody else gets; on SQLite nobody else writes until this transaction ends."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if is_postgresql():
            sequence = (
                "SELECT nextval(pg_get_serial_sequence(%s, 'id')::regclass) FROM generate_series(1, %s)"
            )
            cursor.execute(sequence, [table, count])
            return [pk for (pk,) in cursor.fetchall()]
        cursor.execute("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = %s", [table])
        last: int = cursor.fetchone()[0]
        return range(last + 1, last + count + 1)


def insert(model: type[models.Model], names: Sequence[str], rows: Iterable[Row]) -> None:
    """Insert rows, values in the order of the columns ``names``; they are made while the database takes the first."""
    table, columns = quoted(model), listing(names)
    with connection.cursor() as cursor:
        if is_postgresql():
            copy(cursor, f"{table} ({columns})", rows)
        else:
            cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({places(names)})", list(rows))  # noqa: S608  # our names


def insert_missing(model: type[models.Model], names: Sequence[str], rows: Sequence[Row]) -> None:
    """Do so, leaving out what is there already by a unique constraint."""
    table, columns = quoted(model), listing(names)
    with connection.cursor() as cursor:
        if is_postgresql() and len(rows) > FEW:
            with incoming(cursor, table, columns, rows):
                cursor.execute(
                    f"INSERT INTO {table} ({columns}) SELECT {columns} FROM incoming ON CONFLICT DO NOTHING"  # noqa: S608  # our names
                )
        else:
            cursor.executemany(
                f"INSERT INTO {table} ({columns}) VALUES ({places(names)}) ON CONFLICT DO NOTHING",  # noqa: S608  # our names
                rows,
            )


def update(model: type[models.Model], names: Sequence[str], rows: Sequence[Row]) -> None:
    """Overwrite columns ``names`` of rows that are there; each row ends with its id."""
    if not rows:
        return
    table, quote = quoted(model), connection.ops.quote_name
    with connection.cursor() as cursor:
        if is_postgresql() and len(rows) > FEW:
            changes = ", ".join(f"{quote(name)} = incoming.{quote(name)}" for name in names)
            with incoming(cursor, table, listing((*names, "id")), rows):
                cursor.execute(f"UPDATE {table} SET {changes} FROM incoming WHERE {table}.id = incoming.id")  # noqa: S608  # our names
        else:
            changes = ", ".join(f"{quote(name)} = %s" for name in names)
            cursor.executemany(f"UPDATE {table} SET {changes} WHERE id = %s", rows)  # noqa: S608  # our names


@contextmanager
def incoming(cursor: Any, table: str, columns: str, rows: Sequence[Row]) -> Iterator[None]:
    """Hold rows in a temporary table, which has these columns of another one."""
    cursor.execute(
        f"CREATE TEMPORARY TABLE incoming ON COMMIT DROP AS SELECT {columns} FROM {table} WITH NO DATA"  # noqa: S608  # our names
    )
    copy(cursor, f"incoming ({columns})", rows)
    yield
    cursor.execute("DROP TABLE incoming")


def copy(cursor: Any, target: str, rows: Iterable[Row]) -> None:
    """Let PostgreSQL take rows."""
    with cursor.copy(f"COPY {target} FROM STDIN") as stream:
        write = stream.write_row
        for row in rows:
            write(row)


def places(names: Sequence[str]) -> str:
    """Return a place for each value of a row."""
    return ", ".join(["%s"] * len(names))


def listing(names: Iterable[str]) -> str:
    """Return names of columns, quoted, with commas between."""
    return ", ".join(map(connection.ops.quote_name, names))


def quoted(model: type[models.Model]) -> str:
    """Return the name of a table."""
    return connection.ops.quote_name(model._meta.db_table)


def locked(pks: Iterable[int]) -> dict[int, tuple[bool, bool]]:
    """Return id -> (active, suppressed) of people, whom nobody changes until this transaction ends."""
    people = Subscriber.objects.filter(pk__listed=sorted(pks)).order_by("pk")
    if is_postgresql():
        people = people.select_for_update(no_key=True)
    return {pk: rest for pk, *rest in people.values_list("pk", "is_active", "is_suppressed")}  # type: ignore[misc]
