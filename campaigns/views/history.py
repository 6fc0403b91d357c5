"""Proof: one delivery with everything that was said on the wire, and the history as a spreadsheet."""

import json
from typing import Any

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from campaigns import reports
from campaigns.models import Delivery, Entry
from campaigns.pipeline import compose
from campaigns.views.page import page
from integrations.rokt import wire

HIDDEN_TOKEN = "Bearer ••••••••"  # noqa: S105 - the point is that it is none

readable = permission_required("campaigns.view_delivery", raise_exception=True)


@readable
@require_safe
def delivery_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one person's part of a send, call by call."""
    related = (
        "subscriber",
        "send__event__campaign",
        "send__account",
        "send__created_by",
        "send__approved_by",
    )
    delivery = get_object_or_404(Delivery.objects.select_related(*related), pk=pk)
    send = delivery.send
    context = {
        "delivery": delivery,
        "send": send,
        "attempts": delivery.attempts.order_by("number"),
        "headers": {**_headers()},
        "removed": reports.removed(send),
        "entry": (entry := _entry(delivery)),
        "entry_event": _event_of(entry),
        "entry_removed": reports.removed(entry.delivery.send).get("entries") if entry else None,
        "may_decide": _is_in_doubt(delivery) and request.user.has_perm("campaigns.decide_delivery"),
        "verdicts": compose.verdicts(send),
        "decisions": delivery.decisions.select_related("action__by"),
        "others": _others(delivery),
    }
    title = _("Delivery to %(person)s") % {"person": delivery.external_id}
    return page(request, "campaigns/delivery_detail.html", context, title=title)


def _headers() -> dict[str, str]:
    """Return the headers that every call carries; the token is not kept anywhere near the history."""
    return {"Authorization": HIDDEN_TOKEN, **wire.HEADERS}


def _is_in_doubt(delivery: Delivery) -> bool:
    return delivery.state == Delivery.State.IN_DOUBT


def _entry(delivery: Delivery) -> Entry | None:
    """Return what is known to be on the person's calendar now, whichever send put it there."""
    known = Entry.objects.filter(event=delivery.send.event_id, subscriber=delivery.subscriber_id)
    return known.select_related("delivery__send").first() if delivery.subscriber_id else None


def _event_of(entry: Entry | None) -> dict[str, Any]:
    """Return the event that an entry holds, by its wire names; empty where it cannot be read."""
    try:
        event = json.loads(entry.body) if entry else {}
    except ValueError:
        return {}
    return event if isinstance(event, dict) else {}


def _others(delivery: Delivery) -> int:
    return Delivery.objects.filter(external_id=delivery.external_id).exclude(pk=delivery.pk).count()


@readable
@require_safe
def history_csv(request: HttpRequest) -> StreamingHttpResponse:
    """Return the deliveries that the list shows for the same address, as a spreadsheet, however many."""
    rows = reports.history(request.GET.dict())
    name = f"history-{timezone.now():%Y-%m-%d-%H%M}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    lines = reports.csv_lines(rows)
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)
