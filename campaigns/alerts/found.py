"""One piece of trouble, as a condition finds it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Found:
    """What is wrong with an account, one of its sends, or with everything. ``facts``: JSON, no personal data."""

    account_id: int | None
    since: datetime
    send_id: int | None = None
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def subject(self) -> tuple[int | None, int | None]:
        """What it is about; an alert is open once for each."""
        return self.account_id, self.send_id
