"""Many rows written in one go, each with its own values.

PostgreSQL takes them as one JSON text in one statement; SQLite runs a prepared statement once a row. Django's
``bulk_update`` builds a CASE for each column of each row, which took four fifths of the time of a send, and its
``bulk_create`` a parameter for each value, which took a tenth.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import connection, models

Model = type[models.Model]
Values = Sequence[Sequence[Any]]


def update(rows: Collection[models.Model], names: Sequence[str]) -> None:
    """Write the named columns of every row, in the surrounding transaction."""
    if rows:
        model = type(next(iter(rows)))
        fields = [_field(model, name) for name in ("id", *names)]
        change(model, ["id"], names, [[getattr(row, field.attname) for field in fields] for row in rows])


def change(
    model: Model,
    keys: Sequence[str],
    names: Sequence[str],
    values: Values,
    *,
    where: Mapping[str, Any] | None = None,
    **fixed: Any,
) -> int:
    """Set columns of the rows that ``keys`` find and for which ``where`` holds; return how many rows changed.

    Each item of ``values`` holds the keys' values and then the columns'. ``fixed`` are the same in every row. A tuple
    in ``where`` stands for any of its values.
    """
    if not values:
        return 0
    table, condition, meant = model._meta.db_table, *_condition(model, where or {})
    same = [f'"{_column(model, name)}" = %s' for name in fixed]
    if connection.vendor == "postgresql":
        own = [f'"{_column(model, name)}" = v."{_column(model, name)}"' for name in names]
        found = [f't."{_column(model, key)}" = v."{_column(model, key)}"' for key in keys]
        return _run(
            f'UPDATE "{table}" AS t SET {", ".join(same + own)} FROM {_recordset(model, [*keys, *names])}'  # noqa: S608
            f" WHERE {' AND '.join(found + condition)}",
            [*_fixed(model, fixed), _json(values), *meant],
        )
    own = [f'"{_column(model, name)}" = %s' for name in names]
    found = [f't."{_column(model, key)}" = %s' for key in keys]
    first, count = _fixed(model, fixed), len(keys)
    return _run_each(
        f'UPDATE "{table}" AS t SET {", ".join(same + own)} WHERE {" AND ".join(found + condition)}',  # noqa: S608
        [[*first, *_plain(row[count:]), *_plain(row[:count]), *meant] for row in values],
    )


def insert(
    model: Model, names: Sequence[str], values: Values, *, skip_known: bool = False, **fixed: Any
) -> int:
    """Add rows; return how many. ``skip_known`` leaves out those that a unique constraint already knows."""
    if not values:
        return 0
    columns = ", ".join(f'"{_column(model, name)}"' for name in (*names, *fixed))
    into = f'INSERT INTO "{model._meta.db_table}" ({columns})'
    skip = " ON CONFLICT DO NOTHING" if skip_known else ""
    if connection.vendor == "postgresql":
        own = ", ".join(f'v."{_column(model, name)}"' for name in names)
        same = "".join(", %s" for _name in fixed)
        return _run(
            f"{into} SELECT {own}{same} FROM {_recordset(model, names)}{skip}",  # noqa: S608
            [*_fixed(model, fixed), _json(values)],
        )
    places = ", ".join("%s" for _name in (*names, *fixed))
    last = _fixed(model, fixed)
    return _run_each(f"{into} VALUES ({places}){skip}", [[*_plain(row), *last] for row in values])


def _recordset(model: Model, names: Sequence[str]) -> str:
    """Rows out of one JSON text: a list of lists, each value as the column's own type."""
    own = ", ".join(
        f'(j.r ->> {place})::{_field(model, name).rel_db_type(connection)} AS "{_column(model, name)}"'
        for place, name in enumerate(names)
    )
    return f"(SELECT {own} FROM jsonb_array_elements(%s::jsonb) AS j(r)) AS v"  # noqa: S608


def _condition(model: Model, where: Mapping[str, Any]) -> tuple[list[str], list[Any]]:
    """Return conditions on the table ``t``, and their parameters."""
    texts, parameters = [], []
    for name, value in where.items():
        wanted = value if isinstance(value, tuple) else (value,)
        texts.append(f't."{_column(model, name)}" IN ({", ".join("%s" for _each in wanted)})')
        parameters += [_field(model, name).get_db_prep_save(each, connection) for each in wanted]
    return texts, parameters


def _run(statement: str, parameters: Sequence[Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return int(cursor.rowcount)


def _run_each(statement: str, rows: Sequence[Sequence[Any]]) -> int:
    with connection.cursor() as cursor:
        cursor.executemany(statement, rows)
        return int(cursor.rowcount)


def _json(values: Values) -> str:
    return orjson.dumps(values).decode()


def _plain(values: Sequence[Any]) -> list[Any]:
    """Spell values as SQLite keeps them."""
    return [_SPELLED[type(value)](value) if type(value) in _SPELLED else value for value in values]


_SPELLED: dict[type, Callable[[Any], Any]] = {
    datetime: lambda moment: connection.ops.adapt_datetimefield_value(moment),
    UUID: lambda value: value.hex,
}


def _fixed(model: Model, fixed: dict[str, Any]) -> list[Any]:
    return [_field(model, name).get_db_prep_save(value, connection) for name, value in fixed.items()]


def _field(model: Model, name: str) -> Any:
    return model._meta.get_field(name)


def _column(model: Model, name: str) -> str:
    return str(_field(model, name).column)
