"""The addresses for Rokt's webhooks, on the account: made, replaced, switched off; each is shown once."""

from datetime import UTC

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from campaigns.forms.hook_address import HookAddressForm, ReplaceForm
from campaigns.inbound import addresses
from campaigns.models import Account, HookAddress
from campaigns.models.clock import now
from campaigns.views.actions import StaffRequest
from campaigns.views.page import page
from integrations.rokt.notice import EventType

TYPES = [kind.value for kind in EventType if kind not in {EventType.UNKNOWN, EventType.TEST}]
VIEW, ADD, CHANGE = (f"campaigns.{verb}_hookaddress" for verb in ("view", "add", "change"))


@permission_required(VIEW, raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def hook_addresses(request: StaffRequest, pk: int) -> HttpResponse:
    """Show an account's addresses; a POST makes one."""
    account = get_object_or_404(Account.objects.defer("client_secret"), pk=pk)
    form = HookAddressForm()
    if request.method == "POST":
        _require(request, ADD)
        form = HookAddressForm(request.POST)
        if form.is_valid():
            made = addresses.make(account, by=request.user, secret=form.cleaned_data["secret"])
            return _shown_once(request, *made)
    at = now()
    rows = account.hook_addresses.defer("secret").select_related("created_by")
    midnight = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    context = {
        "account": account,
        "form": form,
        "rows": [(row, addresses.is_open(row, at)) for row in rows],
        "today_count": addresses.came_in(account, since=midnight),
        "most_counted": addresses.MOST_COUNTED,
        "signed": set(account.hook_addresses.exclude(secret="").values_list("pk", flat=True)),
    }
    return page(request, "campaigns/hook_addresses.html", context, title=_("Webhooks from Rokt"))


@permission_required(ADD, raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def hook_replace(request: StaffRequest, pk: int) -> HttpResponse:
    """Make an address in place of another, which works some days more."""
    address = get_object_or_404(HookAddress.objects.select_related("account"), pk=pk)
    form = ReplaceForm(request.POST) if request.method == "POST" else ReplaceForm()
    if request.method == "POST" and form.is_valid():
        try:
            return _shown_once(request, *addresses.replace(address, by=request.user, **form.cleaned_data))
        except addresses.NotPossibleError:
            messages.error(request, _("This address has been replaced or switched off already."))
            return redirect("hook_addresses", address.account_id)
    context = {"address": address, "account": address.account, "form": form}
    return page(request, "campaigns/hook_replace.html", context, title=_("Replace an address"))


@permission_required(CHANGE, raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def hook_off(request: StaffRequest, pk: int) -> HttpResponse:
    """Ask whether an address shall be switched off, and see to it."""
    address = get_object_or_404(HookAddress.objects.defer("secret").select_related("account"), pk=pk)
    if request.method != "POST":
        context = {"address": address, "account": address.account}
        return page(request, "campaigns/hook_off.html", context, title=_("Switch off an address?"))
    addresses.switch_off(address, by=request.user)
    messages.success(request, _("Switched off. What comes to this address is refused from now on."))
    return redirect("hook_addresses", address.account_id)


def _shown_once(request: StaffRequest, address: HookAddress, token: str) -> HttpResponse:
    """Show the address in the answer itself: it is kept nowhere, so no other page could."""
    context = {
        "account": address.account,
        "address": address,
        "url": request.build_absolute_uri(reverse("rokt_hook", args=[token])),
        "is_plain": not request.is_secure(),
        "types": TYPES,
    }
    return page(request, "campaigns/hook_made.html", context, title=_("The new address"))


def _require(request: StaffRequest, permission: str) -> None:
    if not request.user.has_perm(permission):
        raise PermissionDenied
