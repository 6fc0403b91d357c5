"""The audit chain: who did what, as it was sealed."""

import json
from typing import Any

from django.contrib import admin
from django.contrib.humanize.templatetags.humanize import intcomma
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from campaigns.admin.ledger import History
from campaigns.admin.pages import NOTHING, ReadOnlyAdmin, column
from campaigns.models import AuditEvent
from campaigns.templatetags.moments import utc_seconds

# Written here, for asking the table which there are would read all of it.
KINDS = {
    "send.queued": _("Send queued"),
    "send.released": _("Send released"),
    "send.declined": _("Send declined"),
    "send.moved": _("Send moved to another time"),
    "send.started": _("Send started"),
    "send.paused": _("Send paused"),
    "send.resumed": _("Send resumed"),
    "send.cancelled": _("Send cancelled"),
    "send.retried": _("Failed deliveries tried again"),
    "send.decided": _("Doubts decided by hand"),
    "send.stopped": _("Send stopped by itself"),
    "send.went_on": _("Send went on by itself"),
    "send.finished": _("Send finished"),
    "person.suppressed": _("Person suppressed"),
    "person.lifted": _("Suppression lifted"),
    "person.exported": _("Data of a person exported"),
    "person.erased": _("Person erased"),
    "setup.added": _("Setup added"),
    "setup.changed": _("Setup changed"),
    "setup.deleted": _("Setup deleted"),
    "setup.revoked": _("Setup revoked"),
    "halt.made": _("All sends held"),
    "halt.released": _("All sends released"),
}
SUBJECTS = {
    "send": _("send"),
    "person": _("person"),
    "account": _("account"),
    "credential": _("credential"),
    "workspace": _("workspace"),
    "user": _("member of staff"),
    "hookaddress": _("webhook address"),
    "apikey": _("API key"),
    "halt": _("halt of all sends"),
}
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

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [*KINDS.items()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(kind=self.value()) if self.value() else queryset


class SubjectFilter(admin.SimpleListFilter):
    title = _("kind of thing")
    parameter_name = "about"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [*SUBJECTS.items()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(subject_kind=self.value()) if self.value() else queryset


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    list_display = ("number", "moment", "what", "who", "about", "details")
    list_display_links = None
    list_filter = (KindFilter, SubjectFilter)
    list_before_template = "campaigns/_audit_check.html"
    search_fields = ("subject",)
    search_help_text = _("Number of a send, account …, or the made-up name of somebody erased")
    sortable_by = ()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[History]:
        """Use the list with one order."""
        return History

    def counted(self, count: int) -> str:
        """Count what is in the chain: there is one chain."""
        return ngettext("%(n)s event", "%(n)s events", count) % {"n": intcomma(count)}

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

    @column(_("what"))
    def what(self, event: AuditEvent) -> str:
        return str(KINDS.get(event.kind, event.kind))

    @column(_("by"))
    def who(self, event: AuditEvent) -> str:
        return event.by.partition(" ")[2] or gettext("by itself, or at the terminal")

    @column(_("about"))
    def about(self, event: AuditEvent) -> Any:
        text = f"{SUBJECTS.get(event.subject_kind, event.subject_kind)} {event.subject}"
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
