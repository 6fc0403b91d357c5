"""Wall time: what a clock on the wall shows, stored without any zone."""

from datetime import datetime

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper


class WallTimeField(models.DateTimeField[datetime, datetime]):
    """A naive datetime, the same in every database and under every time zone setting.

    Django's own field turns naive values into instants; a wall time is not an instant before it meets a zone.
    """

    def get_internal_type(self) -> str:
        """Keep Django's conversions for instants away."""
        return "WallTimeField"

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        """PostgreSQL's ``timestamp`` has no zone; SQLite stores text."""
        return "timestamp" if connection.vendor == "postgresql" else "text"

    def get_prep_value(self, value: datetime | str | None) -> datetime | str | None:
        """Refuse instants: an offset here would be dropped silently otherwise."""
        if isinstance(value, datetime) and value.tzinfo is not None:
            raise ValueError(f"{self.name} is a wall time and takes no offset: {value.isoformat()}")
        return value

    def get_db_prep_value(
        self,
        value: datetime | str | None,
        connection: BaseDatabaseWrapper,
        prepared: bool = False,  # noqa: FBT001, FBT002 - Django's signature
    ) -> datetime | str | None:
        """Write ISO text where the database has no naive timestamp of its own."""
        value = self.get_prep_value(value)
        if isinstance(value, datetime) and connection.vendor != "postgresql":
            return value.isoformat(sep="T", timespec="seconds")
        return value

    def from_db_value(
        self, value: datetime | str | None, expression: object, connection: BaseDatabaseWrapper
    ) -> datetime | None:
        """Read either form back."""
        return datetime.fromisoformat(value) if isinstance(value, str) else value
