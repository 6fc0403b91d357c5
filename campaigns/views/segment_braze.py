"""Segments to and from Braze, as its Connected Audience filters."""

import json
from typing import Final

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from campaigns.forms import rule as builder
from campaigns.forms.editing import Editing
from campaigns.forms.segment import SegmentForm
from campaigns.models import Segment
from campaigns.segments import connected_audience, nesting, rules
from campaigns.views.actions import StaffRequest
from campaigns.views.page import page
from campaigns.views.segments import EVERYONE, show
from integrations.web.document import RepeatedKeyError, once

LONGEST: Final = 200_000


class PasteError(ValueError):
    """Why what was pasted is not read, though it may be JSON."""


@permission_required("campaigns.view_segment", raise_exception=True)
@require_safe
def segment_to_braze(request: StaffRequest, pk: int) -> HttpResponse:
    """Show a segment as JSON to copy, or everything that Braze cannot say."""
    segment = get_object_or_404(Segment, pk=pk)
    context: dict[str, object] = {"segment": segment}
    try:
        rule = nesting.filled(rules.parse(segment.rule))
        taken = connected_audience.exported(rule)
        text = json.dumps(taken.audience, indent=2, ensure_ascii=False)
        context |= {"sentence": rules.sentence(rule), "taken": taken, "text": text}
    except rules.RuleError as error:
        context["fault"] = str(error)
    title = _("“%(name)s” for Braze") % {"name": segment.name}
    return page(request, "campaigns/segment_to_braze.html", context, title=title)


@permission_required("campaigns.add_segment", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def segment_from_braze(request: StaffRequest) -> HttpResponse:
    """Read pasted JSON into the builder, unsaved; or say everything that cannot be taken over."""
    typed = request.POST.get("json", "")
    fault, losses = "", []
    if request.method == "POST":
        try:
            found = connected_audience.imported(_read(typed))
        except PasteError as error:
            fault = str(error)
        except (ValueError, RecursionError):
            fault = _("This is not JSON. Copy the whole of it, from the first “{” to the last “}”.")
        else:
            if found.rule is not None:
                return _drafted(request, found.rule)
            fault, losses = _("Not all of it can be taken over, so none of it was:"), found.losses
    context = {"typed": typed, "fault": fault, "losses": losses}
    return page(request, "campaigns/segment_from_braze.html", context, title=_("Bring it from Braze"))


def _read(text: str) -> object:
    """Return the audience in a text, whether it stands alone or in a whole call of Braze's."""
    if len(text) > LONGEST:
        raise PasteError(_("This is longer than %(most)s characters.") % {"most": f"{LONGEST:,}"})
    try:
        data = json.loads(text, object_pairs_hook=once)
    except RepeatedKeyError as error:
        fault = _("“%(key)s” stands twice in the same braces, and only one of them can count.")
        raise PasteError(fault % {"key": error.name.encode(errors="backslashreplace").decode()}) from None
    return data["audience"] if isinstance(data, dict) and "audience" in data else data


def _drafted(request: StaffRequest, rule: builder.Draft) -> HttpResponse:
    form = SegmentForm(instance=Segment(rule=EVERYONE))
    return show(request, form, Editing(builder.drafted(rule)), may_write=True, brought=True)
