"""One batch of rows: people stored, problems noted and the import's counts moved on, all or nothing."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.importing.export import Row
from campaigns.importing.people import take
from campaigns.importing.seen import Seen
from campaigns.importing.shared import Finder
from campaigns.models import Import, ImportProblem
from campaigns.models.clock import now

PROBLEM_LIMIT = 1_000  # kept per import, for people to read; the count goes on
COUNTS = (
    "bytes_read_count",
    "read_count",
    "new_count",
    "changed_count",
    "unchanged_count",
    "suppressed_count",
    "problem_count",
)


class SupersededError(Exception):
    """Somebody started this import again; this run must write nothing more."""


def store(job: Import, batch: list[Row], seen: Seen, finder: Finder) -> None:
    """Store these rows; of two rows for one person the later wins, and it is told. A dry run stores problems only."""
    latest = {row.person.external_id: row for row in batch if row.person}
    people = {external_id: row.person for external_id, row in latest.items() if row.person}
    twice = seen.add(
        [*people, *{row.refused_id for row in batch if row.refused_id} - people.keys()]
    ) | repeated(batch)
    with transaction.atomic():
        taken = take(job.workspace_id, people, finder, is_dry_run=job.is_dry_run)
        problems = [
            ImportProblem(batch=job, place=row.place, external_id=external_id, message=message[:500])
            for row, external_id, message in problems_of(batch, latest, twice=twice, kept=set(taken.kept))
            if external_id not in taken.erased
        ]
        ImportProblem.objects.bulk_create(problems[: max(0, PROBLEM_LIMIT - job.problem_count)])
        move_on(
            job,
            bytes_read_count=max(job.bytes_read_count, batch[-1].bytes_read_count),
            read_count=job.read_count + len(batch),
            new_count=job.new_count + taken.new_count,
            changed_count=job.changed_count + taken.changed_count,
            unchanged_count=job.unchanged_count + taken.unchanged_count,
            suppressed_count=job.suppressed_count + len(taken.erased),
            problem_count=job.problem_count + len(problems),
        )


def repeated(batch: list[Row]) -> set[str]:
    """Return the user ids that more than one row of the batch has."""
    counts = Counter(row.person.external_id for row in batch if row.person)
    return {external_id for external_id, count in counts.items() if count > 1}


def problems_of(
    batch: list[Row], latest: Mapping[str, Row], *, twice: Collection[str], kept: Collection[str]
) -> Iterator[tuple[Row, str, str]]:
    """Yield (row, user id, what is wrong) for every row that was not taken, or not taken whole."""
    for row in batch:
        if row.person is None:
            yield row, "", row.fault
            continue
        external_id = row.person.external_id
        if latest[external_id] is not row:
            continue
        remarks = row.person.problems
        if external_id in twice:
            remarks = [_("This user id was in the file before; this later row counts."), *remarks]
        if external_id in kept:
            remarks = [
                *remarks,
                _("The export says nothing about custom attributes; what was known is kept."),
            ]
        if remarks:
            yield row, external_id, " ".join(remarks)


def move_on(job: Import, **values: Any) -> None:
    """Write the state of an import, unless another run of it has begun."""
    mine = Import.objects.filter(pk=job.pk, started_at=job.started_at)
    if not mine.update(moved_at=now(), **values):
        raise SupersededError(f"import {job.pk} was started again")
    for name, value in values.items():
        setattr(job, name, value)
