"""Subscribers come in: a Braze segment export is checked, read and stored, and can be read again at any time."""

from campaigns.importing.calendars import note_calendars, unknown_accounts
from campaigns.importing.export import Row, read
from campaigns.importing.runs import forgotten, run, steps
from campaigns.importing.texts import ExportError
from campaigns.importing.upload import start

__all__ = [
    "ExportError",
    "Row",
    "forgotten",
    "note_calendars",
    "read",
    "run",
    "start",
    "steps",
    "unknown_accounts",
]
