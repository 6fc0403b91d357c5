"""Whether a value is, contains, begins or ends with one of some values, in SQL: to the letter, in either database."""

import json
from collections.abc import Collection, Sequence
from typing import Any, Final

from django.db.models import BooleanField, F, Func

_TESTS: Final = {
    "postgresql": {
        "contains": "STRPOS({0}, %s) > 0",
        "starts": "STRPOS({0}, %s) = 1",
        "ends": "RIGHT({0}, LENGTH(%s)) = %s",
    },
    "sqlite": {
        "contains": "INSTR({0}, %s) > 0",
        "starts": "INSTR({0}, %s) = 1",
        "ends": "SUBSTR({0}, -LENGTH(%s)) = %s",
    },
}


class Holds(Func):
    """One expression for all values, by position and not by LIKE, which ignores case in SQLite.

    A list of cases and not of ORs, because SQLite takes no expression that is a thousand deep.
    """

    output_field = BooleanField()

    def __init__(self, text: F, *, values: Sequence[str], how: str) -> None:
        super().__init__(text)
        self.values = tuple(values)
        self.how = how

    def as_sql(  # type: ignore[override]  # no function name, no template: the cases are written here
        self, compiler: Any, connection: Any, **_extra: Any
    ) -> tuple[str, list[Any]]:
        """Return the cases, each with its value."""
        text, parameters = compiler.compile(self.source_expressions[0])
        test = _TESTS[connection.vendor][self.how]
        case = f" WHEN {test.format(text)} THEN true"
        each = [[*parameters, *[value] * test.count("%s")] for value in self.values]
        return f"CASE{case * len(each)} ELSE false END", [one for group in each for one in group]


class Among(Func):
    """Whether a text or a key is one of some values, however many: they are one parameter.

    SQLite takes 32,766 of them, and the plus keeps it from fetching row after row by an index of the column; PostgreSQL
    hashes such a list, which costs less than joining the table it is from.
    """

    output_field = BooleanField()

    def __init__(self, column: F, values: Collection[str] | Collection[int]) -> None:
        super().__init__(column)
        self.values = list(values)

    def as_sqlite(  # type: ignore[override]  # as above
        self, compiler: Any, _connection: Any, **_extra: Any
    ) -> tuple[str, list[Any]]:
        """Return the values as JSON."""
        column, parameters = compiler.compile(self.source_expressions[0])
        listed = json.dumps(self.values, ensure_ascii=False)
        return f"+{column} IN (SELECT value FROM json_each(%s))", [*parameters, listed]  # noqa: S608 - a column

    def as_postgresql(self, compiler: Any, connection: Any, **_extra: Any) -> tuple[str, list[Any]]:
        """Return the values as an array of the column's type; of another type, it would not be hashed."""
        (source,) = self.source_expressions
        column, parameters = compiler.compile(source)
        return f"{column} = ANY(%s::{source.output_field.db_type(connection)}[])", [*parameters, self.values]
