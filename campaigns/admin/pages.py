"""What our lists share: rows that open our own pages, counts that stay cheap, and readers who cannot write."""

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from django.contrib.admin import ShowFacets
from django.contrib.admin.models import LogEntry
from django.contrib.humanize.templatetags.humanize import intcomma
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.text import capfirst
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.views import ChangeList

from campaigns import audit

Column = TypeVar("Column", bound=Callable[..., Any])

MOST_COUNTED = 10_000
NOTHING = "\N{EN DASH}"
READING = ("GET", "HEAD", "OPTIONS")


def column(description: Any, **looks: Any) -> Callable[[Column], Column]:
    """Return Unfold's ``display`` with types."""
    decorated: Callable[[Column], Column] = display(description=description, **looks)
    return decorated


class CappedPaginator(Paginator[Any]):
    """Counts up to a limit and no further: nobody turns to page 101, and counting millions takes seconds."""

    template_name = "campaigns/_delivery_pages.html"

    @cached_property
    def count(self) -> int:
        """How many rows there are, at most ``MOST_COUNTED``."""
        rows = self.object_list
        return rows.order_by()[:MOST_COUNTED].count() if isinstance(rows, QuerySet) else len(rows)

    def page(self, number: int | str) -> Page[Any]:
        """Find the ids first and fetch only their rows: sorting whole rows took 13 s where ids take 0.3 s."""
        page = super().page(number)
        if isinstance(self.object_list, QuerySet) and isinstance(page.object_list, QuerySet):
            pks = list(page.object_list.values_list("pk", flat=True))
            page.object_list = self.object_list.filter(pk__in=pks)
        return page

    @property
    def is_capped(self) -> bool:
        """Whether there are, or may be, more rows than pages."""
        return self.count >= MOST_COUNTED


class PageList(ChangeList):  # type: ignore[misc]  # Unfold ships no types
    """A list whose rows open the pages that ``ListAdmin`` names."""

    def url_for_result(self, result: Model) -> str:
        """Return where a row leads."""
        page = self.model_admin.page_name
        return reverse(page, args=[result.pk]) if page else str(super().url_for_result(result))

    def get_results(self, request: HttpRequest) -> None:
        """Show no second count: the first one may stop at its limit."""
        super().get_results(request)
        self.full_result_count = self.result_count

    @property
    def counted(self) -> str:
        """How many rows there are, in words."""
        return str(self.model_admin.counted(self.result_count))


class ListAdmin(ModelAdmin):  # type: ignore[misc]  # Unfold ships no types
    """A list of ours. ``page_name`` and ``new_page_name`` are our own pages for one row and for a new one."""

    page_name: ClassVar[str] = ""
    new_page_name: ClassVar[str] = ""
    paginator = CappedPaginator
    show_full_result_count = False
    list_per_page = 50
    list_max_show_all = 0
    list_filter_submit = True
    show_facets = ShowFacets.NEVER  # a count for every choice of every filter reads everything, many times

    class Media:
        css: ClassVar[Any] = {"all": ("campaigns/sends.css",)}

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[PageList]:
        """Use the list whose rows open our own pages."""
        return PageList

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Nothing is done to many rows at once from a list."""
        return {}

    def counted(self, count: int) -> str:
        """Return how many rows there are, in words; what has no plural that can be counted says it otherwise."""
        name = self.opts.verbose_name if count == 1 else self.opts.verbose_name_plural
        return f"{intcomma(count)} {name}"

    def chained(self, obj: Any) -> dict[str, Any]:
        """Return what the audit chain keeps of a changed row besides the names of what was changed: no secrets."""
        return {"name": str(obj)}

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Call a list what it holds; Django would say "Select … to view"."""
        shown = {"title": capfirst(self.opts.verbose_name_plural), **(extra_context or {})}
        response: HttpResponse = super().changelist_view(request, shown)
        return response

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> LogEntry:
        """Keep who added it, in the audit chain too."""
        entry: LogEntry = super().log_addition(request, obj, message)
        audit.on_setup("added", obj, by=request.user, data=self.chained(obj))
        return entry

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> LogEntry:
        """Keep who changed which of its fields, in the audit chain too; never to what."""
        entry: LogEntry = super().log_change(request, obj, message)
        if message:  # else nothing was changed
            audit.on_setup("changed", obj, by=request.user, data={**self.chained(obj), "what": message})
        return entry

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """Keep who deleted it, in the audit chain too."""
        for obj in queryset:
            audit.on_setup("deleted", obj, by=request.user, data=self.chained(obj))
        return super().log_deletions(request, queryset)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whoever may only read can post nowhere, not even to a page that would ignore it."""
        may_read: bool = super().has_view_permission(request, obj)
        return may_read and (request.method in READING or self.has_change_permission(request, obj))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Lead to our own page where there is one."""
        if not self.page_name:
            response: HttpResponse = super().change_view(request, object_id, form_url, extra_context)
            return response
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = self.get_object(request, object_id)
        if found is None:
            raise Http404
        return HttpResponseRedirect(reverse(self.page_name, args=[found.pk]))

    def _get_obj_does_not_exist_redirect(
        self, request: HttpRequest, opts: Any, object_id: str
    ) -> HttpResponse:
        """Say plainly that there is no such thing, as our own pages do."""
        raise Http404

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead to our own page where there is one."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        if self.new_page_name:
            return HttpResponseRedirect(reverse(self.new_page_name))
        response: HttpResponse = super().add_view(request, form_url, extra_context)
        return response


class ReadOnlyAdmin(ListAdmin):
    """A list that nobody adds to, changes or deletes from here."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody."""
        return False
