"""The list of alerts; each has its own page."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns import alerts
from campaigns.admin.pages import NOTHING, ReadOnlyAdmin, column
from campaigns.models import Alert
from campaigns.templatetags.moments import utc


class ByState(admin.SimpleListFilter):
    """Open or over."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Offer both."""
        return [("open", _("open")), ("over", _("over"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Alert]) -> QuerySet[Alert]:
        """Narrow the list down."""
        is_open = Q(resolved_at=None)
        return queryset.filter({"open": is_open, "over": ~is_open}.get(self.value() or "", Q()))


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    page_name = "alert_detail"
    list_display = ("what", "state_label", "said", "began", "ended")
    list_filter: ClassVar[Any] = (ByState, "kind", "account")
    sortable_by = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Alert]:
        """Fetch along what the sentences need."""
        rows: QuerySet[Alert] = super().get_queryset(request)
        related = rows.select_related("account", "send__event__campaign", "closed_by")
        return related.defer("account__client_secret", "send__rule", "send__content")

    @column(gettext_lazy("alert"))
    def what(self, alert: Alert) -> str:
        return alerts.words(alert).title

    @column(gettext_lazy("state"), label={"open": "danger", "over": "success"})
    def state_label(self, alert: Alert) -> tuple[str, str]:
        return ("open", _("open")) if alert.resolved_at is None else ("over", _("over"))

    @column(gettext_lazy("what happened"))
    def said(self, alert: Alert) -> str:
        return alerts.words(alert).text.partition("\n")[0]

    @column(gettext_lazy("since"))
    def began(self, alert: Alert) -> str:
        return utc(alert.since)

    @column(gettext_lazy("over since"))
    def ended(self, alert: Alert) -> str:
        at = utc(alert.resolved_at) or NOTHING
        return f"{at} · {alert.closed_by}" if alert.closed_by else at
