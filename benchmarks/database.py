"""A database for a benchmark: SQLite, or on the server that DATABASE_URL names; made before and dropped afterwards."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import django


@contextmanager
def database() -> Iterator[str]:
    """Make it, with every table; yields what kind it is."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    from django.db import connection

    name = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, serialize=False, autoclobber=True)
    try:
        yield connection.vendor
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


@contextmanager
def worker_database() -> Iterator[str]:
    """A database, for a process that is set up like a worker's."""
    with database() as vendor:
        from calendar_admin.celery import spare_the_collector

        spare_the_collector()
        yield vendor
