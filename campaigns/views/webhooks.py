"""Webhook templates: writing one, with the live panel beside it; copying, archiving, using it."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from campaigns import liquid
from campaigns.forms.fields import row_id
from campaigns.forms.webhook import PARTS, WebhookForm
from campaigns.models import Account, Campaign, Event, WebhookTemplate
from campaigns.pipeline import compose, raw
from campaigns.pipeline.render import WebhookText
from campaigns.views import tryout
from campaigns.views.page import page

ACCOUNT_KEY = "webhook_account"
MOST_REMARKS = 30  # nobody reads more
LOOKS = {"check", "show"}  # buttons that show something and save nothing


@permission_required(
    ["campaigns.view_webhooktemplate", "campaigns.add_webhooktemplate"], raise_exception=True
)
@require_http_methods(["GET", "HEAD", "POST"])
def webhook_new(request: HttpRequest) -> HttpResponse:
    """Paste a new template."""
    return _write(request, WebhookTemplate())


@permission_required("campaigns.view_webhooktemplate", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def webhook_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a template; those who may not change it read it here."""
    return _write(request, get_object_or_404(WebhookTemplate, pk=pk))


def _write(request: HttpRequest, template: WebhookTemplate) -> HttpResponse:
    may_write = template._state.adding or request.user.has_perm("campaigns.change_webhooktemplate")
    hook = compose.webhook_of(template)
    if request.method != "POST":
        return _page(request, WebhookForm(instance=template, hook=hook, read_only=not may_write))
    if not may_write:
        raise PermissionDenied
    form = WebhookForm(request.POST, instance=template, hook=hook)
    if not form.is_valid() or LOOKS & request.POST.keys():
        return _page(request, form)
    return _save(request, form)


def _save(request: HttpRequest, form: WebhookForm) -> HttpResponse:
    before = form.instance.version
    try:
        with transaction.atomic():
            saved = compose.save_template(
                form.instance,
                form.hook,
                by=request.user,  # type: ignore[arg-type]  # signed in: it has a permission
                expected_version=form.expected_version,
                tags=form.cleaned_data["tags"],
                seen_at=form.expected_at,
            )
    except compose.StaleTemplateError:
        return _conflict(request, form)
    except IntegrityError:  # somebody took the name between the check and the save
        form.add_error("name", _("Another template has just taken this name. Choose a different one."))
        return _page(request, form)
    text = _("Saved as version %(number)d.") if saved.version != before else _("Saved. The text is the same.")
    messages.success(request, text % {"number": saved.version})
    if any(True for _fault in raw.faults(form.hook)):
        messages.warning(request, _("It cannot be sent as it is: see beside the form what is wrong."))
    return redirect("webhook_edit", pk=saved.pk)


def _conflict(request: HttpRequest, form: WebhookForm) -> HttpResponse:
    """Show what somebody else has saved meanwhile; saving once more now means to put yours on top."""
    theirs = WebhookTemplate.objects.get(pk=form.instance.pk)
    typed = request.POST.copy()
    typed["version"], typed["seen_at"] = str(theirs.version), theirs.changed_at.isoformat()
    hook = compose.webhook_of(theirs)
    again = WebhookForm(typed, instance=form.instance, hook=hook)
    again.is_valid()
    differing = [name for name in PARTS if getattr(again.hook, name) != getattr(hook, name)]
    labels = [again.fields[name].label for name in differing]
    return _page(request, again, theirs=theirs, differing=labels, status=409)


def _page(request: HttpRequest, form: WebhookForm, *, status: int = 200, **extra: Any) -> HttpResponse:
    template = form.instance
    stored = WebhookTemplate.objects.filter(pk=template.pk).first() if template.pk else None
    used_in = Event.objects.filter(webhooks__origin__template=template.pk or 0).distinct().order_by("-pk")
    context = {
        **_panel(request, form),
        "template": template,
        "may_write": not form.fields["name"].disabled,
        "tags": template.tags.all() if template.pk else [],
        "used_count": used_in.count(),
        "used_in": used_in.select_related("campaign")[:5],
        "accounts": Account.objects.all(),
        "campaigns": Campaign.objects.filter(is_archived=False).order_by("-pk")[:200],
        **extra,
    }
    title = stored.name if stored else _("New webhook template")
    return page(request, "campaigns/webhook_edit.html", context, title=title, status=status)


@permission_required("campaigns.change_webhooktemplate", raise_exception=True)
@require_POST
def webhook_check(request: HttpRequest) -> HttpResponse:
    """Show the panel for what the form says now; nothing is saved."""
    pk = row_id(request.POST.get("template", ""))
    template = get_object_or_404(WebhookTemplate, pk=pk) if pk else WebhookTemplate()
    form = WebhookForm(request.POST, instance=template, hook=WebhookText())
    form.is_valid()
    context = {**_panel(request, form), "may_write": True, "is_live": True}
    return render(request, "campaigns/webhook_panel.html", context)


def _panel(request: HttpRequest, form: WebhookForm) -> dict[str, Any]:
    """Return what the panel says: of the text, of everybody, and of one person."""
    account, hook = _account(request), form.hook
    context: dict[str, Any] = {"form": form, "account": account, "kind": tryout.kind_of(hook)}
    if not (hook.url or hook.body):
        return {**context, "is_empty": True}
    context |= _remarks(form)
    people = tryout.people_of(account) if account else []
    if account is None or not people or {"url", "body"} & form.errors.keys():
        return {**context, "has_nobody": not people}
    try:
        writer = raw.RawWriter(hook, event_id="", kind=context["kind"], account=account)
    except liquid.LiquidError:  # the remarks say where and why
        return context
    data = request.POST if request.method == "POST" else request.GET
    asked = row_id(data.get("show") or data.get("person", ""))
    context["shown"] = tryout.shown(writer, people, asked=asked)
    context["calls_out"] = writer.calls_out
    return context | ({} if writer.calls_out else {"tried": tryout.tried(writer, people)})


def _remarks(form: WebhookForm) -> dict[str, Any]:
    """Return what is wrong with the text; headers that the form refuses are explained by the form."""
    has_refused = "headers" in form.errors
    found = [each for each in tryout.remarks(form.hook) if not (has_refused and each.code == "unknown")]
    return {
        "remarks": found[:MOST_REMARKS],
        "warned_count": sum(not remark.is_bad for remark in found),
        "unsaid_count": max(len(found) - MOST_REMARKS, 0),
    }


def _account(request: HttpRequest) -> Account | None:
    """Return the account to try with: the one just chosen, else the one chosen last time, else the first."""
    data = request.POST if request.method == "POST" else request.GET
    chosen = row_id(data.get("account", ""))
    if chosen and request.session.get(ACCOUNT_KEY) != chosen:
        request.session[ACCOUNT_KEY] = chosen
    remembered = Account.objects.filter(pk=request.session.get(ACCOUNT_KEY, 0)).first()
    return remembered or Account.objects.first()


@permission_required("campaigns.add_webhooktemplate", raise_exception=True)
@require_POST
def webhook_duplicate(request: HttpRequest, pk: int) -> HttpResponse:
    """Copy a template and open the copy."""
    template = get_object_or_404(WebhookTemplate, pk=pk)
    try:
        copy = compose.duplicate_template(template, by=request.user)  # type: ignore[arg-type]  # signed in
    except IntegrityError:  # a double click: the other one has just made a copy of this name
        messages.error(request, _("Another copy is just being made. Look for it in the list."))
        return redirect("webhook_edit", pk=pk)
    messages.success(request, _("This is the copy. Give it a name of its own."))
    return redirect("webhook_edit", pk=copy.pk)


@permission_required("campaigns.change_webhooktemplate", raise_exception=True)
@require_POST
def webhook_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a template away, or bring it back (``do=restore``)."""
    template = get_object_or_404(WebhookTemplate, pk=pk)
    if request.POST.get("do") == "restore":
        compose.restore_template(template)
        messages.success(request, _("“%(name)s” is back.") % {"name": template.name})
        return redirect("webhook_edit", pk=pk)
    compose.archive_template(template)
    messages.success(request, _archived(request, template))
    return redirect("admin:campaigns_webhooktemplate_changelist")


def _archived(request: HttpRequest, template: WebhookTemplate) -> str:
    """Return the message with the way back in it."""
    return format_html(
        '{said} <form method="post" action="{action}" style="display: inline">'
        '<input type="hidden" name="csrfmiddlewaretoken" value="{token}">'
        '<button type="submit" name="do" value="restore" style="text-decoration: underline; font-weight: 600">'
        "{undo}</button></form>",
        said=_("“%(name)s” is archived. Events made from it keep what they have.") % {"name": template.name},
        action=reverse("webhook_archive", args=[template.pk]),
        token=get_token(request),
        undo=_("Bring it back"),
    )


@permission_required("campaigns.view_webhooktemplate", raise_exception=True)
@require_safe
def webhook_use(request: HttpRequest, pk: int) -> HttpResponse:
    """Go on to a new event from this template, in the campaign that was chosen."""
    template = get_object_or_404(WebhookTemplate, pk=pk)
    campaign = Campaign.objects.filter(pk=row_id(request.GET.get("campaign", "")), is_archived=False).first()
    if campaign is None:
        messages.error(request, _("Choose the campaign that the event is for."))
        return redirect("webhook_edit", pk=pk)
    return redirect(f"{reverse('event_from_template', args=[campaign.pk])}?template={template.pk}")
