"""One webhook of Rokt's: what was said, what became of it, why, and another try."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from campaigns import tasks
from campaigns.inbound import notices
from campaigns.inbound.places import Wire, places
from campaigns.models import Delivery, Notice, SubscriptionStatus
from campaigns.views.actions import StaffRequest
from campaigns.views.page import page
from integrations.rokt.notice import Notice as Message
from integrations.rokt.notice import NoticeError, read

MOST_DELIVERIES = 10


@permission_required("campaigns.view_notice", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def notice_detail(request: StaffRequest, pk: int) -> HttpResponse:
    """Show one webhook; a POST has it looked at again."""
    row = get_object_or_404(Notice.objects.select_related("account").defer("account__client_secret"), pk=pk)
    may_retry = request.user.has_perm("campaigns.change_account")
    if request.method == "POST":
        if not may_retry:
            raise PermissionDenied
        return _retry(request, row)
    context = {
        "notice": row,
        "may_retry": may_retry and bool(row.body) and row.state != Notice.State.DONE,
        "patience_days": notices.PATIENCE.days,
        "kept_days": settings.KEEP_NOTICES_DAYS,
        **_about(row),
    }
    return page(request, "campaigns/notice_detail.html", context, title=row.event_type or _("Webhook"))


def _retry(request: StaffRequest, row: Notice) -> HttpResponse:
    if notices.retry(row):
        tasks.start_notices()
        messages.success(request, _("It is looked at again within seconds."))
    else:
        messages.error(
            request, _("There is nothing to look at again: it is taken over, or its text is gone.")
        )
    return redirect("notice_detail", row.pk)


def _about(row: Notice) -> dict[str, Any]:
    """Return what it speaks of, as it stands now."""
    try:
        message = read(row.body.encode(), "")
    except NoticeError:
        return {}
    of_account = SubscriptionStatus.objects.filter(account=row.account_id)
    status = of_account.filter(rokt_id=message.subscription_id or "-").select_related("subscriber", "traits")
    return {"status": status.first(), "deliveries": _deliveries(row, message)}


def _deliveries(row: Notice, message: Message) -> list[Delivery]:
    found: list[Delivery] = []
    stated = Wire(row.account_id, message.entry_event_id)
    for event, external_id in places([stated])[stated]:
        rows = Delivery.objects.filter(send__event=event, external_id=external_id).select_related(
            "send__event"
        )
        found += rows.order_by("-pk")[:MOST_DELIVERIES]
    return found[:MOST_DELIVERIES]
