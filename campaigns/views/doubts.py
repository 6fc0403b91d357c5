"""Deliveries in doubt: look at them, choose, say what became of them and why, and be asked once more."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from campaigns import tasks
from campaigns.forms.doubts import DecideForm, WhichForm
from campaigns.models import Delivery, Send
from campaigns.models.clock import now
from campaigns.pipeline import compose, record
from campaigns.views.actions import StaffRequest
from campaigns.views.page import page

DECIDE = "campaigns.decide_delivery"
SHOWN_COUNT = 100

readable = permission_required("campaigns.view_send", raise_exception=True)


@readable
@require_http_methods(["GET", "HEAD", "POST"])
def send_doubts(request: StaffRequest, pk: int) -> HttpResponse:
    """Show the deliveries of a send that are in doubt; a decision about them is shown with its numbers, then done."""
    send = get_object_or_404(Send.objects.select_related("account", "event__campaign"), pk=pk)
    if request.method == "POST":
        return _decide(request, send)
    which = WhichForm(request.GET or None)
    found = which.doubts(send) if which.is_valid() else send.deliveries.filter(state=Delivery.State.IN_DOUBT)
    rows = list(found.filter(pk__gt=_number(request.GET.get("after", ""))).order_by("pk")[: SHOWN_COUNT + 1])
    context = {
        "send": send,
        "which": which,
        "doubts": rows[:SHOWN_COUNT],
        "found_count": found.count(),
        "next_after": rows[SHOWN_COUNT - 1].pk if len(rows) > SHOWN_COUNT else None,
        "may_decide": request.user.has_perm(DECIDE),
        "verdicts": compose.verdicts(send),
    }
    return page(request, "campaigns/send_doubts.html", context, title=_("In doubt: %s") % send)


def _decide(request: StaffRequest, send: Send) -> HttpResponse:
    if not request.user.has_perm(DECIDE):
        raise PermissionDenied
    form = DecideForm(request.POST)
    if not form.is_valid():
        return _back(request, send, form.first_error())
    verdict = compose.Verdict(form.cleaned_data["verdict"])
    if verdict not in compose.verdicts(send):
        return _back(request, send, _("That is not possible any more: the send was cancelled, or is over."))
    chosen = form.chosen(send)
    if form.cleaned_data["seen_at"] is None:
        return _ask(request, send, form, chosen)
    try:
        count = compose.decide_doubts(
            send, doubts=chosen, verdict=verdict, by=request.user, note=form.cleaned_data["note"]
        )
    except compose.NotPossibleError as error:
        return _back(request, send, str(error))
    tasks.look_now()
    messages.success(request, _said(count, asked_count=_number(request.POST.get("asked_count", ""))))
    return redirect(_after(request, send))


def _ask(request: StaffRequest, send: Send, form: DecideForm, chosen: QuerySet[Delivery]) -> HttpResponse:
    """Show what the decision would change, in numbers, before anything does."""
    at = now()
    free = record.unheld(at)
    numbers = chosen.order_by().aggregate(
        people=Count("pk", filter=free),
        looked=Count("pk", filter=~free),
        no_answer=Count("pk", filter=free & Q(reason=Delivery.Reason.NO_ANSWER)),
        lost=Count("pk", filter=free & Q(reason=Delivery.Reason.WORKER_LOST)),
    )
    if not numbers["people"]:
        held = _("They are being looked into at this moment. Come back in a minute.")
        return _back(request, send, held if numbers["looked"] else _("Choose at least one delivery."))
    context: dict[str, Any] = {
        "send": send,
        "form": form,
        "verdict": compose.Verdict(form.cleaned_data["verdict"]),
        "ids": [] if form.cleaned_data["everything"] else form.ids(),
        "numbers": numbers,
        "seen_at": at.isoformat(),
        "back": _after(request, send),
        "back_to_delivery": request.POST.get("back_to_delivery", ""),
    }
    return page(request, "campaigns/send_doubts_sure.html", context, title=_("In doubt: %s") % send)


def _said(count: int, *, asked_count: int) -> str:
    if not count:
        return _("There was nothing left to decide: it was decided, or has settled itself, meanwhile.")
    said = ngettext("%(count)s delivery is decided.", "%(count)s deliveries are decided.", count)
    left = asked_count - count
    if left <= 0:
        return said % {"count": f"{count:,}"}
    rest = ngettext(
        "%(count)s changed meanwhile and was left alone.",
        "%(count)s changed meanwhile and were left alone.",
        left,
    )
    return f"{said % {'count': f'{count:,}'}} {rest % {'count': f'{left:,}'}}"


def _back(request: StaffRequest, send: Send, error: str) -> HttpResponse:
    """Say what is wrong where the decision was begun: on the delivery, or on the same list as before."""
    messages.error(request, error)
    if request.POST.get("back_to_delivery"):
        return redirect(_after(request, send))
    which = {name: request.POST[name] for name in WhichForm.base_fields if request.POST.get(name)}
    listed = reverse("send_doubts", args=[send.pk])
    return redirect(f"{listed}?{urlencode(which)}" if which else listed)


def _after(request: StaffRequest, send: Send) -> str:
    """Return where a decision leads: to the delivery it was made on, or to the send."""
    delivery = _number(request.POST.get("back_to_delivery", ""))
    found = send.deliveries.filter(pk=delivery).first() if delivery else None
    return reverse("delivery_detail", args=[found.pk]) if found else reverse("send_detail", args=[send.pk])


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < len(str(2**63)) else 0
