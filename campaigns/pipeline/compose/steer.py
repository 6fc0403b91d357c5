"""Sends under way: released, declined, moved, paused, resumed, cancelled, retried."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.models import Send, SendAction
from campaigns.models.clock import now
from campaigns.pipeline import audience, record
from campaigns.pipeline.compose.actions import Verb, enter, one_decision_at_a_time
from campaigns.pipeline.compose.errors import NotPossibleError


def release(send: Send, *, by: User) -> None:
    """Let a send go that waited for a second person."""
    if send.created_by_id == by.pk:
        raise NotPossibleError(_("Somebody else than the person who queued it has to release a send."))
    _turn(
        send,
        {Send.State.REQUESTED},
        Verb.RELEASED,
        by,
        state=Send.State.SCHEDULED,
        approved_by=by,
        approved_at=now(),
    )


def decline(send: Send, *, by: User, note: str = "") -> None:
    """Turn a send down that waited for a second person."""
    _turn(
        send,
        {Send.State.REQUESTED},
        Verb.DECLINED,
        by,
        note=note,
        state=Send.State.CANCELLED,
        finished_at=now(),
    )


def move(send: Send, *, by: User, scheduled_at: datetime, zone: str) -> None:
    """Give a send that has not started another time; one that was released has to be released again."""
    if scheduled_at >= send.deliver_until:
        raise NotPossibleError(_("The event is over by then."))
    waiting = {Send.State.REQUESTED, Send.State.SCHEDULED}
    columns: dict[str, Any] = {"scheduled_at": scheduled_at, "scheduled_timezone": zone}
    if send.approved_by_id is not None:
        columns |= {"state": Send.State.REQUESTED, "approved_by": None, "approved_at": None}
    _turn(send, waiting, Verb.MOVED, by, **columns)


def pause(send: Send, *, by: User) -> None:
    """Hold a send from its next batch on; nothing is lost."""
    _turn(send, {Send.State.SENDING}, Verb.PAUSED, by, state=Send.State.PAUSED)


@transaction.atomic
def resume(send: Send, *, by: User) -> None:
    """Go on with a paused send; nobody is sent to twice, and nobody is skipped."""
    _turn(send, {Send.State.PAUSED}, Verb.RESUMED, by, state=Send.State.SENDING)
    record.finish(send)


def cancel(send: Send, *, by: User) -> int:
    """End a send for good; return how many deliveries were still waiting and are cancelled now."""
    open_states = set(Send.OPEN_STATES)
    _turn(send, open_states, Verb.CANCELLED, by, state=Send.State.CANCELLED, finished_at=now())
    count = record.cancel_waiting(
        send
    )  # a second step: whatever is missed by a crash here, the clock tidies up
    SendAction.objects.filter(send=send, verb=Verb.CANCELLED).update(delivery_count=count)
    return count


@transaction.atomic
def retry_failed(send: Send, *, by: User, reasons: Collection[str] = ()) -> int:
    """Queue the failed deliveries again, all or those with one of ``reasons``; return how many."""
    one_decision_at_a_time(send)
    if send.state not in (Send.State.SENDING, Send.State.PAUSED, Send.State.FINISHED):
        raise NotPossibleError(
            _("A send that is %(state)s has nothing to retry.") % {"state": send.get_state_display()}
        )
    if send.is_test:
        raise NotPossibleError(_("A test is not retried: send another test instead."))
    if send.deliver_until <= now():
        raise NotPossibleError(_("The event is over: it is too late to try again."))
    later = send.event.sends.filter(pk__gt=send.pk, is_test=False).exclude(
        state=Send.State.CANCELLED, started_at=None
    )
    if newer := later.last():
        raise NotPossibleError(
            _("Send #%(number)s of this event is newer: those who failed here get the event by a new send.")
            % {"number": newer.pk}
        )
    if test := audience.tests_on_their_way(send).first():
        raise NotPossibleError(
            _("Test #%(number)s of this event is still on its way. Try again when it is through.")
            % {"number": test.pk}
        )
    count = record.requeue_failed(send, reasons=reasons)
    enter(send, Verb.RETRIED, by, note=", ".join(reasons), delivery_count=count)
    return count


@transaction.atomic
def _turn(
    send: Send, states: Collection[Send.State], verb: Verb, by: User, *, note: str = "", **columns: Any
) -> None:
    """Change a send that is in one of ``states``; the condition is part of the update, so nobody overtakes it."""
    if not Send.objects.filter(pk=send.pk, state__in=states).update(**columns):
        send.refresh_from_db()
        raise NotPossibleError(
            _("This send is %(state)s: that is not possible any more.") % {"state": send.get_state_display()}
        )
    enter(send, verb, by, note=note)
    send.refresh_from_db()
