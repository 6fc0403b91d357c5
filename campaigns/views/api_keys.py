"""API keys: made and shown once, with what to tell Rokt; looked at, and revoked."""

from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from campaigns.forms.api_key import ApiKeyForm
from campaigns.inbound import keys
from campaigns.models import ApiKey, Workspace
from campaigns.views.actions import StaffRequest
from campaigns.views.page import page


@permission_required("campaigns.add_apikey", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def apikey_new(request: StaffRequest) -> HttpResponse:
    """Make a key. It is shown in the answer itself: a redirect would have to keep it somewhere."""
    form = ApiKeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        wanted = form.cleaned_data
        key, text = keys.make(
            wanted["workspace"], name=wanted["name"], may_track=wanted["may_track"], by=request.user
        )
        context = {"key": key, "text": text, **places(request)}
        return page(request, "campaigns/api_key_made.html", context, title=_("The new API key"))
    context = {"form": form, "has_workspace": Workspace.objects.exists()}
    return page(request, "campaigns/api_key_new.html", context, title=_("New API key"))


@permission_required("campaigns.view_apikey", raise_exception=True)
@require_safe
def apikey_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what is known of a key, which is everything but the key, and the address that goes with it."""
    key = get_object_or_404(ApiKey.objects.select_related("workspace", "created_by"), pk=pk)
    may_revoke = request.user.has_perm("campaigns.change_apikey") and key.revoked_at is None
    context = {"key": key, "may_revoke": may_revoke, **places(request)}
    return page(request, "campaigns/api_key_detail.html", context, title=key.name)


@permission_required("campaigns.change_apikey", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def apikey_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask whether the key shall open nothing any more, and see to it."""
    key = get_object_or_404(ApiKey.objects.select_related("workspace"), pk=pk)
    if request.method == "POST":
        if keys.revoke(key, by=request.user):
            messages.success(
                request, _("“%(name)s” is revoked and opens nothing any more.") % {"name": key.name}
            )
        else:
            messages.info(request, _("“%(name)s” had been revoked before.") % {"name": key.name})
        return redirect("apikey_detail", pk)
    if key.revoked_at is not None:
        return redirect("apikey_detail", pk)
    return page(request, "campaigns/api_key_revoke.html", {"key": key}, title=_("Revoke “%s”?") % key.name)


def places(request: HttpRequest) -> dict[str, object]:
    """Return where others reach us, and whether they can: only over https, at a name that the internet knows."""
    root = request.build_absolute_uri("/").rstrip("/")
    host = urlsplit(root).hostname or ""
    return {
        "root": root,
        "address": root + reverse("users_track"),
        "is_reachable": request.is_secure() and host not in ("localhost", "127.0.0.1"),
    }
