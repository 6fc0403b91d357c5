"""What is read back: the history and its spreadsheet, and how far a send has come."""

from campaigns.reports.history import FILTERS, asked_for, history, in_words, narrow, search
from campaigns.reports.spreadsheet import csv_lines, safe_cell

__all__ = ["FILTERS", "asked_for", "csv_lines", "history", "in_words", "narrow", "safe_cell", "search"]
