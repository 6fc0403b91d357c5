"""Imports: upload a file of subscribers, and watch it being read."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from campaigns import importing, tasks
from campaigns.forms.upload import UploadForm
from campaigns.models import Import, Workspace
from campaigns.views.actions import StaffRequest
from campaigns.views.page import page

PROBLEMS_SHOWN_COUNT = 200
OPEN_STATES = (Import.State.WAITING, Import.State.RUNNING)


@permission_required("campaigns.add_import", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def import_new(request: StaffRequest) -> HttpResponse:
    """Take a file, look whether it is an export at all, and have it read."""
    if request.method == "POST":
        form = UploadForm(request.POST, request.FILES)
        if form.is_valid() and (job := _store(request, form)):
            return redirect("import_detail", job.pk)
    else:
        form = UploadForm()
    context = {"form": form, "has_workspace": Workspace.objects.exists()}
    return page(request, "campaigns/import_new.html", context, title=_("Import subscribers"))


def _store(request: StaffRequest, form: UploadForm) -> Import | None:
    try:
        job = importing.store_upload(
            form.cleaned_data["file"], workspace=form.cleaned_data["workspace"], by=request.user
        )
    except importing.ExportError as error:
        form.add_error("file", str(error))
        return None
    tasks.start_import(job.pk)
    messages.success(request, _("The file is here and will be read now."))
    return job


@permission_required("campaigns.view_import", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def import_detail(request: StaffRequest, pk: int) -> HttpResponse:
    """Show how far an import is and what it could not take; htmx asks for the live part alone.

    A post has the file read again: a wake-up may have been lost, or the file may have been damaged.
    """
    job = get_object_or_404(Import.objects.select_related("workspace", "created_by"), pk=pk)
    if request.method == "POST":
        return _read_again(request, job)
    context = {
        "job": job,
        "is_open": job.state in OPEN_STATES,
        "percent": 100 * job.bytes_read_count // job.byte_count if job.byte_count else 0,
        "problems": job.problems.order_by("pk")[:PROBLEMS_SHOWN_COUNT],
        "most_problems": PROBLEMS_SHOWN_COUNT,
        "unknown_accounts": _unknown_accounts(job),
    }
    if request.headers.get("HX-Request"):
        return render(request, "campaigns/import_progress.html", context)
    return page(request, "campaigns/import_detail.html", context, title=job.file_name)


def _read_again(request: StaffRequest, job: Import) -> HttpResponse:
    if not request.user.has_perm("campaigns.add_import"):
        raise PermissionDenied
    if job.state == Import.State.FINISHED:
        messages.error(request, _("This file has been read to its end, and is not kept."))
    else:
        tasks.start_import(job.pk)
        messages.success(request, _("It is read again from the beginning; nobody is taken twice."))
    return redirect("import_detail", job.pk)


def _unknown_accounts(job: Import) -> dict[str, int]:
    return importing.unknown_accounts(job.workspace) if job.state == Import.State.FINISHED else {}
