"""Tests: choose a few people, look at the call, send it to them, and take it off their calendars again."""

import uuid
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from campaigns import tasks, timezones
from campaigns.forms.fields import row_id
from campaigns.forms.trial import TrialForm
from campaigns.models import Event, Send
from campaigns.pipeline import compose, validate
from campaigns.views.actions import StaffRequest
from campaigns.views.page import page
from campaigns.views.recipients import Chosen, holders, offer, recipients_of
from campaigns.views.review import example

EVENTS = Event.objects.select_related("account", "campaign__account", "campaign__segment")
TOKENS = uuid.UUID("2d0e9e0c-4c7b-4f4e-8f0a-6b1f5a0c9d31")
MOST_SHOWN = 5
WORDS = {
    Send.Kind.CREATE: gettext_lazy("New event"),
    Send.Kind.UPDATE: gettext_lazy("Update the test entries"),
    Send.Kind.CANCEL: gettext_lazy("Remove the test entries"),
}

readable = permission_required("campaigns.view_send", raise_exception=True)


@readable
@require_http_methods(["GET", "HEAD", "POST"])
def event_test(request: StaffRequest, pk: int) -> HttpResponse:
    """Choose who gets a test of an event, see the call, and send it."""
    event = get_object_or_404(EVENTS, pk=pk)
    if request.method == "POST":
        _only_senders(request)
    form = _form(request, event)
    try:
        draft = compose.draft_test(event, _kind(form))
    except timezones.UnknownZoneError:
        messages.error(request, _("Choose a time zone for the event first."))
        return redirect("event_edit", pk)
    if request.method == "POST":
        if drop := row_id(request.POST.get("drop", "")):
            _drop(request, event, drop)
        elif form.is_valid() and request.POST.get("do") == "send" and (send := _send(request, draft, form)):
            return redirect("send_detail", send.pk)
    title = _("Test “%(title)s”") % {"title": event.title}
    return page(request, "campaigns/event_test.html", _context(request, draft, form), title=title)


def _only_senders(request: StaffRequest) -> None:
    if not request.user.has_perm("campaigns.add_send"):
        raise PermissionDenied


def _form(request: StaffRequest, event: Event) -> TrialForm:
    """Return the form as it was filled in, or as ``?kind=`` or ``?again=<send>`` begin it."""
    kinds = kinds_now(event)
    if request.method == "POST":
        return TrialForm(request.POST, kinds=kinds)
    again = event.sends.filter(is_test=True, pk=row_id(request.GET.get("again", ""))).first()
    asked = again.kind if again else request.GET.get("kind", "")
    kind = next((kind for kind in kinds if kind == asked), Send.Kind.CREATE)
    begun: dict[int, set[str]] = holders(event) if kind != Send.Kind.CREATE else {}
    chosen = recipients_of(again) if again else begun
    return TrialForm(
        kinds=kinds, initial={"kind": kind, "submit_token": _token(event, "send"), "recipient": chosen}
    )


def kinds_now(event: Event) -> list[Send.Kind]:
    """Return the kinds that make sense: where no test entry is, nothing can be updated or removed."""
    return list(WORDS) if compose.entries_by_tests(event).exists() else [Send.Kind.CREATE]


def _kind(form: TrialForm) -> Send.Kind:
    asked = form["kind"].value()
    return Send.Kind(asked) if asked in Send.Kind.values else Send.Kind.CREATE


def _token(event: Event, what: str) -> uuid.UUID:
    """Return the token of a page: the same in every tab, until there is another test."""
    return uuid.uuid5(TOKENS, f"{event.pk}/{what}/{event.sends.filter(is_test=True).count()}")


def _token_of(draft: Send, chosen: Chosen, *, page_token: uuid.UUID) -> uuid.UUID:
    """Return the token of a test: the same choice twice from one page is one test, another choice is another."""
    people = ";".join(f"{pk}:{','.join(sorted(ids))}" for pk, ids in sorted(chosen.items()))
    return uuid.uuid5(page_token, f"{draft.event_id}/{draft.event.version}/{draft.kind}/{people}")


def _drop(request: StaffRequest, event: Event, pk: int) -> None:
    if not request.user.has_perm("campaigns.delete_savedrecipient"):
        raise PermissionDenied
    compose.forget_recipient(event.account, pk)


def _send(request: StaffRequest, draft: Send, form: TrialForm) -> Send | None:
    """Send the test; where that is not possible, the form says why."""
    typed, kind = form.cleaned_data, Send.Kind(draft.kind)
    chosen = typed["recipient"]
    token = _token_of(draft, chosen, page_token=typed["submit_token"])
    is_new = not Send.objects.filter(submit_token=token).exists()
    try:
        send = compose.send_test(draft.event, kind, to=chosen, by=request.user, submit_token=token)
    except compose.NotPossibleError as error:
        form.add_error(None, str(error))
        return None
    if typed["save"] and kind == Send.Kind.CREATE and request.user.has_perm("campaigns.add_savedrecipient"):
        compose.save_recipients(draft.account, recipients_of(send), by=request.user)
    _say(request, send, is_new=is_new)
    return send


def _say(request: StaffRequest, send: Send, *, is_new: bool) -> None:
    if is_new:
        tasks.look_now()
        messages.success(request, _("Test #%(number)s is on its way.") % {"number": send.pk})
    else:
        words = {"number": send.pk, "by": send.created_by}
        text = _("This was sent already by %(by)s, as test #%(number)s; nothing goes out twice.")
        messages.success(request, text % words)


def _context(request: StaffRequest, draft: Send, form: TrialForm) -> dict[str, Any]:
    event = draft.event
    typed = form.cleaned_data if form.is_bound and form.is_valid() else form.initial
    chosen = typed.get("recipient") or {}
    people = offer(draft, chosen, text=typed.get("find_person", ""))
    problems = [_with_link(problem, draft, request) for problem in validate.trial_problems(draft)]
    return {
        "event": event,
        "send": draft,
        "form": form,
        "kinds": [(kind, WORDS[kind]) for kind in kinds_now(event)],
        "token": form["submit_token"].value() or _token(event, "send"),
        "people": people,
        "searched": typed.get("find_person", ""),
        "chosen_count": len(chosen),
        "most": compose.MOST_PEOPLE,
        "example": example(draft, *people.first) if people.first else None,
        "blocking": [problem for problem in problems if problem.blocks],
        "warnings": [problem for problem in problems if not problem.blocks],
        "tests": event.sends.filter(is_test=True).order_by("-pk")[:MOST_SHOWN],
    }


def _with_link(problem: validate.Problem, draft: Send, request: StaffRequest) -> validate.Problem:
    if problem.field == "account" and not request.user.has_perm("campaigns.change_account"):
        return replace(problem, link="", message=f"{problem.message} {_('An admin has to mend this.')}")
    return problem if problem.link else replace(problem, link=reverse("event_edit", args=[draft.event_id]))


@readable
@require_POST
def send_remove_test(request: StaffRequest, pk: int) -> HttpResponse:
    """Take a test off the calendars of those it has reached: a test send again, of another kind."""
    _only_senders(request)
    send = get_object_or_404(Send.objects.select_related("event__account"), pk=pk, is_test=True)
    event = EVENTS.get(pk=send.event_id)
    reached = compose.entries_by_tests(event).filter(subscriber__in=list(recipients_of(send)))
    people: dict[int, set[str]] = {pk: set() for pk in reached.values_list("subscriber", flat=True)}
    try:
        if not people:
            raise compose.NotPossibleError(_("Nobody has a test entry from this test any more."))
        removal = compose.send_test(
            event,
            Send.Kind.CANCEL,
            to=people,
            by=request.user,
            submit_token=_token(event, f"remove/{send.pk}"),
        )
    except compose.NotPossibleError as error:
        messages.error(request, str(error))
        return redirect("send_detail", pk)
    _say(request, removal, is_new=True)
    return redirect("send_detail", removal.pk)
