"""The list of webhook templates; everything about one of them is on its own page."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from campaigns.admin.pages import NOTHING, ListAdmin, column
from campaigns.models import WebhookTemplate
from campaigns.templatetags.moments import utc


@admin.register(WebhookTemplate)
class WebhookTemplateAdmin(ListAdmin):
    page_name = "webhook_edit"
    new_page_name = "webhook_new"
    list_display = ("name", "tag_names", "version", "changed", "events_count", "state")
    list_filter = ("is_archived", "tags__name")
    ordering = ("is_archived", "name")
    search_fields = ("name", "description", "tags__name")
    search_help_text = _("Name, description or tag")
    sortable_by = ("name", "changed")

    def has_delete_permission(self, request: HttpRequest, obj: WebhookTemplate | None = None) -> bool:
        """Nobody: templates are archived, so that it stays known what events were made from."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookTemplate]:
        """Count the events along."""
        rows: QuerySet[WebhookTemplate] = super().get_queryset(request)
        counted = rows.annotate(event_count=Count("versions__copies__event", distinct=True))
        return counted.prefetch_related("tags")

    @column(_("tags"))
    def tag_names(self, template: WebhookTemplate) -> str:
        return ", ".join(tag.name for tag in template.tags.all()) or NOTHING

    @column(_("last changed"), ordering="changed_at")
    def changed(self, template: WebhookTemplate) -> str:
        return utc(template.changed_at)

    @column(_("state"))
    def state(self, template: WebhookTemplate) -> str:
        return str(_("archived")) if template.is_archived else str(NOTHING)

    @column(_("events made from it"))
    def events_count(self, template: Any) -> int:
        return int(template.event_count)
