"""Setup: the accounts that events are sent to, their calendars, and the workspaces that people come from."""

from typing import Any, ClassVar

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from campaigns import tasks
from campaigns.admin.pages import NOTHING, ListAdmin, ReadOnlyAdmin, column
from campaigns.forms.account import AccountForm, WorkspaceForm
from campaigns.importing import sync_steps, syncs
from campaigns.models import Account, Calendar, Workspace
from campaigns.pipeline import gate, render
from integrations.braze.client import EXPORT_IDS, EXPORT_SEGMENT, LIST_SEGMENTS
from integrations.braze.errors import BrazeError
from integrations.rokt.client import Client, Step
from integrations.rokt.token import Credentials

CHECK_SECONDS = 10.0  # somebody is waiting for the page


class SetupAdmin(ListAdmin):
    """A page with a secret in it, which readers do not see at all: Django would show them its value."""

    secret_name: ClassVar[str]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Leave the secret out for those who may only read."""
        fieldsets = super().get_fieldsets(request, obj)
        if self.has_change_permission(request, obj) or obj is None:
            return list(fieldsets)
        return [
            (title, {"fields": tuple(name for name in options["fields"] if name != self.secret_name)})
            for title, options in fieldsets
        ]


@admin.register(Account)
class AccountAdmin(SetupAdmin):
    form = AccountForm
    secret_name = "client_secret"  # noqa: S105 - the name of a field
    list_display = ("name", "code", "where", "state_label", "rate_per_second", "released_by")
    search_fields = ("name", "code")
    change_form_outer_before_template = "admin/campaigns/account/_panel.html"
    fieldsets: ClassVar[Any] = (
        (gettext_lazy("Account"), {"fields": ("name", "code", "timezone")}),
        (gettext_lazy("Connection"), {"fields": ("base_url", "client_id", "client_secret")}),
        (gettext_lazy("Pace"), {"fields": ("rate_per_second", "burst_count", "at_once_count")}),
        (gettext_lazy("Rules"), {"fields": ("needs_approval", "when_in_doubt", "update_body")}),
    )

    def get_urls(self) -> list[URLPattern]:
        """Add the two buttons of the panel."""
        site = self.admin_site
        return [
            path("<int:pk>/try/", site.admin_view(self.try_connection), name="campaigns_account_try"),
            path("<int:pk>/start/", site.admin_view(self.start_again), name="campaigns_account_start"),
            *super().get_urls(),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Account | None = None) -> tuple[str, ...]:
        """The code is part of what was sent: it stays once there is a send."""
        return ("code",) if obj is not None and obj.sends.exists() else ()

    def try_connection(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Try the stored address and credentials, and say how far it went."""
        return require_POST(self._try_connection)(request, pk)

    def _try_connection(self, request: HttpRequest, pk: int) -> HttpResponse:
        account = self._changeable(request, pk)
        for step in check(account):
            level = messages.SUCCESS if step.ok else messages.ERROR
            self.message_user(request, f"{STEPS[step.step]}: {step.sentence}", level)
        return self._back(account)

    def start_again(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Let a stopped account send again."""
        return require_POST(self._start_again)(request, pk)

    def _start_again(self, request: HttpRequest, pk: int) -> HttpResponse:
        account = self._changeable(request, pk)
        gate.start_again(account)
        self.log_change(request, account, "Started again.")
        tasks.look_now()
        self.message_user(
            request,
            _("The account may send again: one call is tried first, then what waited goes on."),
            messages.SUCCESS,
        )
        return self._back(account)

    def _changeable(self, request: HttpRequest, pk: int) -> Account:
        account: Account | None = self.get_object(request, str(pk))
        if not self.has_change_permission(request, account):
            raise PermissionDenied
        if account is None:
            raise Http404
        return account

    def _back(self, account: Account) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:campaigns_account_change", args=[account.pk]))

    @column(gettext_lazy("sends are released by"))
    def released_by(self, account: Account) -> str:
        return _("a second person") if account.needs_approval else NOTHING

    @column(gettext_lazy("API address"))
    def where(self, account: Account) -> str:
        return account.base_url

    @column(
        gettext_lazy("state"),
        label={"stopped": "danger", "stand-in": "warning", "ready": "success"},
    )
    def state_label(self, account: Account) -> tuple[str, str]:
        if account.stopped_at is not None:
            return "stopped", _("stopped")
        if account.is_stand_in:
            return "stand-in", _("stand-in")
        return "ready", _("ready")


STEPS = {
    "address": gettext_lazy("Address"),
    "connection": gettext_lazy("Connection"),
    "credentials": gettext_lazy("Credentials"),
    "account": gettext_lazy("Account"),
}


def check(account: Account) -> list[Step]:
    """Try an account without changing anything; the steps up to the first that failed."""
    credentials = Credentials(account.client_id, account.client_secret)
    with Client(timeout_seconds=CHECK_SECONDS, allowed_hosts=settings.ROKT_HOSTS) as client:
        return client.check_connection(render.target(account), credentials)


@admin.register(Calendar)
class CalendarAdmin(ReadOnlyAdmin):
    list_display = ("title", "code", "account", "rokt_id")
    list_filter = ("account",)
    list_select_related = ("account",)
    search_fields = ("title", "code")


@admin.register(Workspace)
class WorkspaceAdmin(SetupAdmin):
    form = WorkspaceForm
    secret_name = "rest_key"  # noqa: S105 - the name of a field
    list_display = ("name", "rest_endpoint", "credential_name")
    change_form_outer_before_template = "admin/campaigns/workspace/_panel.html"
    fieldsets: ClassVar[Any] = ((None, {"fields": ("name", "rest_endpoint", "rest_key", "credential_name")}),)

    def get_urls(self) -> list[URLPattern]:
        """Add the button of the panel."""
        check_view = self.admin_site.admin_view(self.check_key)
        return [path("<int:pk>/check/", check_view, name="campaigns_workspace_check"), *super().get_urls()]

    def save_model(self, request: HttpRequest, obj: Workspace, form: Any, change: Any) -> None:
        """End a sync with the Braze before: whoever is missing there has not left here."""
        super().save_model(request, obj, form, change)
        reason = _("While it was on its way another REST endpoint was set. Sync again.")
        is_other = change and form.initial["rest_endpoint"] != obj.rest_endpoint
        if is_other and syncs.leave_off(obj.pk, reason):
            self.message_user(
                request, _("The sync on its way was with the endpoint before, and is stopped. Sync again.")
            )

    def check_key(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Try the stored key, and say what Braze lets it do."""
        return require_POST(self._check_key)(request, pk)

    def _check_key(self, request: HttpRequest, pk: int) -> HttpResponse:
        workspace: Workspace | None = self.get_object(request, str(pk))
        if not self.has_change_permission(request, workspace):
            raise PermissionDenied
        if workspace is None:
            raise Http404
        faults = key_faults(workspace)
        for fault in faults:
            self.message_user(request, fault, messages.ERROR)
        if not faults:
            self.message_user(request, _("Braze lets the key in, with all that is needed."), messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:campaigns_workspace_change", args=[pk]))


NEEDED_FOR = {
    EXPORT_SEGMENT: gettext_lazy("to fetch the people of a segment"),
    EXPORT_IDS: gettext_lazy("to look up single people"),
    LIST_SEGMENTS: gettext_lazy("to choose the segment from a list"),
}


def key_faults(workspace: Workspace) -> list[str]:
    """Try the key of a workspace; every reason why it will not do, in sentences."""
    try:
        with sync_steps.braze(workspace, timeout_seconds=CHECK_SECONDS) as client:
            missing = client.check_key()
    except (BrazeError, sync_steps.UnsetError) as error:
        return [str(error)]
    sentence = _("The key lacks the permission %(permission)s, %(purpose)s: give it to the key in Braze.")
    return [sentence % {"permission": one, "purpose": NEEDED_FOR[one]} for one in missing]
