"""Dry runs: everybody checked before a send; start one, watch it, and see who is behind what it found."""

from itertools import islice
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from campaigns import reports, tasks, timezones
from campaigns.forms.fields import row_id
from campaigns.forms.schedule import LONGEST_REASON
from campaigns.models import DryRun, DryRunCause, Event, Send
from campaigns.models.clock import now
from campaigns.pipeline import compose, dryrun, findings
from campaigns.views.actions import StaffRequest
from campaigns.views.checked import check
from campaigns.views.page import page
from campaigns.views.review import review

SHOWN_COUNT = 100  # people on one page

readable = permission_required(["campaigns.view_dryrun", "campaigns.view_dryrunperson"], raise_exception=True)


@readable
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def event_check(request: StaffRequest, pk: int, kind: str) -> HttpResponse:
    """Start checking everybody of a send (POST); return the live part of its review page to htmx."""
    related = ("account", "campaign__account", "campaign__segment")
    event = get_object_or_404(Event.objects.select_related(*related), pk=pk)
    if kind not in Send.Kind.values:
        raise Http404
    if request.method == "POST" and not request.user.has_perm("campaigns.add_dryrun"):
        raise PermissionDenied
    try:
        draft = compose.draft(event, Send.Kind(kind))
    except timezones.UnknownZoneError:
        messages.error(request, _("Choose a time zone for the event first."))
        return redirect("event_edit", pk)
    if request.method == "POST":
        _start(request, draft)
    if not request.headers.get("HX-Request"):
        return redirect("send_review", pk, kind)
    return render(request, "campaigns/_dry_run_live.html", _live(request, draft))


def _start(request: StaffRequest, draft: Send) -> None:
    """Ask for a check; a page that only begins by itself (``auto``) never repeats one that is there."""
    if request.POST.get("auto") and dryrun.latest(draft):
        return
    job = dryrun.ask(draft, by=request.user)
    if job.state == DryRun.State.WAITING:
        tasks.start_dry_run(job.pk)


def _live(request: StaffRequest, draft: Send) -> dict[str, Any]:
    """Return the state; while it runs nothing else is looked at, for that costs time in every tab."""
    found = check(draft)
    typed = request.POST.get("leave_out", "") or request.GET.get("leave_out", "")
    context = {"check": found, "event": draft.event, "kind": draft.kind, "send": draft}
    if request.method != "POST" and found.is_open:
        return context
    looked = review(draft, by=request.user, starts_at=now())
    found = check(draft, people_now=looked.plan.to_send_count)
    return {**context, "check": found, "review": looked, "leave_out": typed[:LONGEST_REASON]}


@readable
@require_safe
@never_cache
def dryrun_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one dry run: how far it is, what it found, and the content it was for."""
    related = ("event__campaign__account", "event__account", "created_by")
    job = get_object_or_404(DryRun.objects.select_related(*related), pk=pk)
    context = {"check": check(dryrun.draft(job), job=job), "job": job, "at": now()}
    if request.headers.get("HX-Request"):
        return render(request, "campaigns/_dry_run_page.html", context)
    title = _("Everybody checked: dry run #%s") % pk
    return page(
        request, "campaigns/dry_run.html", {**context, "sends": job.sends.order_by("pk")}, title=title
    )


@readable
@require_safe
def dryrun_people(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the people behind one finding, a page at a time: ``?cause=`` and ``?after=`` the last row seen."""
    job = get_object_or_404(DryRun.objects.select_related("event__campaign"), pk=pk)
    cause = _cause(request, job)
    if cause is None:
        return redirect("dryrun_detail", pk)
    after = row_id(request.GET.get("after", ""))
    rows = list(islice(reports.people_after(cause, after), SHOWN_COUNT + 1))
    context = {
        "job": job,
        "cause": cause,
        "rows": rows[:SHOWN_COUNT],
        "is_first": not after,
        "next": rows[SHOWN_COUNT - 1].pk if len(rows) > SHOWN_COUNT else 0,
        "kept_count": findings.SHOWN_COUNT,
        "is_cut": cause.level != DryRunCause.Level.ERROR and cause.people_count > findings.SHOWN_COUNT,
    }
    return page(request, "campaigns/dry_run_people.html", context, title=_("People: %s") % cause.text)


@readable
@require_safe
def dryrun_csv(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """Return the people behind one finding (``?cause=``) or all as a spreadsheet, however many."""
    job = get_object_or_404(DryRun, pk=pk)
    lines = reports.people_lines(job, _cause(request, job))
    headers = {
        "Content-Disposition": f'attachment; filename="dry-run-{pk}.csv"',
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)


def _cause(request: HttpRequest, job: DryRun) -> DryRunCause | None:
    """Return the finding that is asked for; None where none is, and 404 where it is not of this dry run."""
    asked = request.GET.get("cause", "")
    return get_object_or_404(job.causes, pk=row_id(asked)) if asked else None
