"""Many values as one parameter: a thousand of them cost a database and its driver more to read than to find."""

from collections.abc import Collection

import orjson
from django.db import connection
from django.db.models.expressions import RawSQL


def listed(texts: Collection[str]) -> RawSQL:
    """Return texts as a subquery, for ``__in``: no limit, and nothing to parse."""
    if connection.vendor == "postgresql":
        return RawSQL("SELECT json_array_elements_text(%s::json)", [orjson.dumps(list(texts)).decode()])
    return RawSQL("SELECT value FROM json_each(%s)", [orjson.dumps(list(texts)).decode()])


def listed_ids(pks: Collection[int]) -> RawSQL:
    """Return ids as a subquery, for ``pk__in``."""
    if connection.vendor == "postgresql":
        return RawSQL("SELECT unnest(%s::bigint[])", [f"{{{','.join(map(str, pks))}}}"])
    return RawSQL("SELECT value FROM json_each(%s)", [orjson.dumps(list(pks)).decode()])
