"""Dry runs, read back: how far one is, and the people behind what it found as a spreadsheet."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext as _

from campaigns.models import DryRun, DryRunCause, DryRunPerson
from campaigns.models.clock import now
from campaigns.reports.spreadsheet import BYTE_ORDER_MARK, PAGE_COUNT, Line, safe_cell


@dataclass(frozen=True, slots=True)
class Pace:
    """How far a dry run is; ``rate`` is people a second, 0 where nothing can be said yet."""

    percent: int
    rate: float
    time_left: timedelta | None


def pace(job: DryRun) -> Pace:
    """Look at a dry run now."""
    done, people = job.checked_count, max(job.people_count, job.checked_count)
    since = (now() - job.started_at).total_seconds() if job.started_at else 0
    rate = done / max(since, 1)
    time_left = timedelta(seconds=(people - done) / rate) if rate else None
    return Pace(100 * done // max(people, 1), rate, time_left)


def people_lines(job: DryRun, cause: DryRunCause | None = None) -> Iterator[str]:
    """Yield a CSV (RFC 4180, every cell quoted) of the people behind one finding, or behind all."""
    writer = csv.writer(Line(), quoting=csv.QUOTE_ALL)
    headings = [_("level"), _("what was found"), _("user id"), _("first name"), _("last name"), _("detail")]
    yield BYTE_ORDER_MARK + writer.writerow(headings)
    for found in [cause] if cause else job.causes.all():
        level = str(found.get_level_display())
        for row in people_after(found, 0):
            who = row.subscriber
            cells = [level, found.text, who.external_id, who.first_name, who.last_name, row.detail]
            yield writer.writerow([safe_cell(cell) for cell in cells])


def people_after(cause: DryRunCause, pk: int) -> Iterator[DryRunPerson]:
    """Yield the people behind a finding who come after a row: page by page, so memory stays flat."""
    rows = cause.people.select_related("subscriber").order_by("pk")
    while page := list(rows.filter(pk__gt=pk)[:PAGE_COUNT]):
        yield from page
        pk = page[-1].pk
