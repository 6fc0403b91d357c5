"""Signs of life that the running parts leave in the database."""

from datetime import datetime

from campaigns.models import Heartbeat
from campaigns.models.clock import now

TICK = "tick"


def beat(name: str) -> None:
    """Note that something went through just now."""
    Heartbeat.objects.bulk_create(
        [Heartbeat(name=name, at=now())],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["at"],
    )


def last(name: str) -> datetime | None:
    """Return when something last went through; None where it never did."""
    return Heartbeat.objects.filter(name=name).values_list("at", flat=True).first()
