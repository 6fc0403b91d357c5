"""Setup: the list of keys with which others push people to us."""

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.admin.pages import NOTHING, ListAdmin, column
from campaigns.models import ApiKey
from campaigns.templatetags.moments import utc


@admin.register(ApiKey)
class ApiKeyAdmin(ListAdmin):
    page_name = "apikey_detail"
    new_page_name = "apikey_new"
    nothing_yet = gettext_lazy(
        "With a key, Rokt Calendar or Braze pushes new subscriptions here the moment that somebody subscribes."
    )
    list_display = ("name", "workspace", "state_label", "shown_ending", "created", "used")
    list_filter = ("workspace",)
    search_fields = ("name",)
    sortable_by = ("name",)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody: a revoked key stays in the list, so that one can see what it was."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiKey]:
        """Fetch the workspace and who made them along."""
        rows: QuerySet[ApiKey] = super().get_queryset(request)
        return rows.select_related("workspace", "created_by")

    @column(gettext_lazy("state"), label={"works": "success", "revoked": "danger"})
    def state_label(self, key: ApiKey) -> tuple[str, str]:
        return ("works", _("works")) if key.revoked_at is None else ("revoked", _("revoked"))

    @column(gettext_lazy("ends in"))
    def shown_ending(self, key: ApiKey) -> str:
        return f"…{key.ending}"

    @column(gettext_lazy("created"))
    def created(self, key: ApiKey) -> str:
        at = utc(key.created_at)
        return f"{at} · {key.created_by}" if key.created_by else at

    @column(gettext_lazy("last used"))
    def used(self, key: ApiKey) -> str:
        return utc(key.used_at) if key.used_at else NOTHING
