"""Segments: the rule builder, saving, archiving."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from campaigns import tasks
from campaigns.forms import picks, rows
from campaigns.forms import rule as builder
from campaigns.forms.editing import Editing, editing
from campaigns.forms.fields import row_id
from campaigns.forms.segment import Outcome, SegmentForm, known_values, save
from campaigns.models import PersonList, Segment
from campaigns.segments import rules
from campaigns.views import segment_uses
from campaigns.views.actions import StaffRequest
from campaigns.views.page import page
from campaigns.views.segment_faults import faults
from campaigns.views.segment_meaning import meaning, sentence

EVERYONE: builder.Draft = {"match": "all", "rules": []}


@permission_required(["campaigns.view_segment", "campaigns.add_segment"], raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def segment_new(request: StaffRequest) -> HttpResponse:
    """Build a new segment; ``?list=`` begins with the people of a list."""
    people = PersonList.objects.filter(pk=row_id(request.GET.get("list", ""))).first()
    row = {"field": "list", "op": "is_on_list", "values": [str(people.pk)]} if people else None
    return _build(request, Segment(rule={"match": "all", "rules": [row]} if row else EVERYONE))


@permission_required("campaigns.view_segment", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def segment_edit(request: StaffRequest, pk: int) -> HttpResponse:
    """Change a segment; sends that are queued keep the rule they were queued with."""
    return _build(request, get_object_or_404(Segment, pk=pk))


def _build(request: StaffRequest, segment: Segment) -> HttpResponse:
    may_write = segment._state.adding or request.user.has_perm("campaigns.change_segment")
    if request.method != "POST":
        return _opened(request, segment, may_write=may_write)
    if not may_write:
        raise PermissionDenied
    action = request.POST.get("do", "")
    if action in ("archive", "restore") and segment.pk:
        return _archive(request, segment, is_archived=action == "archive")
    edited = editing(builder.read(request.POST), request.POST)
    if action:
        edited.do(action)
        return show(request, SegmentForm(request.POST, instance=segment), edited, may_write=True)
    rule, errors = builder.check(edited.draft, segment.pk)
    form = SegmentForm(request.POST, instance=segment)
    if not form.is_valid() or rule is None:
        return show(request, form, edited, errors=errors, may_write=True)
    before, segment.rule = segment.rule, rules.to_json(rule)
    try:
        return _saved(request, form) or _conflict(request, form, edited)
    except rules.RuleError as error:  # by what others have saved, or for the segments around it
        segment.rule = before
        return show(request, form, edited, errors={builder.ROOT: error.message}, may_write=True)


def _opened(request: StaffRequest, segment: Segment, *, may_write: bool) -> HttpResponse:
    form = SegmentForm(instance=segment, read_only=not may_write)
    try:
        rules.parse(segment.rule)
    except rules.RuleError as error:
        text = _("The stored rule cannot be read (%(error)s). What you save replaces it.") % {"error": error}
        messages.error(request, text)
        return show(request, form, Editing(EVERYONE), may_write=may_write)
    return show(request, form, Editing(builder.drafted(segment.rule)), may_write=may_write)


def _saved(request: StaffRequest, form: SegmentForm) -> HttpResponse | None:
    """Save and go on to the segment's page; nothing where somebody else was faster."""
    segment = form.instance
    try:
        outcome = save(segment, by=request.user, expected_version=form.cleaned_data["version"])
    except IntegrityError:  # somebody took the name between the check and the save
        return None
    if outcome is Outcome.STALE:
        return None
    if outcome is Outcome.SAME:
        messages.info(request, _("Nothing is new, so there is nothing to save."))
    else:
        tasks.remember(segment.pk)
        text = _("Saved. Sends that are queued already keep the rule they were queued with.")
        messages.success(request, text)
    return redirect("segment_edit", pk=segment.pk)


def _conflict(request: StaffRequest, form: SegmentForm, edited: Editing) -> HttpResponse:
    """Show what somebody else has saved meanwhile; saving once more now means to overwrite it."""
    theirs = Segment.objects.filter(pk=form.instance.pk).first()
    typed = request.POST.copy()
    typed["version"] = str(theirs.version if theirs else 0)
    again = SegmentForm(typed, instance=form.instance)
    again.is_valid()
    shown: dict[str, Any] = {"theirs": theirs, "their_sentence": sentence(theirs.rule) if theirs else ""}
    return show(request, again, edited, may_write=True, status=409, **shown)


def _archive(request: StaffRequest, segment: Segment, *, is_archived: bool) -> HttpResponse:
    campaigns = ", ".join(str(campaign) for campaign in segment.campaigns.filter(is_archived=False))
    others = segment_uses.names(segment_uses.around(segment))
    if is_archived and campaigns:
        text = _("Campaigns use this segment: %(names)s. Give them another audience first.")
        messages.error(request, text % {"names": campaigns})
    elif is_archived and others:
        text = _("This segment lies inside others: %(names)s. Take it out of them first.")
        messages.error(request, text % {"names": others})
    else:
        Segment.objects.filter(pk=segment.pk).update(is_archived=is_archived)
        done = _("Archived. Campaigns no longer offer it.") if is_archived else _("Brought back.")
        messages.success(request, done)
    return redirect("segment_edit", pk=segment.pk)


def show(
    request: StaffRequest,
    form: SegmentForm,
    edited: Editing,
    *,
    may_write: bool,
    errors: dict[str, str] | None = None,
    **shown: Any,
) -> HttpResponse:
    """Show the builder with a draft and whom it means now."""
    segment, action = form.instance, request.POST.get("do", "")
    as_list = action.removeprefix("list:") if action.startswith("list:") else ""
    drawing = rows.Drawing(errors or {}, edited.focus, edited.button, as_list, rows.names(edited.draft))
    asked = builder.conditions(edited.draft)
    root = drawing.draw(edited.draft)
    context = {
        "form": form,
        "segment": segment,
        "may_write": may_write,
        "here": reverse("segment_edit", args=[segment.pk]) if segment.pk else reverse("segment_new"),
        "root": root,
        "faults": faults(form, root) if form.is_bound and not action else [],
        "hidden": edited.hidden(),
        "chapters": list(rows.chapters()),
        "known": known_values(row["field"] for row in asked),
        "offers": {kind: picks.offered(kind, besides=segment.pk) for kind in rows.offered(asked)},
        "used_by": segment.campaigns.all() if segment.pk else [],
        "inside": segment_uses.around(segment),
        **meaning(edited.draft, segment),
    }
    title = segment.name if segment.pk and segment.name else _("Segment") if segment.pk else _("New segment")
    status = shown.pop("status", 200)
    return page(request, "campaigns/segment_edit.html", context | shown, title=title, status=status)
