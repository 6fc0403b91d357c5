"""The people: subscribers to read, segments to open."""

import json
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from campaigns.admin.pages import ListAdmin, ReadOnlyAdmin, column
from campaigns.models import Entry, Segment, Subscriber
from campaigns.segments import rules
from campaigns.templatetags.moments import utc

MOST_ENTRIES_SHOWN = 50


@admin.register(Subscriber)
class SubscriberAdmin(ReadOnlyAdmin):
    list_display = ("external_id", "name", "email", "workspace", "is_active", "changed")
    list_filter = ("workspace", "is_active")
    list_select_related = ("workspace",)
    search_fields = ("external_id", "email")
    search_help_text = _("User id or e-mail address, or how it begins")
    sortable_by = ()
    ordering = ("-pk",)
    change_form_outer_after_template = "admin/campaigns/subscriber/_subscriptions.html"
    fieldsets: ClassVar[Any] = (
        (None, {"fields": ("external_id", "name", "email", "workspace", "is_active", "seen", "changed")}),
        (_("From Braze"), {"fields": ("attributes_text", "profile_text")}),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Subscriber], search_term: str
    ) -> tuple[QuerySet[Subscriber], bool]:
        """Find exactly this id or address, which an index answers; else those that begin so."""
        text = search_term.strip()
        if not text:
            return queryset, False
        exact = queryset.filter(Q(external_id=text) | Q(email__in={text, text.lower()}))
        if exact.exists():
            return exact, False
        return queryset.filter(Q(external_id__startswith=text) | Q(email__startswith=text)), False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Subscriber]:
        """Leave the large columns out of the list."""
        rows: QuerySet[Subscriber] = super().get_queryset(request)
        return rows.defer("profile", "attributes")

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show with the person what is on the calendar."""
        entries = Entry.objects.filter(subscriber_id__in=[object_id] if object_id.isdecimal() else [])
        newest = entries.select_related("event").order_by("-accepted_at")[:MOST_ENTRIES_SHOWN]
        return super().change_view(request, object_id, form_url, {"entries": newest, **(extra_context or {})})

    @column(_("name"))
    def name(self, subscriber: Subscriber) -> str:
        return f"{subscriber.first_name} {subscriber.last_name}".strip()

    @column(_("last changed"))
    def changed(self, subscriber: Subscriber) -> str:
        return utc(subscriber.changed_at)

    @column(_("first seen"))
    def seen(self, subscriber: Subscriber) -> str:
        return utc(subscriber.created_at)

    @column(_("custom attributes"))
    def attributes_text(self, subscriber: Subscriber) -> SafeString:
        return _as_json(subscriber.attributes)

    @column(_("other profile fields"))
    def profile_text(self, subscriber: Subscriber) -> SafeString:
        return _as_json(subscriber.profile)


def _as_json(value: Any) -> SafeString:
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return format_html('<pre class="ca-code" tabindex="0">{}</pre>', text)


@admin.register(Segment)
class SegmentAdmin(ListAdmin):
    page_name = "segment_edit"
    new_page_name = "segment_new"
    list_display = ("name", "in_words", "used", "changed")
    list_filter = ("is_archived",)
    search_fields = ("name", "description")
    sortable_by = ("name",)

    def has_delete_permission(self, request: HttpRequest, obj: Segment | None = None) -> bool:
        """Nobody: a segment that is not wanted any more is archived, and what was sent by it stays readable."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Segment]:
        """Count the campaigns along."""
        rows: QuerySet[Segment] = super().get_queryset(request)
        return rows.annotate(campaign_count=Count("campaigns"))

    @column(_("who"))
    def in_words(self, segment: Segment) -> str:
        try:
            return rules.sentence(rules.parse(segment.rule))
        except rules.RuleError as error:
            return str(error)

    @column(_("campaigns"))
    def used(self, segment: Any) -> int:
        return int(segment.campaign_count)

    @column(_("last changed"))
    def changed(self, segment: Segment) -> str:
        return utc(segment.changed_at)
