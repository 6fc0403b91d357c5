"""The lists of what was sent: sends, and the history of every delivery."""

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns import reports
from campaigns.admin.pages import NOTHING, PageList, ReadOnlyAdmin, column
from campaigns.admin.questions import QUESTIONS
from campaigns.models import Delivery, Send
from campaigns.templatetags.moments import utc, utc_seconds

SEND_COLOURS = {
    Send.State.REQUESTED: "warning",
    Send.State.SCHEDULED: "info",
    Send.State.SENDING: "primary",
    Send.State.PAUSED: "warning",
    Send.State.FINISHED: "success",
    Send.State.CANCELLED: "default",
}
DELIVERY_COLOURS = {
    Delivery.State.QUEUED: "info",
    Delivery.State.SENDING: "primary",
    Delivery.State.ACCEPTED: "success",
    Delivery.State.CONFIRMED: "success",
    Delivery.State.FAILED: "danger",
    Delivery.State.EXPIRED: "danger",
    Delivery.State.SKIPPED: "default",
    Delivery.State.CANCELLED: "default",
    Delivery.State.IN_DOUBT: "warning",
}


def _test_label(send: Send) -> tuple[bool, str] | None:
    return (True, gettext("test")) if send.is_test else None


class History(PageList):
    """Newest first, always: any other order would read millions of rows to show fifty."""

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> list[str]:
        """Return the one order."""
        return ["-pk"]


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    page_name = "delivery_detail"
    list_display = (
        "person",
        "state_label",
        "why",
        "send_link",
        "test_label",
        "campaign",
        "attempt_count",
        "when",
    )
    list_filter = QUESTIONS
    list_select_related = ("subscriber", "send__event__campaign")
    list_before_template = "campaigns/_delivery_asked.html"
    search_fields = ("external_id",)
    search_help_text = _("User id, or e-mail address")
    sortable_by = ()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[PageList]:
        """Use the list with one order."""
        return History

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        """Leave the large columns of the neighbours where they are."""
        rows: QuerySet[Delivery] = super().get_queryset(request)
        return rows.defer("subscriptions", "subscriber__profile", "subscriber__attributes", "send__rule")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Take the questions of the history and no others, so that the spreadsheet holds what is shown."""
        return lookup in reports.FILTERS

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Delivery], search_term: str
    ) -> tuple[QuerySet[Delivery], bool]:
        """Find one person's deliveries."""
        return reports.search(queryset, search_term), False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Say above the list what is shown, and offer it as a spreadsheet."""
        asked = reports.in_words(request.GET.dict())
        shown = {"asked": asked, "title": _("History"), **(extra_context or {})}
        response: HttpResponse = super().changelist_view(request, shown)
        return response

    @column(_("person"), header=True)
    def person(self, delivery: Delivery) -> tuple[str, str]:
        name = str(delivery.subscriber or _("erased"))
        return delivery.external_id, name if name != delivery.external_id else ""

    @column(_("state"), label=DELIVERY_COLOURS)
    def state_label(self, delivery: Delivery) -> tuple[str, str]:
        return delivery.state, delivery.get_state_display()

    @column(_("why"))
    def why(self, delivery: Delivery) -> str:
        return str(delivery.reason_text) or NOTHING

    @column(_("send"))
    def send_link(self, delivery: Delivery) -> str:
        return str(delivery.send)

    @column(_("test"), label={True: "info"})
    def test_label(self, delivery: Delivery) -> tuple[bool, str] | None:
        return _test_label(delivery.send)

    @column(_("campaign"))
    def campaign(self, delivery: Delivery) -> str:
        return delivery.send.event.campaign.name

    @column(_("last change"))
    def when(self, delivery: Delivery) -> str:
        return utc_seconds(delivery.changed_at)


@admin.register(Send)
class SendAdmin(ReadOnlyAdmin):
    page_name = "send_detail"
    list_display = (
        "name",
        "kind",
        "test_label",
        "state_label",
        "scheduled",
        "campaign",
        "people",
        "arrived",
        "trouble",
    )
    list_filter: ClassVar[Any] = ("state", "kind", "is_test", "account")
    list_select_related = ("event__campaign", "account")
    search_fields = ("event__event_id", "event__title", "event__campaign__name")
    search_help_text = _("Event, event id or campaign")
    sortable_by = ()

    @column(_("send"))
    def name(self, send: Send) -> str:
        return str(send)

    @column(_("test"), label={True: "info"})
    def test_label(self, send: Send) -> tuple[bool, str] | None:
        return _test_label(send)

    @column(_("state"), label=SEND_COLOURS)
    def state_label(self, send: Send) -> tuple[str, str]:
        return send.state, send.get_state_display()

    @column(_("scheduled for"))
    def scheduled(self, send: Send) -> str:
        return utc(send.scheduled_at)

    @column(_("campaign"))
    def campaign(self, send: Send) -> str:
        return send.event.campaign.name

    @column(_("people"))
    def people(self, send: Send) -> str:
        return intcomma(send.audience_count) if send.started_at else NOTHING

    @column(_("accepted"))
    def arrived(self, send: Send) -> str:
        return intcomma(send.accepted_count + send.confirmed_count)

    @column(_("failed or in doubt"))
    def trouble(self, send: Send) -> str:
        return intcomma(send.failed_count + send.in_doubt_count)
