"""Keeping a workspace in step with a Braze segment: choosing it, how often, now, and watching it happen."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from campaigns import tasks
from campaigns.forms.sync import SyncForm
from campaigns.importing import sync_steps, syncs
from campaigns.models import Import, Sync, SyncRun, Workspace
from campaigns.models.audience import digest
from campaigns.models.clock import now
from campaigns.views.actions import StaffRequest
from campaigns.views.import_state import left_people
from campaigns.views.news import news
from campaigns.views.page import page
from integrations.braze.errors import (
    BrazeError,
    NoAnswerError,
    NotReachableError,
    PermissionMissingError,
    RefusedError,
    WaitError,
)
from integrations.braze.values import Segment

RUNS_SHOWN: Final = 20
SEGMENTS_SHOWN: Final = 100
LIST_SECONDS: Final = 15.0  # somebody is waiting for the page
STEPS: Final = {
    SyncRun.State.ASKING: gettext_lazy("Ask Braze"),
    SyncRun.State.EXPORTING: gettext_lazy("Braze makes the file"),
    SyncRun.State.DOWNLOADING: gettext_lazy("Download it"),
    SyncRun.State.IMPORTING: gettext_lazy("Take the people in"),
}


@dataclass(frozen=True, slots=True)
class Live:
    """Where the run that is on its way stands."""

    run: SyncRun
    steps: list[tuple[Any, str]]  # words, and "done", "now" or "later"
    percent: int | None
    time_left: timedelta | None


@dataclass(frozen=True, slots=True)
class Found:
    """Segments in Braze whose name holds what was searched, or why there is no list and what helps."""

    segments: list[Segment]
    count: int
    fault: str = ""
    advice: str = ""
    is_set_up_wrong: bool = False  # then no segment can be fetched either, however it is chosen


@permission_required("campaigns.view_workspace", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def workspace_sync(request: StaffRequest, pk: int) -> HttpResponse:
    """Show the sync of a workspace, and store what is chosen; htmx asks for the live part alone."""
    workspace = get_object_or_404(Workspace, pk=pk)
    sync = Sync.objects.filter(workspace=workspace).first()
    may_change = request.user.has_perm("campaigns.change_sync")
    if request.method == "POST":
        if not may_change:
            raise PermissionDenied
        form = SyncForm(request.POST)
        if form.is_valid():
            before = sync.segment_id if sync else ""
            messages.success(request, _("Saved."))
            _leave(request, before, form.save(workspace))
            return redirect("workspace_sync", pk)
    else:
        form = SyncForm(initial=_initial(sync))
    context = {"workspace": workspace, "sync": sync, "at": now(), **_runs(sync)}
    if request.headers.get("HX-Target") == "sync-progress":
        context |= news(request, said=context["said"], shown=context["shown"])
        return render(request, "campaigns/sync_progress.html", context)
    search = request.GET.get("find")
    context |= {
        "form": form,
        "search": search or "",
        "found": find(workspace, search) if search is not None and may_change else None,
        "is_set_up": bool(workspace.rest_endpoint and workspace.rest_key),
    }
    return page(request, "campaigns/sync_page.html", context, title=_("Sync with Braze"))


@permission_required(["campaigns.view_workspace", "campaigns.add_syncrun"], raise_exception=True)
@require_POST
def workspace_sync_start(request: StaffRequest, pk: int) -> HttpResponse:
    """Begin a run now, unless one is on its way."""
    sync = get_object_or_404(Sync, workspace=get_object_or_404(Workspace, pk=pk))
    is_sure = request.POST.get("leavers") == Import.Leavers.ALL
    leavers = Import.Leavers.ALL if is_sure else Import.Leavers.DEACTIVATE
    run = syncs.begin(sync, by=request.user, leavers=leavers)
    if run is None:
        messages.info(request, _("A sync is on its way already."))
    else:
        tasks.start_sync(run.pk)
        messages.success(request, _("The sync begins."))
    return redirect("workspace_sync", pk)


@permission_required(["campaigns.view_workspace", "campaigns.add_syncrun"], raise_exception=True)
@require_POST
def workspace_sync_stop(request: StaffRequest, pk: int) -> HttpResponse:
    """Stop the run that is on its way."""
    sync = get_object_or_404(Sync, workspace=get_object_or_404(Workspace, pk=pk))
    run = sync.runs.filter(state__in=SyncRun.OPEN_STATES).defer("url").first()
    if run is not None and syncs.stop(run.pk, by=request.user):
        messages.success(request, _("Stopped. People who had been read are kept; nobody else was touched."))
    else:
        messages.info(request, _("It was over already."))
    return redirect("workspace_sync", pk)


def _leave(request: StaffRequest, before: str, sync: Sync) -> None:
    """End the run of another segment than the one that is chosen now: whoever is missing there has not left here."""
    reason = _("While it was on its way another segment was chosen. Sync again.")
    if before != sync.segment_id and syncs.leave_off(sync.workspace_id, reason):
        messages.info(
            request, _("The sync on its way was of the segment before, and is stopped. Sync again.")
        )


def _initial(sync: Sync | None) -> dict[str, Any]:
    return {"segment_id": sync.segment_id, "every_minutes": sync.every_minutes} if sync else {}


def _runs(sync: Sync | None) -> dict[str, Any]:
    if sync is None:
        return {"live": None, "runs": [], "last": None, "said": "", "shown": ""}
    runs = list(sync.runs.defer("url").select_related("batch", "created_by")[:RUNS_SHOWN])
    last = runs[0] if runs else None
    is_open = last is not None and last.state in SyncRun.OPEN_STATES
    now_at = live(last) if last and is_open else None
    tenth = (now_at.percent or 0) // 10 if now_at else 0
    said = f"{last.state}-{tenth}" if last else ""  # what is announced when it changes
    rows = [(run, left_people(run.batch, run) if run.batch else "") for run in runs]
    return {
        "live": now_at,
        "runs": rows,
        "has_leavers": any(left for _run, left in rows),
        "last": last,
        "said": said,
        "shown": digest([[run.pk, run.state, run.reason, *_numbers(run.batch)] for run in runs]),
    }


def _numbers(job: Import | None) -> list[int]:
    """Return what the row of a run counts while it is read."""
    if job is None:
        return []
    return [job.new_count, job.changed_count, job.unchanged_count, job.left_count, job.problem_count]


def live(run: SyncRun) -> Live:
    """Return where a run stands: which step, how much of the file is read, and how long that will take."""
    at = list(STEPS).index(SyncRun.State(run.state))
    words = [
        (label, "done" if place < at else "now" if place == at else "later")
        for place, label in enumerate(STEPS.values())
    ]
    job = run.batch if run.state == SyncRun.State.IMPORTING else None
    if job is None or not job.byte_count:
        return Live(run, words, None, None)
    return Live(run, words, 100 * job.bytes_read_count // job.byte_count, time_left(job))


def time_left(job: Import) -> timedelta | None:
    """Return how long an import still takes at its pace so far, where that is known."""
    if job.state != Import.State.RUNNING or not job.started_at or not job.bytes_read_count:
        return None
    return (now() - job.started_at) * (job.byte_count - job.bytes_read_count) / job.bytes_read_count


def find(workspace: Workspace, text: str) -> Found:
    """Ask Braze for its segments, and keep those with this text in their name."""
    try:
        with sync_steps.braze(workspace, timeout_seconds=LIST_SECONDS) as client:
            listed = client.segments()
    except (BrazeError, sync_steps.UnsetError) as error:
        return _missed(error)
    wanted = text.strip().casefold()
    found = sorted(
        (one for one in listed if wanted in one.name.casefold()), key=lambda one: one.name.casefold()
    )
    return Found(found[:SEGMENTS_SHOWN], len(found))


def _missed(error: BrazeError | sync_steps.UnsetError) -> Found:
    """Return why there is no list; the identifier of the segment helps only where that alone is missing."""
    if isinstance(error, PermissionMissingError):
        advice = _("Give it to the key in Braze, or paste the identifier of the segment below.")
    elif isinstance(error, WaitError | NoAnswerError | NotReachableError):
        advice = _("Try again in a moment, or paste the identifier of the segment below.")
    elif isinstance(error, RefusedError):
        advice = _("Without the list, paste the identifier of the segment below.")
    else:
        said = "" if isinstance(error, sync_steps.UnsetError) else _("Put it right in the workspace.")
        return Found([], 0, str(error), said, is_set_up_wrong=True)
    return Found([], 0, str(error), advice)
