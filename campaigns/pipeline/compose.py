"""Stage 1, compose: what staff do. Write events, queue sends, move, release, pause, resume, cancel, retry."""

import itertools
import uuid
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.models import Campaign, Event, Segment, Send, SendAction
from campaigns.models.clock import now
from campaigns.pipeline import plan, record, validate
from campaigns.pipeline.render import Content, content_of

Verb = SendAction.Verb

TIME_TO_CLEAN_UP = timedelta(days=30)  # an entry may be removed even after its event


class NotPossibleError(Exception):
    """The action does not fit what the thing is now; the message says so to staff."""


class StaleEventError(NotPossibleError):
    """Somebody else has saved the event since this form was opened."""


@transaction.atomic
def save_event(event: Event, *, expected_version: int | None = None) -> Event:
    """Save an event; ``expected_version`` is the one that the form was opened with.

    Raises ``StaleEventError`` when the event has changed since then; nothing is lost on either side.
    """
    event.account = event.campaign.account
    if event.pk is not None:
        current = Event.objects.select_for_update().get(pk=event.pk).version
        if current != expected_version:
            raise StaleEventError(_("Somebody else has changed this event since you opened it."))
        event.version = current + 1
    event.save()
    return event


def free_event_id(campaign: Campaign, *, like: str = "Event_0001") -> str:
    """Return ``like``, or the next id counted up from it that is free in the account."""
    taken = set(Event.objects.filter(account=campaign.account).values_list("event_id", flat=True))
    stem = like.rstrip("0123456789")
    digits = like[len(stem) :]
    counted = (
        f"{stem}{number:0{len(digits)}}" if digits else f"{stem}-{number}"
        for number in itertools.count(int(digits or 1) + 1)
    )
    return next(event_id for event_id in itertools.chain([like], counted) if event_id not in taken)


def duplicate_event(event: Event) -> Event:
    """Copy an event within its campaign, under a free id."""
    event_id = free_event_id(event.campaign, like=event.event_id)
    return Event.objects.create(
        campaign=event.campaign,
        account=event.account,
        **{**Content.of(event).to_json(), "event_id": event_id}
        | {"start_local": event.start_local, "end_local": event.end_local},
    )


def draft(event: Event, kind: Send.Kind) -> Send:
    """Return a send of the event as it is now, not saved: for the review page, and to be queued."""
    content = Content.of(event)
    segment = event.campaign.segment if kind == Send.Kind.CREATE else None
    _start, end = validate.instants(content)
    return Send(
        event=event,
        account=event.account,
        segment=segment,
        kind=kind,
        content=content.to_json(),
        rule=segment.rule if segment else None,
        deliver_until=end + TIME_TO_CLEAN_UP if kind == Send.Kind.CANCEL else end,
    )


def choose_audience(send: Send, segment: Segment) -> None:
    """Give a drafted send another audience than its campaign's."""
    send.segment, send.rule = segment, segment.rule


@transaction.atomic
def queue(send: Send, *, by: User, scheduled_at: datetime, zone: str = "", submit_token: uuid.UUID) -> Send:
    """Queue a drafted send; the same ``submit_token`` twice is one send (double click, reload, two tabs).

    Raises ``NotPossibleError`` with every reason that keeps the send back.
    """
    _one_decision_at_a_time(send)
    if before := Send.objects.filter(submit_token=submit_token).first():
        return before
    problems = validate.send_problems(send, plan.plan(send), starts_at=max(scheduled_at, now()))
    if blocking := [problem.message for problem in problems if problem.blocks]:
        raise NotPossibleError(" ".join(blocking))
    send.state = Send.State.REQUESTED if send.account.needs_approval else Send.State.SCHEDULED
    send.scheduled_at, send.scheduled_timezone = scheduled_at, zone
    send.submit_token, send.created_by = submit_token, by
    send.save()
    _note(send, Verb.QUEUED, by)
    return send


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
    _one_decision_at_a_time(send)
    if send.state not in (Send.State.SENDING, Send.State.PAUSED, Send.State.FINISHED):
        raise NotPossibleError(
            _("A send that is %(state)s has nothing to retry.") % {"state": send.get_state_display()}
        )
    if send.deliver_until <= now():
        raise NotPossibleError(_("The event is over: it is too late to try again."))
    later = send.event.sends.filter(pk__gt=send.pk).exclude(state=Send.State.CANCELLED, started_at=None)
    if newer := later.last():
        raise NotPossibleError(
            _("Send #%(number)s of this event is newer: those who failed here get the event by a new send.")
            % {"number": newer.pk}
        )
    count = record.requeue_failed(send, reasons=reasons)
    _note(send, Verb.RETRIED, by, note=", ".join(reasons), delivery_count=count)
    return count


def decide(send: Send, *, by: User, ids: Collection[int], arrived: bool, note: str) -> int:
    """Settle deliveries in doubt by hand: they arrived, or they are sent again; return how many."""
    if not note.strip():
        raise NotPossibleError(_("Say why: the history keeps it."))
    count = record.decide(send, ids=ids, arrived=arrived, content_of=content_of)
    _note(send, Verb.DECIDED, by, note=note, delivery_count=count)
    return count


def _one_decision_at_a_time(send: Send) -> None:
    """Lock the event of a send until the commit; workers, who only refer to it, go on."""
    Event.objects.select_for_update(no_key=True).get(pk=send.event_id)


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
    _note(send, verb, by, note=note)
    send.refresh_from_db()


def _note(send: Send, verb: Verb, by: User, *, note: str = "", delivery_count: int | None = None) -> None:
    SendAction.objects.create(send=send, verb=verb, by=by, note=note[:500], delivery_count=delivery_count)
