"""The people: subscribers to find, and what staff did to them."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.admin.pages import NOTHING, ReadOnlyAdmin, column
from campaigns.models import Subscriber, SubscriberAction
from campaigns.templatetags.moments import utc, utc_seconds

STANDINGS = {"active": "success", "inactive": "warning", "suppressed": "danger"}


@admin.register(Subscriber)
class SubscriberAdmin(ReadOnlyAdmin):
    page_name = "subscriber_detail"
    nothing_yet = _("People come in by an import, by a sync with Braze, or are pushed with an API key.")
    list_display = ("external_id", "name", "email", "workspace", "standing", "changed")
    list_filter = ("workspace", "is_active", "is_suppressed")
    list_select_related = ("workspace",)
    search_fields = ("external_id", "email")
    search_help_text = _("User id or e-mail address, or how it begins")
    sortable_by = ()
    ordering = ("-pk",)

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
        return queryset.filter(Q(external_id__begins=text) | Q(email__begins=text)), False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Subscriber]:
        """Leave the large columns out of the list."""
        rows: QuerySet[Subscriber] = super().get_queryset(request)
        return rows.defer("profile", "attributes")

    @column(_("name"))
    def name(self, subscriber: Subscriber) -> str:
        return f"{subscriber.first_name} {subscriber.last_name}".strip()

    @column(_("last changed"))
    def changed(self, subscriber: Subscriber) -> str:
        return utc(subscriber.changed_at)

    @column(_("standing"), label=STANDINGS)
    def standing(self, subscriber: Subscriber) -> tuple[str, str]:
        if subscriber.is_suppressed:
            return "suppressed", gettext("suppressed")
        return ("active", gettext("active")) if subscriber.is_active else ("inactive", gettext("inactive"))


@admin.register(SubscriberAction)
class SubscriberActionAdmin(ReadOnlyAdmin):
    list_display = ("moment", "verb", "person", "by", "note")
    list_display_links = None
    list_filter = ("verb", "by")
    list_select_related = ("by", "subscriber")
    search_fields = ("pseudonym", "subscriber__external_id")
    search_help_text = _("User id, or the made-up name of somebody erased, or how it begins")
    sortable_by = ()
    ordering = ("-pk",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[SubscriberAction], search_term: str
    ) -> tuple[QuerySet[SubscriberAction], bool]:
        """Find by the beginning of either name."""
        text = search_term.strip()
        named = Q(pseudonym__startswith=text) | Q(subscriber__external_id__startswith=text)
        return (queryset.filter(named) if text else queryset), False

    @column(_("at"))
    def moment(self, action: SubscriberAction) -> str:
        return utc_seconds(action.at)

    @column(_("person"))
    def person(self, action: SubscriberAction) -> Any:
        if action.subscriber is None:
            return action.pseudonym or NOTHING
        address = reverse("subscriber_detail", args=[action.subscriber_id])
        return format_html('<a href="{}">{}</a>', address, action.subscriber.external_id)
