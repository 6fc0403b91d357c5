"""Segments to open, and the lists of people that they may ask for."""

from typing import Any

from django.contrib import admin
from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import Count, Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from campaigns.admin.pages import ListAdmin, column
from campaigns.models import PersonList, Segment
from campaigns.segments import rules
from campaigns.templatetags.moments import utc


class KeptAdmin(ListAdmin):
    """Rows that nobody deletes: what is not wanted any more is archived, and what was sent by it stays readable."""

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody."""
        return False


@admin.register(Segment)
class SegmentAdmin(KeptAdmin):
    page_name = "segment_edit"
    new_page_name = "segment_new"
    nothing_yet = _("A segment says who gets an event, such as everybody who has subscribed to a calendar.")
    list_display = ("name", "in_words", "used", "changed")
    list_filter = ("is_archived",)
    search_fields = ("name", "description")
    sortable_by = ("name",)

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


@admin.register(PersonList)
class PersonListAdmin(KeptAdmin):
    page_name = "person_list"
    new_page_name = "person_list_new"
    nothing_yet = _(
        "A list holds user ids from elsewhere, such as of everybody with a ticket. Segments can ask who is on it."
    )
    list_display = ("name", "size", "file_name", "uploaded")
    list_filter = ("is_archived",)
    search_fields = ("name", "file_name")
    sortable_by = ("name", "size")

    @column(_("user ids"), ordering="people_count")
    def size(self, people: PersonList) -> str:
        return intcomma(people.people_count)

    @column(_("uploaded"))
    def uploaded(self, people: PersonList) -> str:
        return (
            f"{utc(people.created_at)} · {people.created_by}" if people.created_by else utc(people.created_at)
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[PersonList]:
        """Fetch who uploaded them along."""
        rows: QuerySet[PersonList] = super().get_queryset(request)
        return rows.select_related("created_by")
