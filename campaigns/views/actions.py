"""What somebody does to a send by a button: each returns what to say, or raises ``NotPossibleError``."""

from collections.abc import Callable

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns import tasks
from campaigns.models import Delivery, Entry, Send
from campaigns.models.clock import now
from campaigns.pipeline import compose, record


class StaffRequest(HttpRequest):
    """A request of somebody who has signed in: Django's middleware lets nobody else come this far."""

    user: User


Act = Callable[[Send, StaffRequest], str]

CHANGE, RELEASE = "campaigns.change_send", "campaigns.release_send"


def _pause(send: Send, request: StaffRequest) -> str:
    compose.pause(send, by=request.user)
    return _("Paused. What is on the wire now still arrives; everything else waits.")


def _resume(send: Send, request: StaffRequest) -> str:
    compose.resume(send, by=request.user)
    tasks.look_now()
    return _("It goes on. Nobody is sent to twice, and nobody is left out.")


def _cancel(send: Send, request: StaffRequest) -> str:
    count = compose.cancel(send, by=request.user)
    return ngettext(
        "Cancelled. %(count)s person who was still waiting does not get it.",
        "Cancelled. %(count)s people who were still waiting do not get it.",
        count,
    ) % {"count": f"{count:,}"}


def _retry(send: Send, request: StaffRequest) -> str:
    reason = request.POST.get("reason", "")
    if reason not in Delivery.Reason.values:
        raise compose.NotPossibleError(_("There is no such reason."))
    count = compose.retry_failed(send, by=request.user, reasons=[reason] if reason else [])
    tasks.look_now()
    return ngettext("%(count)s delivery is tried again.", "%(count)s deliveries are tried again.", count) % {
        "count": f"{count:,}"
    }


def _release(send: Send, request: StaffRequest) -> str:
    compose.release(send, by=request.user)
    tasks.look_now()
    return _("Released.")


def _decline(send: Send, request: StaffRequest) -> str:
    if send.created_by_id == request.user.pk:
        raise compose.NotPossibleError(_("This is your own request: cancel it instead."))
    compose.decline(send, by=request.user, note=_note(request))
    return _("Declined. Nothing is sent.")


def _note(request: StaffRequest) -> str:
    return request.POST.get("note", "").replace("\0", "")  # the one character that PostgreSQL does not store


ACTIONS: dict[str, tuple[str, Act]] = {
    "pause": (CHANGE, _pause),
    "resume": (CHANGE, _resume),
    "cancel": (CHANGE, _cancel),
    "retry": (CHANGE, _retry),
    "release": (RELEASE, _release),
    "decline": (RELEASE, _decline),
}


def possible(send: Send, *, user: User) -> set[str]:
    """Return the buttons that somebody has for a send as it is now; those that are not in ``ACTIONS`` are pages."""
    stopped = record.stop_of(send) is not None
    fitting = {
        "pause": send.state == Send.State.SENDING,
        "resume": send.state == Send.State.PAUSED and not stopped,
        "cancel": send.state in Send.OPEN_STATES,
        "retry": bool(send.failed_count) and not send.is_test and _may_retry(send),
        "release": send.state == Send.State.REQUESTED and send.created_by_id != user.pk,
        "decline": send.state == Send.State.REQUESTED and send.created_by_id != user.pk,
    }
    buttons = {name for name, fits in fitting.items() if fits and user.has_perm(ACTIONS[name][0])}
    if stopped and user.has_perm(CHANGE):
        buttons.add("go-on")
    if send.state in (Send.State.REQUESTED, Send.State.SCHEDULED) and user.has_perm(CHANGE):
        buttons.add("move")
    if send.state not in Send.OPEN_STATES and user.has_perm("campaigns.add_send"):
        buttons |= _next_steps(send)
    return buttons


def _next_steps(send: Send) -> set[str]:
    """Return what can follow a send that is over."""
    entries = Entry.objects.filter(event=send.event_id, state=Entry.State.PRESENT, is_test=send.is_test)
    if not send.is_test:
        return {"update", "remove"} if entries.exists() else set()
    reached = entries.filter(subscriber__in=send.deliveries.values("subscriber"))
    return {"test", "remove_test"} if reached.exists() else {"test"}


def _may_retry(send: Send) -> bool:
    states = (Send.State.SENDING, Send.State.PAUSED, Send.State.FINISHED)
    return send.state in states and send.deliver_until > now()
