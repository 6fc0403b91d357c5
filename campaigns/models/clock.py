"""One clock for all machines: the database's."""

from datetime import datetime

from django.db import connection
from django.utils import timezone


def now() -> datetime:
    """Return the database's time (aware, UTC).

    Leases, limits and due times are judged by it alone, so a host whose clock is wrong can neither
    sweep early nor send twice. SQLite has no clock of its own: it lives on this host.
    """
    if connection.vendor != "postgresql":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment
