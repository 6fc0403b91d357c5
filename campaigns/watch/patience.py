"""Looking for a short while at most: whoever asks how we fare must not wait with us."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

LONGEST_MS = 3_000


@contextmanager
def briefly() -> Iterator[None]:
    """Read with a time limit for each question; raises OperationalError where the database is locked up.

    SQLite's readers wait for nobody, and a transaction there would ask for the only right to write.
    """
    if connection.vendor != "postgresql":
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {LONGEST_MS}")
        yield
