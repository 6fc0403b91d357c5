"""The list of imports; each has its own page."""

from typing import TYPE_CHECKING

from django.contrib import admin
from django.contrib.humanize.templatetags.humanize import intcomma
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from campaigns.admin.pages import ListAdmin, column
from campaigns.models import Import
from campaigns.templatetags.moments import utc

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

TRIED = "tried"
COLOURS = {
    TRIED: "warning",
    Import.State.UNTOLD: "warning",
    Import.State.WAITING: "info",
    Import.State.RUNNING: "primary",
    Import.State.FINISHED: "success",
    Import.State.FAILED: "danger",
}


@admin.register(Import)
class ImportAdmin(ListAdmin):
    page_name = "import_detail"
    new_page_name = "import_new"
    nothing_yet = _(
        "Upload a Braze export or a table of people. What it would change is shown before anything is written."
    )
    list_display = (
        "file_name",
        "workspace",
        "format",
        "state_label",
        "people",
        "new",
        "changed",
        "problems",
        "uploaded",
    )
    list_filter = ("state", "is_dry_run", "format", "workspace")
    list_select_related = ("workspace", "created_by")
    search_fields = ("file_name",)
    sortable_by = ()

    def has_delete_permission(self, request: HttpRequest, obj: Import | None = None) -> bool:
        """Nobody: where people came from stays known."""
        return False

    @column(_("state"), label=COLOURS)
    def state_label(self, job: Import) -> "tuple[str, StrOrPromise]":
        if job.is_dry_run and job.state == Import.State.FINISHED:
            return TRIED, _("tried, not imported")
        if job.state == Import.State.UNTOLD:
            address = reverse("import_columns", args=[job.pk])
            return job.state, format_html('<a href="{}">{}</a>', address, job.get_state_display())
        return job.state, job.get_state_display()

    @column(_("read"))
    def people(self, job: Import) -> str:
        return intcomma(job.read_count)

    @column(_("new"))
    def new(self, job: Import) -> str:
        return intcomma(job.new_count)

    @column(_("changed"))
    def changed(self, job: Import) -> str:
        return intcomma(job.changed_count)

    @column(_("problems"))
    def problems(self, job: Import) -> str:
        return intcomma(job.problem_count)

    @column(_("uploaded"))
    def uploaded(self, job: Import) -> str:
        return f"{utc(job.created_at)} · {job.created_by}" if job.created_by else utc(job.created_at)
