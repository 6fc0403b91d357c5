"""What is read back: the history and its spreadsheet, and how far a send has come."""

from campaigns.reports.dryruns import Pace, pace, people_after, people_lines
from campaigns.reports.history import FILTERS, asked_for, history, in_words, narrow, search
from campaigns.reports.removed import removed
from campaigns.reports.spreadsheet import csv_lines, safe_cell

__all__ = [
    "FILTERS",
    "Pace",
    "asked_for",
    "csv_lines",
    "history",
    "in_words",
    "narrow",
    "pace",
    "people_after",
    "people_lines",
    "removed",
    "safe_cell",
    "search",
]
