"""Alerts: one of them with who was told, and the page on which admins say who that is."""

from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from campaigns import alerts
from campaigns.forms.alert_settings import AlertSettingsForm
from campaigns.models import Alert, AlertSettings
from campaigns.views.actions import StaffRequest
from campaigns.views.page import page

CHANGE, CHANGE_SETTINGS = "campaigns.change_alert", "campaigns.change_alertsettings"
ALERTS = Alert.objects.select_related("account", "send__event__campaign", "closed_by").defer(
    "account__client_secret", "send__rule", "send__content"
)


@permission_required("campaigns.view_alert", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def alert_detail(request: StaffRequest, pk: int) -> HttpResponse:
    """Show one alert; a POST says that it is dealt with."""
    alert = get_object_or_404(ALERTS, pk=pk)
    if request.method == "POST":
        if not request.user.has_perm(CHANGE):
            raise PermissionDenied
        return _close(request, alert)
    said = alerts.words(alert)
    ends_by_hand = alert.resolved_at is None and alert.kind in Alert.ENDED_BY_HAND
    context = {
        "alert": alert,
        "words": said,
        "may_follow": _may_follow(request, alert),
        "ends_by_hand": ends_by_hand,
        "may_close": ends_by_hand and request.user.has_perm(CHANGE),
        "told": alert.messages.all(),
    }
    return page(request, "campaigns/alert_detail.html", context, title=said.title)


def _may_follow(request: StaffRequest, alert: Alert) -> bool:
    """Whether somebody may see the page on which something can be done; everybody may see sends."""
    needed = "campaigns.view_halt" if alert.account_id is None else "campaigns.view_account"
    return alert.send_id is not None or request.user.has_perm(needed)


def _close(request: StaffRequest, alert: Alert) -> HttpResponse:
    if alerts.close_by_hand(alert, by=request.user):
        messages.success(request, _("Marked as dealt with. Who was told of it hears that, too."))
    else:
        messages.error(request, _("It is over already, or ends by itself."))
    return redirect("alert_detail", alert.pk)


@permission_required("campaigns.view_alertsettings", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def alert_settings(request: StaffRequest) -> HttpResponse:
    """Show who is told; a POST of an admin changes it."""
    row = AlertSettings.objects.select_related("changed_by").first() or AlertSettings()
    may_change = request.user.has_perm(CHANGE_SETTINGS)
    form = AlertSettingsForm(instance=row)
    if request.method == "POST":
        if not may_change:
            raise PermissionDenied
        form = AlertSettingsForm(request.POST, instance=AlertSettings.objects.first() or AlertSettings())
        if form.is_valid():
            form.save_by(request.user)
            messages.success(request, _("Saved. Send a test alert to see whether it arrives."))
            return redirect("alert_settings")
    to = alerts.current_route()
    context = {
        "form": form if may_change else None,
        "kept": row,
        "route": to,
        "webhook_host": urlsplit(to.webhook_url).hostname,
        "needs_mail_server": to.mail_addresses and not settings.EMAIL_HOST,
        "needs_site_url": not settings.SITE_URL,
    }
    return page(request, "campaigns/alert_settings.html", context, title=_("Who is told"))


@permission_required(CHANGE_SETTINGS, raise_exception=True)
@require_POST
def alert_test(request: StaffRequest) -> HttpResponse:
    """Send a test to everybody who is set, and show what each answered."""
    answers = alerts.try_out()
    for answer in answers:
        level = messages.SUCCESS if answer.is_good else messages.ERROR
        messages.add_message(request, level, f"{answer.place}: {answer.text}")
    if not answers:
        messages.error(request, _("Nobody is set: there is nowhere to send a test to."))
    return redirect("alert_settings")
