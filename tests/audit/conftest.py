"""What the tests of the chain share: a chain from its start, and somebody with all rights to the database."""

from collections.abc import Callable

import pytest
from django.db import connection

from campaigns import audit

TABLE, HEAD = "campaigns_auditevent", "campaigns_audithead"


def run(*statements: str) -> None:
    """Run SQL, as somebody at the database's own console."""
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def tamper(*statements: str) -> None:
    """Run SQL with the triggers out of the way, as somebody who owns the tables can."""
    if connection.vendor == "postgresql":
        off, on = [f"ALTER TABLE {TABLE} {verb} TRIGGER USER" for verb in ("DISABLE", "ENABLE")]
        run(off, *statements, on)
        return
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = '{TABLE}'")
        triggers = dict(cursor.fetchall())
    run(*(f"DROP TRIGGER {name}" for name in triggers), *statements, *triggers.values())


def empty() -> None:
    tamper(f"DELETE FROM {TABLE}", f"DELETE FROM {HEAD}")


@pytest.fixture
def chain(db: None) -> Callable[[int], None]:
    """Begin a chain; call it for so many more events."""
    empty()

    def grow(count: int) -> None:
        for number in range(count):
            audit.append("send.paused", by=None, about=("send", number), data={"number": number})

    return grow
