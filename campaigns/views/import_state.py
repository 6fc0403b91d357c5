"""What the page of an import shows besides the import itself: pace, problems, and where its people are."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Min
from django.urls import reverse

from campaigns import importing
from campaigns.importing import mapping
from campaigns.importing.leavers import FEW, hidden
from campaigns.models import Import, Subscriber, SyncRun
from campaigns.models.clock import now

PROBLEMS_SHOWN_COUNT = 200
OPEN_STATES = (Import.State.WAITING, Import.State.RUNNING)


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a file is read; 0 and None where nothing can be said yet."""

    percent: int
    rate: float
    time_left: timedelta | None


def pace(job: Import) -> Pace:
    """Return how far an import is, people a second since it started, and how long it will take."""
    percent = min(100, 100 * job.bytes_read_count // job.byte_count) if job.byte_count else 0
    if job.state != Import.State.RUNNING or job.started_at is None or not job.bytes_read_count:
        return Pace(percent, 0, None)
    spent = now() - job.started_at
    left = spent * (max(0, job.byte_count - job.bytes_read_count) / job.bytes_read_count)
    return Pace(percent, job.read_count / max(spent.total_seconds(), 0.001), left)


def state(job: Import, run: SyncRun | None) -> dict[str, Any]:
    """Return what the templates need; ``run`` is of the sync that has fetched it."""
    is_tried = job.is_dry_run and job.state == Import.State.FINISHED
    is_imported = not job.is_dry_run and job.state == Import.State.FINISHED
    active = active_count(job) if is_tried and job.left_count else 0
    at = pace(job)
    return {
        "is_open": job.state in OPEN_STATES,
        "is_untold": job.state == Import.State.UNTOLD,
        "is_tried": is_tried,
        "is_imported": is_imported,
        "is_table": job.format != Import.Format.BRAZE,
        "is_json": job.format != Import.Format.CSV,
        "has_file": job.is_dry_run and Path(job.path).is_file(),
        "brings_nothing": (is_tried or is_imported) and not job.new_count + job.changed_count,
        "active_count": active,
        "would_empty": job.left_count > FEW and 2 * job.left_count > active,
        "hidden": hidden(job.hidden_count) if job.hidden_count and job.left_count else "",
        "pace": at,
        "said": f"{job.state}-{at.percent // 10}",
        "at": now(),
        **problems(job),
        "refused_count": job.refused_count if is_tried or is_imported else 0,
        "unknown_accounts": importing.unknown_accounts(job.workspace) if is_imported else {},
        "new_people": new_people(job) if is_imported and job.new_count else "",
        "left_people": left_people(job, run) if is_imported else "",
        "meanings": {name: mapping.said(meaning) for name, meaning in (job.mapping or {}).items() if meaning},
    }


def problems(job: Import) -> dict[str, Any]:
    """Return the rows with a problem, and what tells those that a page shows already from others.

    Rows are only added behind those before; where a file is read again from the beginning, the first is another one.
    """
    found = job.problems.aggregate(count=Count("pk"), first=Min("pk"))
    seen = min(found["count"], PROBLEMS_SHOWN_COUNT + 1)
    return {
        "problems": job.problems.order_by("pk")[:PROBLEMS_SHOWN_COUNT],
        "problems_count": found["count"],
        "shown": f"{job.state}-{found['first'] or 0}-{seen}",
        "most_problems": PROBLEMS_SHOWN_COUNT,
    }


def active_count(job: Import) -> int:
    """Return how many people of the workspace are active now."""
    return Subscriber.objects.filter(workspace=job.workspace_id, is_active=True).count()


def new_people(job: Import) -> str:
    """Return the address of the list of people who were first seen while this import ran."""
    return _people(job, "created_at", job.started_at)


def left_people(job: Import, run: SyncRun | None) -> str:
    """Return the address of the list of people who left while this import ran, and have not come back since.

    An import that was interrupted and begun again counts those who had left before; its run knows since when.
    """
    since = run.created_at if run else job.started_at
    return _people(job, "left_at", since, is_active__exact=0) if job.left_count else ""


def _people(job: Import, moment: str, since: datetime | None, **also: int) -> str:
    if since is None or job.finished_at is None:
        return ""
    then = {
        "workspace__id__exact": job.workspace_id,
        f"{moment}__gte": since.isoformat(),
        f"{moment}__lte": job.finished_at.isoformat(),
        **also,
    }
    return f"{reverse('admin:campaigns_subscriber_changelist')}?{urlencode(then)}"
