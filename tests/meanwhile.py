"""Doing things at the same moment: threads with connections of their own, and who waits for whom in the database."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.contrib.auth.models import User
from django.db import connection, transaction

from campaigns.importing import suppressed
from campaigns.models import Subscriber
from campaigns.pipeline.record import erase

WAITING = (
    "SELECT count(*) FROM pg_locks WHERE NOT granted"
    " AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())"
)


class Act(threading.Thread):
    """Something that is done with a connection of its own; ``done`` raises what it raised."""

    def __init__(self, act: Callable[[], object]) -> None:
        super().__init__()
        self.act = act
        self.error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self.act()
        except BaseException as error:  # noqa: BLE001 - for the test to raise
            self.error = error
        finally:
            connection.close()

    def done(self) -> None:
        self.join()
        if self.error:
            raise self.error


def waiting_count() -> int:
    """Return how many wait for a lock in this database; on SQLite whoever writes keeps everybody waiting."""
    if connection.vendor == "sqlite":
        return 1
    with connection.cursor() as cursor:
        # else a transaction goes on seeing who was there first
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(WAITING)
        count: int = cursor.fetchone()[0]
        return count


def marks(person: Subscriber, by: User) -> erase.Marks:
    """Return what is kept of an erasure."""
    return erase.Marks(by, "asked", suppressed.keys(person.workspace_id, person.external_id))


@contextmanager
def being_erased(person: Subscriber, by: User) -> Iterator[None]:
    """Have somebody erased, which nobody can see until somebody waits for it, or all is done."""
    is_gone, is_over = threading.Event(), threading.Event()

    def erase_slowly() -> None:
        try:
            with transaction.atomic():
                erase.erase(person, marks(person, by))
                is_gone.set()
                while not is_over.wait(0.01) and not waiting_count():
                    pass
        finally:
            is_gone.set()

    eraser = Act(erase_slowly)
    assert is_gone.wait(60)
    try:
        yield
    finally:
        is_over.set()
        eraser.join()
    eraser.done()
