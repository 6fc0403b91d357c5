"""Sends: look before, queue, watch, and step in."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from campaigns import tasks, timezones
from campaigns.forms.schedule import FIRST_COUNT, FIRST_PERCENT, ScheduleForm, SendForm
from campaigns.models import Event, Send
from campaigns.models.clock import now
from campaigns.pipeline import compose, plan, validate
from campaigns.segments import rules
from campaigns.templatetags.moments import utc
from campaigns.views.actions import ACTIONS, StaffRequest
from campaigns.views.checked import check
from campaigns.views.page import page
from campaigns.views.raw_events import changed
from campaigns.views.review import Review, review, seen, submit_token
from campaigns.views.watch import numbers, whole

TITLES = {
    Send.Kind.CREATE: gettext_lazy("Send “%(title)s”"),
    Send.Kind.UPDATE: gettext_lazy("Update “%(title)s”"),
    Send.Kind.CANCEL: gettext_lazy("Remove “%(title)s” from calendars"),
}


# What a send's page asks before it is done, and the action that does it.
QUESTIONS = {"cancel": "cancel", "decline": "decline", "go-on": "resume"}

readable = permission_required("campaigns.view_send", raise_exception=True)


@readable
@require_http_methods(["GET", "HEAD", "POST"])
def send_review(request: StaffRequest, pk: int, kind: str) -> HttpResponse:
    """Show who would get what, when and from where; queue it when asked to."""
    related = ("account", "campaign__account", "campaign__segment")
    event = get_object_or_404(Event.objects.select_related(*related), pk=pk)
    if kind not in Send.Kind.values:
        raise Http404
    _only_with(request, "campaigns.add_send")
    try:
        draft = compose.draft(event, Send.Kind(kind))
    except timezones.UnknownZoneError:
        messages.error(request, _("Choose a time zone for the event first."))
        return redirect("event_edit", pk)
    looked = review(draft, by=request.user, starts_at=now())
    form = _send_form(request, looked)
    if request.method == "POST" and form.is_valid() and (send := _queue(request, looked, form)):
        return redirect("send_detail", send.pk)
    context = {"review": looked, "form": form, "send": draft, "event": event, "kind": kind}
    context["changed"] = changed(event) if event.uses_webhook else []
    context["check"] = check(draft, people_now=looked.plan.to_send_count)
    context["leave_out"] = form["leave_out"].value() or ""
    title = TITLES[Send.Kind(kind)] % {"title": event.title}
    return page(request, "campaigns/send_review.html", context, title=title)


def _only_with(request: StaffRequest, permission: str) -> None:
    """Let everybody look, and only those with the permission post."""
    if request.method == "POST" and not request.user.has_perm(permission):
        raise PermissionDenied


def _send_form(request: StaffRequest, looked: Review) -> SendForm:
    event = looked.send.event
    return SendForm(
        request.POST if request.method == "POST" else None,
        seen=seen(event),
        people_count=looked.plan.to_send_count,
        initial={
            "when": "now",
            "zone": event.timezone,
            "submit_token": submit_token(event, looked.send.kind),
            "seen": seen(event),
            "canary_count": FIRST_COUNT,
            "canary_percent": FIRST_PERCENT,
        },
    )


def _queue(request: StaffRequest, looked: Review, form: SendForm) -> Send | None:
    """Queue what was looked at; where that is not possible, the form says why."""
    typed = form.cleaned_data
    if typed["canary"]:
        compose.start_small(looked.send, count=typed["canary_count"], percent=typed["canary_percent"])
    try:
        send = compose.queue(
            looked.send,
            by=request.user,
            scheduled_at=typed["scheduled_at"],
            zone=typed["zone"],
            submit_token=typed["submit_token"],
            leave_out=compose.LeaveOut(typed["leave_out"], seen=typed["checked"] or 0),
        )
    except compose.NotPossibleError as error:
        form.add_error(None, str(error))
        return None
    except rules.RuleError:
        form.add_error(None, _("It cannot be sent: see above."))
        return None
    tasks.look_now()
    messages.success(request, _queued(send, is_new=send is looked.send))
    return send


def _queued(send: Send, *, is_new: bool) -> str:
    words = {"number": send.pk, "time": utc(send.scheduled_at), "by": send.created_by}
    if not is_new:
        return _("This was queued already by %(by)s, as send #%(number)s; nothing goes out twice.") % words
    if send.state == Send.State.REQUESTED:
        return _("Send #%(number)s waits until a second person releases it.") % words
    if send.scheduled_at > now():
        return _("Send #%(number)s is scheduled for %(time)s.") % words
    return _("Send #%(number)s is queued.") % words


@readable
@require_safe
def send_detail(request: StaffRequest, pk: int) -> HttpResponse:
    """Show a send: how far it is, the books, what went wrong, who did what; with one of ``QUESTIONS``, ask first."""
    send = _send(pk)
    context = whole(send, user=request.user)
    question = next((name for name in QUESTIONS if name in request.GET and name in context["may"]), "")
    context |= {"question": question, "action": QUESTIONS.get(question)}
    template = "campaigns/send_sure.html" if question else "campaigns/send_detail.html"
    return page(request, template, context, title=str(send))


@readable
@require_safe
@never_cache
def send_progress(request: StaffRequest, pk: int) -> HttpResponse:
    """Return the live part of a send's page; when the state has changed, have the browser load the whole page."""
    send = _send(pk)
    context = numbers(send, user=request.user, said=request.GET.get("said", ""))
    response = render(request, "campaigns/_send_progress.html", context)
    if request.GET.get("state", send.state) != send.state:
        response["HX-Refresh"] = "true"
    return response


@readable
@require_http_methods(["GET", "HEAD", "POST"])
def send_move(request: StaffRequest, pk: int) -> HttpResponse:
    """Give a send that has not started another time."""
    send = _send(pk)
    _only_with(request, "campaigns.change_send")
    zone = send.scheduled_timezone or send.event.timezone
    local, _fold = timezones.wall(send.scheduled_at, zone)
    form = ScheduleForm(
        request.POST if request.method == "POST" else None,
        initial={"when": "at", "zone": zone, "at_local": local.replace(second=0, microsecond=0)},
    )
    if request.method == "POST" and form.is_valid() and _move(request, send, form):
        return redirect("send_detail", pk)
    context = {"send": send, "form": form}
    return page(request, "campaigns/send_move.html", context, title=_("Move send #%s") % pk)


def _move(request: StaffRequest, send: Send, form: ScheduleForm) -> bool:
    at, zone = form.cleaned_data["scheduled_at"], form.cleaned_data["zone"]
    problems = validate.send_problems(send, plan.plan(send), starts_at=at)
    if blocking := [problem.message for problem in problems if problem.blocks]:
        form.add_error(None, " ".join(blocking))
        return False
    try:
        compose.move(send, by=request.user, scheduled_at=at, zone=zone)
    except compose.NotPossibleError as error:
        form.add_error(None, str(error))
        return False
    tasks.look_now()
    messages.success(request, _("The send is scheduled for %(time)s.") % {"time": utc(at)})
    return True


@readable
@require_POST
def send_action(request: StaffRequest, pk: int, action: str) -> HttpResponse:
    """Pause, resume, cancel, retry, release or decline."""
    if action not in ACTIONS:
        raise Http404
    permission, act = ACTIONS[action]
    _only_with(request, permission)
    send = _send(pk)
    try:
        messages.success(request, act(send, request))
    except compose.NotPossibleError as error:
        messages.error(request, str(error))
    return redirect("send_detail", pk)


def _send(pk: int) -> Send:
    related = (
        "account",
        "event__campaign__segment",
        "segment",
        "created_by",
        "approved_by",
        "dry_run__created_by",
    )
    return get_object_or_404(Send.objects.select_related(*related), pk=pk)
