"""One batch of rows: people stored, problems noted and the import's counts moved on, all or nothing."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.importing.export import Row
from campaigns.importing.mapping import said
from campaigns.importing.overlay import TAG_LIMIT
from campaigns.importing.parts import Part, after
from campaigns.importing.people import Taken, take
from campaigns.importing.person import Person
from campaigns.importing.repeats import corrections
from campaigns.importing.seen import Seen
from campaigns.importing.shared import Finder
from campaigns.models import Import, ImportProblem
from campaigns.models.clock import now
from integrations.braze.elements import SUBSCRIPTION_LIMIT

PROBLEM_LIMIT = 1_000  # kept per import, for people to read; the count goes on
COUNTS = (
    "bytes_read_count",
    "read_count",
    "new_count",
    "changed_count",
    "unchanged_count",
    "suppressed_count",
    "problem_count",
    "refused_count",
)


class SupersededError(Exception):
    """Somebody started this import again; this run must write nothing more."""


def store(job: Import, batch: list[Row], seen: Seen, finder: Finder) -> None:
    """Store these rows; of two rows for one person the later wins, and it is told. A dry run stores problems only.

    Wherever a batch ends, the same file comes to the same end: rows that tell only a part are laid over each other.
    """
    latest: dict[str, Row] = {}
    people: dict[str, Person] = {}
    for row in batch:
        if row.person:
            external_id = row.person.external_id
            latest[external_id], people[external_id] = row, after(people.get(external_id), row.person)
    before = seen.add([*people, *{row.refused_id for row in batch if row.refused_id} - people.keys()])
    again = repeated(batch, before, corrections(batch, seen))
    with transaction.atomic():
        taken = take(job.workspace_id, people, finder, is_dry_run=job.is_dry_run)
        problems = [
            ImportProblem(batch=job, place=row.place, external_id=external_id, message=message[:500])
            for row, external_id, message in problems_of(batch, latest, again, taken)
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
            refused_count=job.refused_count + sum(row.person is None for row in batch),
        )


def problems_of(
    batch: list[Row], latest: Mapping[str, Row], again: Mapping[int, str], taken: Taken
) -> Iterator[tuple[Row, str, str]]:
    """Yield (row, user id, what is wrong) for every row that was not taken, not taken whole, or corrects others."""
    kept, full = set(taken.kept), set(taken.full)
    for place, row in enumerate(batch):
        if row.person is None:
            yield row, "", row.fault
            continue
        external_id, is_latest = row.person.external_id, latest[row.person.external_id] is row
        if not is_latest and not isinstance(row.person, Part):
            continue
        remarks = [again[place]] if place in again else []
        remarks += row.person.problems
        if external_id in kept:
            remarks.append(_("The export says nothing about custom attributes; what was known is kept."))
        if external_id in full and is_latest:
            remarks.append(too_many())
        if remarks:
            yield row, external_id, " ".join(remarks)


def repeated(batch: list[Row], before: Collection[str], corrected: Mapping[int, list[str]]) -> dict[int, str]:
    """Return place in the batch -> that the row counts in place of earlier ones; those ``before`` had these user ids.

    Rows of a table add to each other, so there it is told of those alone that say something else (``corrected``).
    """
    met, found = set(before), {}
    for place, row in enumerate(batch):
        if row.person is None:
            continue
        if place in corrected:
            names = ", ".join(map(said, corrected[place]))
            text = _("Earlier rows for this user id say something else; this later one counts: %(names)s.")
            found[place] = text % {"names": names}
        elif row.person.external_id in met and not isinstance(row.person, Part):
            found[place] = _("This user id was in the file before; this later row counts.")
        met.add(row.person.external_id)
    return found


def too_many() -> str:
    """Return that rows, this one or others before it, told more of a person than is kept."""
    limits = {"subscriptions": SUBSCRIPTION_LIMIT, "tags": TAG_LIMIT}
    return (
        _(
            "Nobody has more than %(subscriptions)d subscriptions or %(tags)d tags: what goes beyond is left out."
        )
        % limits
    )


def move_on(job: Import, **values: Any) -> None:
    """Write the state of an import, unless another run of it has begun."""
    mine = Import.objects.filter(pk=job.pk, started_at=job.started_at)
    if not mine.update(moved_at=now(), **values):
        raise SupersededError(f"import {job.pk} was started again")
    for name, value in values.items():
        setattr(job, name, value)
