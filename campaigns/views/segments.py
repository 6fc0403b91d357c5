"""Segments: the rule builder, and who a rule means while it is being built."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from campaigns.forms import rule as builder
from campaigns.forms.rows import Drawing
from campaigns.forms.segment import SegmentForm, known_values, overwrite
from campaigns.models import Account, Segment
from campaigns.segments import compile as segments
from campaigns.segments import rules
from campaigns.segments.fields import FIELDS
from campaigns.views.page import page

EVERYONE: builder.Draft = {"match": "all", "rules": []}


@permission_required("campaigns.view_segment", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def segment_new(request: HttpRequest) -> HttpResponse:
    """Build a new segment."""
    return _build(request, Segment(rule=EVERYONE))


@permission_required("campaigns.view_segment", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def segment_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a segment; sends that are queued keep the rule they were queued with."""
    return _build(request, get_object_or_404(Segment, pk=pk))


def _build(request: HttpRequest, segment: Segment) -> HttpResponse:
    may_write = request.user.has_perm("campaigns.change_segment" if segment.pk else "campaigns.add_segment")
    if request.method != "POST":
        return _opened(request, segment, may_write=may_write)
    if not may_write:
        raise PermissionDenied
    action = request.POST.get("do", "")
    if action in ("archive", "restore") and segment.pk:
        return _archive(request, segment, is_archived=action == "archive")
    draft = builder.read(request.POST)
    focus = builder.edit(draft, action) if action else ""
    rule, errors = builder.check(draft)
    form = SegmentForm(request.POST, instance=segment)
    if action:
        return _page(request, form, draft, focus=focus, may_write=True)
    if not form.is_valid() or rule is None:
        return _page(request, form, draft, errors=errors, may_write=True)
    segment.rule = rules.to_json(rule)
    return _saved(request, form) or _conflict(request, form, draft)


def _opened(request: HttpRequest, segment: Segment, *, may_write: bool) -> HttpResponse:
    form = SegmentForm(instance=segment, read_only=not may_write)
    try:
        rules.parse(segment.rule)
    except rules.RuleError as error:
        text = _("The stored rule cannot be read (%(error)s). What you save replaces it.") % {"error": error}
        messages.error(request, text)
        return _page(request, form, EVERYONE, may_write=may_write)
    return _page(request, form, segment.rule, may_write=may_write)


def _saved(request: HttpRequest, form: SegmentForm) -> HttpResponse | None:
    """Save and go on to the segment's page; nothing where somebody else was faster."""
    segment = form.instance
    try:
        with transaction.atomic():
            if segment._state.adding:
                segment.created_by = request.user  # type: ignore[assignment]  # signed in: it has a permission
                segment.save()
            elif not overwrite(segment, version=form.cleaned_data["version"]):
                return None
    except IntegrityError:  # somebody took the name between the check and the save
        return None
    messages.success(request, _("Saved. Sends that are queued already keep the rule they were queued with."))
    return redirect("segment_edit", pk=segment.pk)


def _conflict(request: HttpRequest, form: SegmentForm, draft: builder.Draft) -> HttpResponse:
    """Show what somebody else has saved meanwhile; saving once more now means to overwrite it."""
    theirs = Segment.objects.filter(pk=form.instance.pk).first()
    typed = request.POST.copy()
    typed["version"] = str(theirs.version if theirs else 0)
    again = SegmentForm(typed, instance=form.instance)
    again.is_valid()
    shown: dict[str, Any] = {"theirs": theirs, "their_sentence": _sentence(theirs.rule) if theirs else ""}
    return _page(request, again, draft, may_write=True, status=409, **shown)


def _sentence(rule: object) -> str:
    try:
        return rules.sentence(rules.parse(rule))
    except rules.RuleError as error:
        return str(error)


def _archive(request: HttpRequest, segment: Segment, *, is_archived: bool) -> HttpResponse:
    used = segment.campaigns.filter(is_archived=False)
    if is_archived and used.exists():
        names = ", ".join(str(campaign) for campaign in used[:5])
        text = _("Campaigns use this segment: %(names)s. Give them another audience first.") % {
            "names": names
        }
        messages.error(request, text)
        return redirect("segment_edit", pk=segment.pk)
    Segment.objects.filter(pk=segment.pk).update(is_archived=is_archived)
    messages.success(
        request, _("Archived. Campaigns no longer offer it.") if is_archived else _("Brought back.")
    )
    return redirect("segment_edit", pk=segment.pk)


def _page(
    request: HttpRequest,
    form: SegmentForm,
    draft: builder.Draft,
    *,
    errors: Mapping[str, str] | None = None,
    focus: str = "",
    status: int = 200,
    **shown: Any,
) -> HttpResponse:
    segment, action = form.instance, request.POST.get("do", "")
    as_list = action.removeprefix("list:") if action.startswith("list:") else ""
    context = {
        "form": form,
        "segment": segment,
        "root": Drawing(errors or {}, focus, as_list).draw(draft),
        "fields": FIELDS.values(),
        "known": known_values(builder.field_names(draft)),
        "used_by": segment.campaigns.all() if segment.pk else [],
        **_meaning(draft),
        **shown,
    }
    title = segment.name if segment.pk and segment.name else _("Segment") if segment.pk else _("New segment")
    return page(request, "campaigns/segment_edit.html", context, title=title, status=status)


@permission_required("campaigns.change_segment", raise_exception=True)
@require_POST
def segment_count(request: HttpRequest) -> HttpResponse:
    """Count whom the posted rule means; nothing is saved."""
    return render(request, "campaigns/segment_count.html", _meaning(builder.read(request.POST)))


def _meaning(draft: builder.Draft) -> dict[str, Any]:
    """Return the rule in words, whom it means in numbers and by example, or what is missing to say so."""
    rule, errors = builder.check(draft)
    if rule is None:
        return {"unfinished": [(name, builder.place(name), fault) for name, fault in errors.items()]}
    by_account = segments.subscriptions(rule).order_by().values("account_code")
    counts = by_account.annotate(
        people=Count("subscriber", distinct=True),
        subscriptions=Count("pk"),
        without_id=Count("pk", filter=Q(rokt_id="")),
    )
    names = dict(Account.objects.values_list("code", "name"))
    return {
        "sentence": rules.sentence(rule),
        "count": segments.count(rule),
        "accounts": [
            {**row, "name": names.get(row["account_code"], "")} for row in counts.order_by("account_code")
        ],
        "sample": segments.sample(rule),
    }
