"""All sends held, and let go: what waits, what may happen, and who released it before."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from campaigns import keeping, tasks
from campaigns.keeping import halts
from campaigns.models import Halt
from campaigns.models.clock import now
from campaigns.views.actions import StaffRequest
from campaigns.views.page import page

RELEASE = "campaigns.release_halt"
SHOWN_COUNT = 20


@permission_required("campaigns.view_halt", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def halt(request: StaffRequest) -> HttpResponse:
    """Show what is held; a post releases it, or holds everything."""
    if request.method == "POST":
        if not request.user.has_perm(RELEASE):
            raise PermissionDenied
        if _act(request):
            return redirect("halt")
    return page(request, "campaigns/halt.html", _context(request), title=_("Held sends"))


def _context(request: StaffRequest) -> dict[str, Any]:
    past = Halt.objects.exclude(released_at=None).select_related("made_by", "released_by")
    return {
        "waiting": halts.waiting(),
        "at": now(),
        "past": past[:SHOWN_COUNT],
        "may_release": request.user.has_perm(RELEASE),
        "note": request.POST.get("note", ""),
        "note_length": halts.NOTE_LENGTH,
    }


def _act(request: StaffRequest) -> bool:
    """Do what was asked for; False where something is missing."""
    note = request.POST.get("note", "").replace("\0", "").strip()
    if not note:
        messages.error(request, _("Say why: the history keeps it."))
        return False
    if request.POST.get("action") == "hold":
        halts.halt(by=request.user, note=note)
        messages.success(request, _("Nothing more leaves; calls that are on the wire still end."))
        return True
    _release(request, note)
    return True


def _release(request: StaffRequest, note: str) -> None:
    found = keeping.open_halt()
    if found is None or request.POST.get("halt") != str(found.pk):
        messages.error(request, _("Somebody else has released this already; look at it again."))
        return
    count = halts.waiting().send_count
    halts.release(by=request.user, note=note)
    tasks.look_now()
    said = ngettext("Released: %(count)s send goes on.", "Released: %(count)s sends go on.", count)
    messages.success(request, said % {"count": f"{count:,}"})
