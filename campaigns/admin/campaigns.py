"""The list of campaigns; everything about one of them is on its own page."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from campaigns.admin.pages import NOTHING, ListAdmin, column
from campaigns.models import Campaign, Send
from campaigns.templatetags.moments import utc


@admin.register(Campaign)
class CampaignAdmin(ListAdmin):
    page_name = "campaign_detail"
    new_page_name = "campaign_new"
    list_display = ("name", "account", "segment", "events_count", "made_by", "created")
    list_filter = ("account", "is_archived")
    list_select_related = ("account", "segment", "created_by")
    search_fields = ("name", "events__event_id", "events__title")
    search_help_text = _("Campaign, event or event id")
    sortable_by = ("name",)

    def has_delete_permission(self, request: HttpRequest, obj: Campaign | None = None) -> bool:
        """A campaign that has sent something is history."""
        may_delete: bool = super().has_delete_permission(request, obj)
        return may_delete and obj is not None and not Send.objects.filter(event__campaign=obj).exists()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Campaign]:
        """Count the events along."""
        rows: QuerySet[Campaign] = super().get_queryset(request)
        return rows.annotate(event_count=Count("events", distinct=True))

    @column(_("events"))
    def events_count(self, campaign: Any) -> int:
        return int(campaign.event_count)

    @column(_("created by"))
    def made_by(self, campaign: Campaign) -> str:
        return str(campaign.created_by or NOTHING)

    @column(_("created"))
    def created(self, campaign: Campaign) -> str:
        return utc(campaign.created_at)
