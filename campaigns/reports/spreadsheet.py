"""The history as a spreadsheet: row by row in constant memory, and safe to open."""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from campaigns.models import Delivery

PAGE_COUNT = 2_000
BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"  # without it spreadsheets take UTF-8 for something else

# A cell that begins like this is taken for a formula, or for the end of a cell.
FORMULA_STARTS = (
    *"=+-@\t\r\n\0",
    "\N{FULLWIDTH EQUALS SIGN}",
    "\N{FULLWIDTH PLUS SIGN}",
    "\N{FULLWIDTH HYPHEN-MINUS}",
    "\N{FULLWIDTH COMMERCIAL AT}",
)
COLUMNS = (
    "pk",
    "send_id",
    "send__kind",
    "send__event__campaign__name",
    "send__event__event_id",
    "send__account__code",
    "external_id",
    "subscriber__email",
    "state",
    "reason",
    "detail",
    "attempt_count",
    "changed_at",
    "subscriptions",
    "send__created_by__username",
    "send__approved_by__username",
    "send__is_test",
)


class Line:
    """What the csv module writes to: hands each line back instead of keeping it."""

    def write(self, line: str) -> str:
        """Return the line."""
        return line


def csv_lines(rows: QuerySet[Delivery]) -> Iterator[str]:
    """Yield a CSV (RFC 4180, every cell quoted) of these deliveries, newest first, a line at a time."""
    writer = csv.writer(Line(), quoting=csv.QUOTE_ALL)
    yield BYTE_ORDER_MARK + writer.writerow(headings())
    for row in _pages(rows):
        yield writer.writerow([safe_cell(value) for value in row])


def headings() -> list[str]:
    """Return what stands above each of ``COLUMNS``."""
    return [
        _("delivery"),
        _("send"),
        _("kind"),
        _("campaign"),
        _("event id"),
        _("account code"),
        _("user id"),
        _("e-mail"),
        _("state"),
        _("reason"),
        _("detail"),
        _("attempts"),
        _("last change (UTC)"),
        _("subscriptions"),
        _("queued by"),
        _("released by"),
        _("test"),
    ]


def safe_cell(value: Any) -> Any:
    """Return a value as a spreadsheet may have it: no text begins like a formula (ASVS 1.2.10)."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(sep=" ", timespec="seconds").removesuffix("+00:00")
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    return "" if value is None else value


def _pages(rows: QuerySet[Delivery]) -> Iterator[tuple[Any, ...]]:
    """Read on from the last id: no cursor and no transaction stays open however long the reader takes."""
    rows = rows.order_by("-pk")
    page = list(rows.values_list(*COLUMNS)[:PAGE_COUNT])
    while page:
        yield from page
        page = list(rows.filter(pk__lt=page[-1][0]).values_list(*COLUMNS)[:PAGE_COUNT])
