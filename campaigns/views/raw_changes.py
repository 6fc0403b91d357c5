"""A template has changed after an event was made from it: what changed, and the event's text with that taken over."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from campaigns.forms import headers
from campaigns.forms.fields import row_id
from campaigns.forms.raw_event import CREATE, UPDATE, RawEventForm, as_typed
from campaigns.models import Event, EventWebhook, WebhookVersion
from campaigns.pipeline import compose
from campaigns.pipeline.merge import Conflict, Merged, merge
from campaigns.pipeline.render import WebhookText
from campaigns.views.page import page
from campaigns.views.raw_events import EVENTS, stored
from campaigns.views.versions import Part, part


@dataclass(frozen=True, slots=True)
class Change:
    """One part of a webhook: what the template changed, what that changes in the event, and where both did."""

    in_template: Part
    in_event: Part
    conflicts: tuple[Conflict, ...]


@permission_required("campaigns.view_event", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def event_webhook_newer(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what the newest version of the template would change in an event; a POST takes it, or keeps the text."""
    may_write = request.user.has_perm("campaigns.change_event")
    if request.method == "POST" and not may_write:
        raise PermissionDenied
    event = get_object_or_404(EVENTS, pk=pk)
    kind = UPDATE if request.GET.get("kind") == UPDATE else CREATE
    mine = event.webhooks.select_related("origin__template", "event").filter(kind=kind).first()
    newest = _newest(mine)
    if mine is None or newest is None:
        messages.info(request, _("The template says nothing newer."))
        return redirect("event_webhook", pk=pk)
    if request.method == "POST":
        return _decide(request, mine, newest)
    text, changes = taken_over(mine, newest)
    context = {
        "event": event,
        "campaign": event.campaign,
        "mine": mine,
        "newest": newest,
        "changes": changes,
        "is_same": text == WebhookText.from_row(mine),
        "has_conflicts": any(change.conflicts for change in changes),
        "may_write": may_write,
    }
    return page(request, "campaigns/event_webhook_newer.html", context, title=_("The template has changed"))


def _newest(mine: EventWebhook | None) -> WebhookVersion | None:
    """Return the newest version of the template, if the event's text was copied from an older one."""
    if mine is None or mine.origin is None:
        return None
    template = mine.origin.template
    return template.versions.filter(number=template.version, number__gt=mine.origin.number).first()


def taken_over(mine: EventWebhook, newest: WebhookVersion) -> tuple[WebhookText, list[Change]]:
    """Return the event's webhook with what the template has changed since, and that part by part."""
    sides = [_texts(WebhookText.from_row(row)) for row in (mine.origin, mine, newest)]
    labels = _("Method"), _("URL"), _("Headers"), _("Body")
    results: list[Merged] = []
    changes: list[Change] = []
    for label, base, own, theirs in zip(labels, *sides, strict=True):
        merged = merge(base, own, theirs)
        results.append(merged)
        changes.append(Change(part(label, base, theirs), part(label, own, merged.text), merged.conflicts))
    method, url, lines, body = (merged.text for merged in results)
    return WebhookText(method, url, tuple(headers.parse(lines).pairs), body), changes


def _texts(hook: WebhookText) -> tuple[str, ...]:
    return hook.method, hook.url, headers.as_text(hook.headers), hook.body


def _decide(request: HttpRequest, mine: EventWebhook, newest: WebhookVersion) -> HttpResponse:
    event = mine.event
    if request.POST.get("newest") != str(newest.number):
        messages.error(request, _("The template has changed once more meanwhile. Look at it first."))
        return redirect(request.get_full_path())
    hooks, origins = stored(event)
    origins[mine.kind] = newest
    takes = request.POST.get("do") == "take"
    if takes:
        hooks[mine.kind], _changes = taken_over(mine, newest)
        if errors := _read_again(event, hooks):
            for error in errors:
                messages.error(request, _("Not taken over, because then: %s") % error)
            return redirect(request.get_full_path())
    version = row_id(request.POST.get("version", ""))
    try:
        compose.save_raw_event(event, hooks, origins=origins, expected_version=version)
    except compose.StaleEventError as error:
        messages.error(request, str(error))
        return redirect(request.get_full_path())
    text = _("The change of the template is taken over. Nothing is sent yet.")
    messages.success(request, text if takes else _("The event keeps its text."))
    return redirect("event_webhook", pk=event.pk)


def _read_again(event: Event, hooks: Mapping[str, WebhookText]) -> list[str]:
    """Fill the event with what its webhooks would now say; return what speaks against them."""
    form = RawEventForm(as_typed(hooks), event=event, hooks={}, origins={})
    form.is_valid()
    return [str(error) for errors in form.errors.values() for error in errors]
