"""How fast a Braze segment export comes in, beside reading its lines with json and storing such rows by the ORM.

Run it with `python -m benchmarks.importing [PEOPLE ...]`. The database is made for it and dropped afterwards: SQLite,
or the server that DATABASE_URL names. The exports are kept in the folder for temporary files, for the next time.
"""

import json
import os
import resource
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks.database import worker_database
from integrations.sandbox.people import users, write_people

if TYPE_CHECKING:
    from campaigns.models import Import, Workspace

SIZE = 100_000
PLAIN_SIZE = 20_000  # enough to tell how fast the plain way is
STEP = 2_000


class Row(NamedTuple):
    """One size: people a second, and the peak memory of the process that writes."""

    people: int
    new: float  # into an empty table
    unchanged: float  # the same file again
    changed: float  # everybody has other attributes
    plain: float
    peak_mb: float


def export(people: int, *, changed: bool = False) -> Path:
    """Return the file of an export, written where it is not there yet."""
    name = f"export-{people}-changed.zip" if changed else f"export-{people}.zip"
    path = Path(tempfile.gettempdir()) / "calendar-admin-benchmarks" / name
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        crowd = islice(users(), people)
        unfinished = path.with_suffix(f".{os.getpid()}")
        write_people(unfinished, map(with_other_points, crowd) if changed else crowd)
        unfinished.rename(path)
    return path


def with_other_points(person: dict[str, Any]) -> dict[str, Any]:
    """Let somebody's profile and attributes differ."""
    person.setdefault("custom_attributes", {})["points"] = -1
    return person | {"home_city": "Elsewhere"}


def imported(path: Path, workspace: "Workspace") -> "tuple[float, Import]":
    """Seconds for an import, and what it counted."""
    from campaigns import importing

    job = importing.start(path, workspace=workspace)
    started = time.perf_counter()
    done = importing.run(job.pk)
    seconds = time.perf_counter() - started
    assert (done.state, done.problem_count) == ("finished", done.problem_count), done.reason
    return seconds, done


def plain(people: int, workspace: "Workspace") -> float:
    """Seconds to read as many lines with json and to store people and subscriptions with bulk_create."""
    from campaigns.models import Home, Subscriber, Subscription, Traits

    traits, home = Traits.objects.create(digest="plain"), Home.objects.create(digest="plain")
    started = time.perf_counter()
    for documents in chunks(export(people)):
        stored = Subscriber.objects.bulk_create(
            Subscriber(
                workspace=workspace,
                external_id=document["external_id"],
                first_name=document.get("first_name", ""),
                last_name=document.get("last_name", ""),
                email=document.get("email", ""),
                profile={name: document[name] for name in ("country", "language", "time_zone")},
                attributes=document.get("custom_attributes", {}),
            )
            for document in documents
        )
        Subscription.objects.bulk_create(
            Subscription(subscriber=person, position=position, rokt_id=rokt_id, traits=traits, home=home)
            for person in stored
            for position, rokt_id in enumerate(person.attributes.get("rokt:subscription_id", ()))
        )
    return time.perf_counter() - started


def chunks(path: Path) -> Iterator[list[dict[str, Any]]]:
    """Yield the objects on the lines of an export."""
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            with archive.open(name) as stream:
                while some := [json.loads(line) for line in islice(stream, STEP)]:
                    yield some


def measure(size: int) -> Row:
    """Import an export into an empty table, again, and again with everybody changed."""
    from campaigns.models import Workspace

    files = export(size), export(size, changed=True)
    few = min(size, PLAIN_SIZE)
    baseline = few / plain(few, Workspace.objects.create(name="Plain"))
    workspace = Workspace.objects.create(name="Bench")
    new_seconds, new = imported(files[0], workspace)
    same_seconds, same = imported(files[0], workspace)
    changed_seconds, changed = imported(files[1], workspace)
    assert (new.new_count, same.unchanged_count, changed.changed_count) == (size, size, size)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Row(size, size / new_seconds, size / same_seconds, size / changed_seconds, baseline, peak)


def main(sizes: list[int] | None = None) -> None:
    """Print the table."""
    print("People per second of an import\n")
    heads = f"{'people':>10}{'new':>10}{'unchanged':>12}{'changed':>10}{'plain':>10}"
    print(f"{heads}{'new, beside plain':>20}{'peak memory':>14}")
    for size in sizes or [SIZE]:
        with worker_database() as vendor:
            row = measure(size)
        speeds = f"{row.new:>10,.0f}{row.unchanged:>12,.0f}{row.changed:>10,.0f}{row.plain:>10,.0f}"
        print(f"{row.people:>10,}{speeds}{row.plain / row.new:>19.2f}x{row.peak_mb:>11,.0f} MB on {vendor}")


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]])
