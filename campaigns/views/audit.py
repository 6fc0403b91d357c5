"""The audit chain, checked at a click."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from campaigns import audit
from campaigns.views.actions import StaffRequest

MOST_AT_ONCE = 100_000  # events; somebody waits for the page


@permission_required("campaigns.view_auditevent", raise_exception=True)
@require_POST
def audit_check(request: StaffRequest) -> HttpResponse:
    """Check the whole chain and say what was found; it changes nothing."""
    end = audit.head()
    if end is not None and end.seq > MOST_AT_ONCE:
        text = _("The chain has %(count)s events, too many to check while you wait. Run: manage.py audit")
        messages.warning(request, text % {"count": f"{end.seq:,}"})
        return redirect("admin:campaigns_auditevent_changelist")
    found = audit.check()
    if found.is_whole:
        text = _(
            "All %(count)s events are as they were written, in their order. The seal of the last one: %(seal)s"
        )
        messages.success(request, text % {"count": f"{found.count:,}", "seal": found.hash})
    else:
        text = _(
            "Event %(seq)s is not as it was written: %(why)s. The events before it are. Tell an administrator."
        )
        messages.error(request, text % {"seq": found.bad_seq, "why": found.why})
    return redirect("admin:campaigns_auditevent_changelist")
