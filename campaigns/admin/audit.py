"""The audit chain: who did what, as it was sealed."""

import json
from typing import Any

from django.contrib import admin
from django.contrib.humanize.templatetags.humanize import intcomma
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.admin.ledger import History
from campaigns.admin.pages import NOTHING, ReadOnlyAdmin, column
from campaigns.models import AuditEvent
from campaigns.templatetags.moments import utc_seconds

KINDS = [
    *(
        "send.queued",
        "send.released",
        "send.declined",
        "send.moved",
        "send.paused",
        "send.resumed",
        "send.cancelled",
    ),
    *("send.retried", "send.decided", "send.stopped", "send.went_on", "send.finished"),
    *("person.suppressed", "person.lifted", "person.exported", "person.erased"),
    *("setup.added", "setup.changed", "setup.deleted", "setup.revoked", "halt.made", "halt.released"),
]  # written here, for asking the table which there are would read all of it
PAGES = {
    "send": "send_detail",
    "account": "admin:campaigns_account_change",
    "credential": "admin:campaigns_credential_change",
    "workspace": "admin:campaigns_workspace_change",
    "user": "admin:auth_user_change",
}


class KindFilter(admin.SimpleListFilter):
    title = _("what")
    parameter_name = "what"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(kind, kind) for kind in KINDS]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(kind=self.value()) if self.value() else queryset


class SubjectFilter(admin.SimpleListFilter):
    title = _("kind of thing")
    parameter_name = "about"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("send", _("send")),
            ("person", _("person")),
            ("account", _("account")),
            ("credential", _("credential")),
            ("workspace", _("workspace")),
            ("user", _("member of staff")),
            ("hookaddress", _("webhook address")),
            ("apikey", _("API key")),
            ("halt", _("halt of all sends")),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(subject_kind=self.value()) if self.value() else queryset


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    list_display = ("number", "moment", "kind", "who", "about", "details")
    list_display_links = None
    list_filter = (KindFilter, SubjectFilter)
    list_before_template = "campaigns/_audit_check.html"
    search_fields = ("subject",)
    search_help_text = _("Number of a send, account …, or the made-up name of somebody erased")
    sortable_by = ()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[History]:
        """Use the list with one order."""
        return History

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Find what is about exactly this."""
        text = search_term.strip().removeprefix("#")
        return (queryset.filter(subject=text) if text else queryset), False

    @column(_("number"))
    def number(self, event: AuditEvent) -> str:
        return intcomma(event.seq)

    @column(_("at"))
    def moment(self, event: AuditEvent) -> str:
        return utc_seconds(event.at)

    @column(_("by"))
    def who(self, event: AuditEvent) -> str:
        return event.by.partition(" ")[2] or gettext("by itself, or at the terminal")

    @column(_("about"))
    def about(self, event: AuditEvent) -> Any:
        text = f"{event.subject_kind} {event.subject}"
        try:
            address = reverse(PAGES[event.subject_kind], args=[event.subject])
        except (KeyError, NoReverseMatch):
            return text
        return format_html('<a href="{}">{}</a>', address, text)

    @column(_("details"))
    def details(self, event: AuditEvent) -> str:
        try:
            said = json.loads(event.data)
        except ValueError:
            return event.data  # somebody changed it: the check says so
        if not isinstance(said, dict):
            return event.data
        return ", ".join(f"{name}: {_plain(value)}" for name, value in said.items()) or NOTHING


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
