"""What a webhook template said from one save to the next, line by line, and the way back."""

import difflib
from dataclasses import dataclass
from typing import Final

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from campaigns.forms import headers
from campaigns.forms.fields import row_id
from campaigns.models import WebhookTemplate, WebhookVersion
from campaigns.pipeline import compose
from campaigns.pipeline.render import WebhookText
from campaigns.views.page import page

MOST_LINES: Final = 3_000  # comparing takes time that grows with the square


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a comparison; ``sign`` is "+" (added), "-" (removed), " " (the same) or "@" (lines left out)."""

    sign: str
    text: str


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a webhook, compared; without lines it is the same, unless it is too long to compare."""

    label: str
    lines: list[Line]
    is_too_long: bool = False


@permission_required("campaigns.view_webhooktemplate", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def webhook_versions(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the versions of a template, and what one of them changed; a POST takes one back."""
    template = get_object_or_404(WebhookTemplate, pk=pk)
    if request.method == "POST":
        return _take_back(request, template)
    versions = list(template.versions.select_related("made_by").order_by("-number"))
    asked = row_id(request.GET.get("version", "")) or template.version
    chosen = next((version for version in versions if version.number == asked), None)
    if chosen is None:
        raise Http404
    before = next((version for version in versions if version.number < asked), None)
    context = {
        "template": template,
        "versions": versions,
        "chosen": chosen,
        "before": before,
        "parts": _parts(before, chosen),
        "may_write": request.user.has_perm("campaigns.change_webhooktemplate"),
    }
    title = _("Versions of “%(name)s”") % {"name": template.name}
    return page(request, "campaigns/webhook_versions.html", context, title=title)


def _take_back(request: HttpRequest, template: WebhookTemplate) -> HttpResponse:
    if not request.user.has_perm("campaigns.change_webhooktemplate"):
        raise PermissionDenied
    old = get_object_or_404(template.versions, number=row_id(request.POST.get("version", "")))
    try:
        compose.save_template(
            template,
            WebhookText.from_row(old),
            by=request.user,  # type: ignore[arg-type]  # signed in: it has a permission
            expected_version=row_id(request.POST.get("newest", "")),
        )
    except compose.StaleTemplateError:
        messages.error(request, _("Somebody has saved another version meanwhile. Look at it first."))
        return redirect("webhook_versions", pk=template.pk)
    text = _("What version %(old)d said is back, as version %(new)d.")
    messages.success(request, text % {"old": old.number, "new": template.version})
    return redirect("webhook_edit", pk=template.pk)


def _parts(before: WebhookVersion | None, after: WebhookVersion) -> list[Part]:
    old, new = WebhookText.from_row(before) if before else WebhookText(method=""), WebhookText.from_row(after)
    return [
        part(_("Method"), old.method, new.method),
        part(_("URL"), old.url, new.url),
        part(_("Headers"), headers.as_text(old.headers), headers.as_text(new.headers)),
        part(_("Body"), old.body, new.body),
    ]


def part(label: str, old: str, new: str) -> Part:
    """Return one part of a webhook with its lines before and after."""
    if old == new:
        return Part(label, [])
    before, after = (text.split("\n") if text else [] for text in (old, new))
    if len(before) + len(after) > MOST_LINES:
        return Part(label, [], is_too_long=True)
    compared = list(difflib.unified_diff(before, after, lineterm=""))[3:]  # without names and first place
    return Part(label, [Line(text[:1], text[1:]) for text in compared])
