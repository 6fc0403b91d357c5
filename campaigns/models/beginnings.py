"""How a text begins, answered by an index in either database: ``email__begins="ada@"``."""

from typing import Any

from django.db.models import CharField
from django.db.models.lookups import StartsWith

LAST_LETTER = "\U0010ffff"


@CharField.register_lookup
class Begins(StartsWith):
    """Like ``startswith``, with capitals and all, but in SQLite as a range: its LIKE walks through everybody."""

    lookup_name = "begins"

    def as_postgresql(self, compiler: Any, connection: Any) -> Any:
        """Say it as PostgreSQL's own operator, which an index by pattern answers."""
        return StartsWith(self.lhs, self.rhs).as_sql(compiler, connection)

    def as_sqlite(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        """Say it as a range."""
        column, parameters = self.process_lhs(compiler, connection)
        values = [*parameters, self.rhs, *parameters, f"{self.rhs}{LAST_LETTER}"]
        return f"({column} >= %s AND {column} < %s)", values
