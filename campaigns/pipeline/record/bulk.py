"""Many rows changed in one go, each to its own values."""

from collections.abc import Collection, Sequence
from typing import Any

from django.db import connection, models


def update(rows: Collection[models.Model], names: Sequence[str]) -> None:
    """Write the named columns of every row, in the surrounding transaction.

    Django's ``bulk_update`` builds a CASE for each column of each row, which took four fifths of the time of
    a send; a prepared statement run once a row does the same work.
    """
    if not rows:
        return
    meta = next(iter(rows))._meta
    fields: list[Any] = [meta.get_field(name) for name in names]
    columns = ", ".join(f'"{field.column}" = %s' for field in fields)
    with connection.cursor() as cursor:
        cursor.executemany(
            f'UPDATE "{meta.db_table}" SET {columns} WHERE id = %s',  # noqa: S608 - names are the model's own
            [(*(_value(row, field) for field in fields), row.pk) for row in rows],
        )


def _value(row: models.Model, field: Any) -> Any:
    return field.get_db_prep_save(getattr(row, field.attname), connection)
