"""The list of webhooks from Rokt; each has its own page."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from campaigns.admin.pages import NOTHING, PageList, ReadOnlyAdmin, column
from campaigns.models import Account, Notice
from campaigns.templatetags.moments import utc_seconds
from integrations.rokt.notice import EventType

COLOURS = {
    Notice.State.WAITING: "info",
    Notice.State.DONE: "success",
    Notice.State.IGNORED: "default",
    Notice.State.ORPHAN: "warning",
    Notice.State.FAILED: "danger",
}
KNOWN = [kind.value for kind in EventType if kind.value]


class ByType(admin.SimpleListFilter):
    """Rokt's own names; looking which ones occur would read the whole table."""

    title = _("type")
    parameter_name = "type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Offer every type that Rokt publishes, and the rest."""
        return [*((name, name) for name in KNOWN), ("other", _("any other"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Notice]) -> QuerySet[Notice]:
        """Narrow the list down."""
        if self.value() == "other":
            return queryset.exclude(event_type__in=KNOWN)
        return queryset.filter(event_type=self.value()) if self.value() in KNOWN else queryset


class NewestFirst(PageList):
    """Newest first, always: any other order would read them all to show fifty."""

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Notice]) -> list[str]:
        """Return the one order."""
        return ["-pk"]


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    page_name = "notice_detail"
    nothing_yet = _(
        "Rokt has sent nothing so far. An admin makes a webhook address on the page of an account and gives it to Rokt;"
        " what comes in by it is listed here."
    )
    list_display = ("kind", "state_label", "why", "account_name", "conflicts", "received")
    list_filter: ClassVar[Any] = ("state", ByType, "account")
    search_fields = ("event_id",)
    search_help_text = _("The webhook's id, whole")
    sortable_by = ()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[PageList]:
        """Use the list with one order."""
        return NewestFirst

    def get_queryset(self, request: HttpRequest) -> QuerySet[Notice]:
        """Leave the texts where they are."""
        rows: QuerySet[Notice] = super().get_queryset(request)
        return rows.select_related("account").defer("body", "account__client_secret")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Notice], search_term: str
    ) -> tuple[QuerySet[Notice], bool]:
        """Find one by its id, which has an index beside the account."""
        if not search_term.strip():
            return queryset, False
        accounts = list(Account.objects.values_list("pk", flat=True))
        return queryset.filter(account__in=accounts, event_id=search_term.strip()), False

    @column(_("type"), header=True)
    def kind(self, notice: Notice) -> tuple[str, str]:
        return notice.event_type or NOTHING, notice.event_id

    @column(_("state"), label=COLOURS)
    def state_label(self, notice: Notice) -> tuple[str, str]:
        return notice.state, notice.get_state_display()

    @column(_("why"))
    def why(self, notice: Notice) -> str:
        return notice.reason or NOTHING

    @column(_("account"))
    def account_name(self, notice: Notice) -> str:
        return notice.account.name

    @column(_("repeated with another text"))
    def conflicts(self, notice: Notice) -> str:
        return str(notice.conflict_count or NOTHING)

    @column(_("received"))
    def received(self, notice: Notice) -> str:
        return utc_seconds(notice.received_at)
