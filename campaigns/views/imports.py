"""Imports: upload a file of people, say what its columns mean, try it, import it, and watch it being read."""

import csv
from collections.abc import Callable, Iterator
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from campaigns import tasks
from campaigns.forms.columns import ColumnsForm
from campaigns.forms.upload import UploadForm
from campaigns.importing import ExportError, intake, readers
from campaigns.importing.leavers import hidden
from campaigns.models import Import, Workspace
from campaigns.reports.spreadsheet import BYTE_ORDER_MARK, Line, safe_cell
from campaigns.views.actions import StaffRequest
from campaigns.views.import_state import state
from campaigns.views.news import news
from campaigns.views.page import page

ACCEPTED, BAD_REQUEST = 200, 400


@permission_required("campaigns.add_import", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def import_new(request: StaffRequest) -> HttpResponse:
    """Take a file and look what it is: lines of a Braze export are tried at once, columns are asked about."""
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    if form.is_cut_off:
        form.errors.clear()
        form.add_error(
            "file", _("The upload was cut off on its way; nothing of it was kept. Upload it again.")
        )
        return _form(request, form, status=BAD_REQUEST)
    if form.is_bound and form.is_valid() and (job := _store(request, form)):
        if job.format == Import.Format.BRAZE or not job.is_dry_run:
            return redirect("import_detail", job.pk)
        return redirect("import_columns", job.pk)
    return _form(request, form)


def _form(request: StaffRequest, form: UploadForm, *, status: int = ACCEPTED) -> HttpResponse:
    context = {"form": form, "has_workspace": Workspace.objects.exists()}
    return page(request, "campaigns/import_new.html", context, title=_("Import subscribers"), status=status)


def _store(request: StaffRequest, form: UploadForm) -> Import | None:
    typed = form.cleaned_data
    try:
        job = intake.receive(
            typed["file"], workspace=typed["workspace"], by=request.user, token=typed["token"]
        )
    except ExportError as error:
        form.add_error("file", str(error))
        return None
    if job.format == Import.Format.BRAZE and job.state == Import.State.WAITING:
        tasks.start_import(job.pk)
        messages.success(request, _("The file is here and is tried now; nothing is written yet."))
    return job


@permission_required("campaigns.view_import", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def import_columns(request: StaffRequest, pk: int) -> HttpResponse:
    """Ask what the columns of a file mean (POST: check the answers, and try the file with them)."""
    job = get_object_or_404(Import.objects.select_related("workspace", "created_by"), pk=pk)
    if request.method == "POST" and not request.user.has_perm("campaigns.add_import"):
        raise PermissionDenied
    if job.format == Import.Format.BRAZE or not job.is_dry_run:
        return redirect("import_detail", pk)
    try:
        columns = readers.columns(job)
    except ExportError as error:
        messages.error(request, str(error))
        return redirect("import_detail", pk)
    form = ColumnsForm(columns, job.mapping or {}, request.POST if request.method == "POST" else None)
    wants_look = "look" in request.POST  # the answers are only looked at, beside the samples
    if form.is_bound and form.is_valid() and not wants_look:
        return _try(request, job, form)
    context = {"job": job, "form": form, "asks": request.user.has_perm("campaigns.add_import")}
    return page(request, "campaigns/import_columns.html", context, title=job.file_name)


def _try(request: StaffRequest, job: Import, form: ColumnsForm) -> HttpResponse:
    if intake.explain(job, form.mapping()):
        tasks.start_import(job.pk)
        messages.success(request, _("The file is tried now; nothing is written yet."))
    return redirect("import_detail", job.pk)


@permission_required("campaigns.view_import", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def import_detail(request: StaffRequest, pk: int) -> HttpResponse:
    """Show how far an import is, what it would bring or has brought; htmx asks for the live part alone.

    A post does what its ``action`` says. ``said`` is what was announced last; what is new is announced once.
    ``shown`` says which rows with a problem the page shows: they are sent again when there are others.
    """
    job = get_object_or_404(Import.objects.select_related("workspace", "created_by"), pk=pk)
    if request.method == "POST":
        if not request.user.has_perm("campaigns.add_import"):
            raise PermissionDenied
        ACTIONS.get(request.POST.get("action", ""), _read_again)(request, job)
        is_asking = request.POST.get("action") == "as_lines"
        return redirect("import_columns" if is_asking else "import_detail", pk)
    run = job.sync_runs.select_related("created_by").defer("url").first()
    context: dict[str, Any] = {"job": job, "state": state(job, run), "run": run}
    if request.headers.get("HX-Request"):
        context |= news(request, said=context["state"]["said"], shown=context["state"]["shown"])
        return render(request, "campaigns/import_progress.html", context)
    return page(request, "campaigns/import_detail.html", context, title=job.file_name)


def _read_again(request: StaffRequest, job: Import) -> None:
    if job.state == Import.State.FINISHED and not job.is_dry_run:
        messages.error(request, _("This file has been read to its end, and is not kept."))
        return
    if job.state == Import.State.UNTOLD:
        messages.error(request, _("Say first what its columns mean."))
        return
    if not intake.read_again(job):
        messages.error(request, _("The file is not kept any more. Upload it again."))
        return
    tasks.start_import(job.pk)
    messages.success(request, _("It is read again from the beginning; nobody is taken twice."))


def _confirm(request: StaffRequest, job: Import) -> None:
    leavers = Import.Leavers.KEEP
    if request.POST.get("leavers") == Import.Leavers.DEACTIVATE and job.format == Import.Format.BRAZE:
        leavers = Import.Leavers.DEACTIVATE
        if job.hidden_count:
            messages.error(request, hidden(job.hidden_count))
            return
        if request.POST.get("left_count") != str(job.left_count):
            messages.error(request, _("The number of people who would leave has changed; look at it again."))
            return
    if intake.confirm(job, leavers):
        tasks.start_import(job.pk)
        messages.success(request, _("These people are imported now."))
    else:
        messages.info(request, _("This file is being imported already, or has to be tried first."))


def _throw_away(request: StaffRequest, job: Import) -> None:
    if intake.throw_away(job, by=request.user):
        messages.success(request, _("The file is thrown away; nothing was imported."))
    else:
        messages.error(request, _("This file has been imported already."))


def _as_lines(request: StaffRequest, job: Import) -> None:
    try:
        intake.read_as(job, Import.Format.LINES)
    except ExportError as error:
        messages.error(request, str(error))


def _as_export(request: StaffRequest, job: Import) -> None:
    if intake.read_as(job, Import.Format.BRAZE):
        tasks.start_import(job.pk)
        messages.success(request, _("The file is tried now; nothing is written yet."))


ACTIONS: dict[str, Callable[[StaffRequest, Import], None]] = {
    "import": _confirm,
    "throw_away": _throw_away,
    "as_lines": _as_lines,
    "as_export": _as_export,
}


@permission_required("campaigns.view_import", raise_exception=True)
@require_safe
def import_problems(request: StaffRequest, pk: int) -> StreamingHttpResponse:
    """Return the rows with a problem as a spreadsheet."""
    job = get_object_or_404(Import, pk=pk)
    headers = {
        "Content-Disposition": f'attachment; filename="import-{pk}-problems.csv"',
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingHttpResponse(_problem_lines(job), content_type="text/csv; charset=utf-8", headers=headers)


def _problem_lines(job: Import) -> Iterator[str]:
    writer = csv.writer(Line(), quoting=csv.QUOTE_ALL)
    yield BYTE_ORDER_MARK + writer.writerow([_("where"), _("user id"), _("what is wrong")])
    for row in job.problems.order_by("pk").values_list("place", "external_id", "message"):
        yield writer.writerow([safe_cell(value) for value in row])
