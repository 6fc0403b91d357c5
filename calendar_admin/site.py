"""Navigation and branding of the shell."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _


def environment(request: HttpRequest) -> list[str] | None:
    """Say on every page when nothing may be sent, and when a stand-in answers instead of Rokt."""
    from campaigns.models import Account, Halt

    if Halt.objects.filter(released_at=None).exists():
        return [str(_("All sends are held")), "danger"]
    if any(account.is_stand_in for account in Account.objects.only("base_url")):
        return [str(_("Sandbox")), "warning"]
    return None


def may(permission: str) -> Any:
    """Return Unfold's question "does this person see the link?"."""
    return lambda request: request.user.has_perm(f"campaigns.{permission}")


def link(title: Any, icon: str, target: str, permission: str) -> dict[str, Any]:
    """Return one line of the sidebar."""
    return {"title": title, "icon": icon, "link": reverse_lazy(target), "permission": may(permission)}


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the sidebar: plan, people, proof, setup."""
    return [
        {
            "title": _("Plan"),
            "items": [
                {"title": _("Home"), "icon": "home", "link": reverse_lazy("admin:index")},
                link(_("Campaigns"), "campaign", "admin:campaigns_campaign_changelist", "view_campaign"),
                link(
                    _("Webhook templates"),
                    "webhook",
                    "admin:campaigns_webhooktemplate_changelist",
                    "view_webhooktemplate",
                ),
                link(_("Sends"), "send", "admin:campaigns_send_changelist", "view_send"),
            ],
        },
        {
            "title": _("People"),
            "items": [
                link(_("Segments"), "filter_alt", "admin:campaigns_segment_changelist", "view_segment"),
                link(_("Subscribers"), "group", "admin:campaigns_subscriber_changelist", "view_subscriber"),
                link(_("Lists"), "list_alt", "admin:campaigns_personlist_changelist", "view_personlist"),
                link(_("Imports"), "upload_file", "admin:campaigns_import_changelist", "view_import"),
            ],
        },
        {
            "title": _("Proof"),
            "items": [
                link(_("Alerts"), "notifications", "admin:campaigns_alert_changelist", "view_alert"),
                link(_("History"), "history", "admin:campaigns_delivery_changelist", "view_delivery"),
                link(
                    _("Actions on people"),
                    "person_off",
                    "admin:campaigns_subscriberaction_changelist",
                    "view_subscriberaction",
                ),
                link(
                    _("Audit chain"), "verified", "admin:campaigns_auditevent_changelist", "view_auditevent"
                ),
                link(_("Webhooks from Rokt"), "inbox", "admin:campaigns_notice_changelist", "view_notice"),
            ],
        },
        {
            "title": _("Setup"),
            "collapsible": True,
            "items": [
                link(_("Accounts"), "key", "admin:campaigns_account_changelist", "view_account"),
                link(_("Calendars"), "calendar_today", "admin:campaigns_calendar_changelist", "view_account"),
                link(_("Workspaces"), "hub", "admin:campaigns_workspace_changelist", "view_workspace"),
                link(_("API keys"), "passkey", "admin:campaigns_apikey_changelist", "view_apikey"),
                link(_("Held sends"), "front_hand", "halt", "view_halt"),
                link(
                    _("Alerts: who is told"), "notification_settings", "alert_settings", "view_alertsettings"
                ),
                link(_("Credentials"), "vpn_key", "admin:campaigns_credential_changelist", "view_credential"),
                {
                    "title": _("Staff"),
                    "icon": "badge",
                    "link": reverse_lazy("admin:auth_user_changelist"),
                    "permission": lambda request: request.user.has_perm("auth.change_user"),
                },
            ],
        },
    ]
