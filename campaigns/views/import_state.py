"""What the page of an import shows besides the import itself: pace, problems, and where its people are."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from campaigns import importing
from campaigns.importing.leavers import FEW, hidden
from campaigns.importing.runs import arrived_count
from campaigns.models import Import, Subscriber
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


def state(job: Import) -> dict[str, Any]:
    """Return what the templates need."""
    is_tried = job.is_dry_run and job.state == Import.State.FINISHED
    is_imported = not job.is_dry_run and job.state == Import.State.FINISHED
    active = active_count(job) if is_tried and job.left_count else 0
    return {
        "is_open": job.state in OPEN_STATES,
        "is_tried": is_tried,
        "is_imported": is_imported,
        "is_table": job.format != Import.Format.BRAZE,
        "is_json": job.format != Import.Format.CSV,
        "has_file": job.is_dry_run and Path(job.path).is_file(),
        "brings_nothing": (is_tried or is_imported) and not job.new_count + job.changed_count,
        "active_count": active,
        "would_empty": job.left_count > FEW and 2 * job.left_count > active,
        "hidden": hidden(job.hidden_count) if job.hidden_count and job.left_count else "",
        "pace": pace(job),
        "problems": job.problems.order_by("pk")[:PROBLEMS_SHOWN_COUNT],
        "most_problems": PROBLEMS_SHOWN_COUNT,
        "lost_count": max(0, job.read_count - arrived_count(job)) if is_tried or is_imported else 0,
        "unknown_accounts": importing.unknown_accounts(job.workspace) if is_imported else {},
        "new_people": new_people(job) if is_imported and job.new_count else "",
        "meanings": {name: meaning for name, meaning in (job.mapping or {}).items() if meaning},
    }


def active_count(job: Import) -> int:
    """Return how many people of the workspace are active now."""
    return Subscriber.objects.filter(workspace=job.workspace_id, is_active=True).count()


def new_people(job: Import) -> str:
    """Return the address of the list of people who were first seen while this import ran."""
    if job.started_at is None or job.finished_at is None:
        return ""
    first_seen = {
        "workspace__id__exact": job.workspace_id,
        "created_at__gte": job.started_at.isoformat(),
        "created_at__lte": job.finished_at.isoformat(),
    }
    return f"{reverse('admin:campaigns_subscriber_changelist')}?{urlencode(first_seen)}"
