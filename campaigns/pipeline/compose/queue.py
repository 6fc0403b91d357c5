"""Sends begin: drafted for the review, and queued once everybody has been checked."""

import uuid
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.models import DryRun, Event, Segment, Send
from campaigns.models.clock import now
from campaigns.pipeline import dryrun, plan, validate
from campaigns.pipeline.compose.actions import Verb, enter, one_decision_at_a_time
from campaigns.pipeline.compose.errors import NotPossibleError
from campaigns.pipeline.render import Content
from campaigns.segments import nesting, rules

MOST_GROWTH = (
    2  # times as many people as were checked; a few who came since are written when it is their turn
)
TIME_TO_CLEAN_UP = timedelta(days=30)  # an entry may be removed even after its event


def draft(event: Event, kind: Send.Kind) -> Send:
    """Return a send of the event as it is now, not saved: for the review page, and to be queued."""
    content = Content.of(event, kind)
    segment = event.campaign.segment if kind == Send.Kind.CREATE else None
    _start, end = validate.instants(content)
    return Send(
        event=event,
        account=event.account,
        segment=segment,
        segment_version=segment.version if segment else None,
        kind=kind,
        content=content.to_json(),
        rule=copied(segment) if segment else None,
        deliver_until=end + TIME_TO_CLEAN_UP if kind == Send.Kind.CANCEL else end,
    )


def choose_audience(send: Send, segment: Segment) -> None:
    """Give a drafted send another audience than its campaign's."""
    send.segment, send.segment_version, send.rule = segment, segment.version, copied(segment)


def start_small(send: Send, *, count: int, percent: int) -> None:
    """Let a drafted send begin with ``count`` people, and stop by itself if more than ``percent`` of 100 fail."""
    if count < 1:
        raise NotPossibleError(_("Start with at least one person, or with everybody."))
    if not 0 <= percent <= 100:
        raise NotPossibleError(_("How many per cent may fail is a number from 0 to 100."))
    send.canary_count, send.canary_percent = count, percent


def copied(segment: Segment) -> dict[str, Any]:
    """Return what a segment means by itself, with the segments inside it; as it is stored where that is no rule."""
    try:
        return nesting.resolved(segment.rule)
    except rules.RuleError:  # the review says so
        stored: dict[str, Any] = segment.rule
        return stored


class LeaveOut(NamedTuple):
    """Why a send goes out without those who cannot be sent to; ``seen`` is the dry run this was said of, if any."""

    reason: str = ""
    seen: int | None = None


NOBODY = LeaveOut()


@transaction.atomic
def queue(
    send: Send,
    *,
    by: User,
    scheduled_at: datetime,
    zone: str = "",
    submit_token: uuid.UUID,
    leave_out: LeaveOut = NOBODY,
) -> Send:
    """Queue a drafted send; the same ``submit_token`` twice is one send (double click, reload, two tabs).

    It takes a finished dry run of this content and audience. Where that found people who cannot be sent to,
    ``leave_out`` says why the send goes out without them; the history keeps it.
    Raises ``NotPossibleError`` with every reason that keeps the send back.
    """
    one_decision_at_a_time(send)
    if before := Send.objects.filter(submit_token=submit_token).first():
        return before
    people = plan.plan(send)
    problems = validate.send_problems(send, people, starts_at=max(scheduled_at, now()))
    if blocking := [problem.message for problem in problems if problem.blocks]:
        raise NotPossibleError(" ".join(blocking))
    send.state = Send.State.REQUESTED if send.account.needs_approval else Send.State.SCHEDULED
    send.scheduled_at, send.scheduled_timezone = scheduled_at, zone
    send.submit_token, send.created_by = submit_token, by
    _accept(send, _checked(send, people_count=people.to_send_count), leave_out)
    send.save()
    enter(send, Verb.QUEUED, by, note=send.leave_out_reason, delivery_count=_left_out_count(send))
    return send


def _checked(send: Send, *, people_count: int) -> DryRun:
    """Return the dry run that the send relies on; ``people_count`` would be sent to now."""
    found = dryrun.latest(send)
    if found is None or found.state != DryRun.State.FINISHED:
        raise NotPossibleError(
            _("Everybody has to be checked before the send: start the check, and wait for it.")
        )
    if people_count > MOST_GROWTH * found.people_count:
        raise NotPossibleError(
            _("Only %(checked)s of %(now)s people have been checked. Check again.")
            % {"checked": f"{found.people_count:,}", "now": f"{people_count:,}"}
        )
    if found.failing_count and not found.ready_count:
        raise NotPossibleError(_("Nobody would get this event: there is nobody whom it can be sent to."))
    return found


def _accept(send: Send, checked: DryRun, leave_out: LeaveOut) -> None:
    """Take a dry run for the proof that a send may go out."""
    reason = leave_out.reason.strip()[:300]
    if checked.failing_count and leave_out.seen not in (None, checked.pk):
        raise NotPossibleError(_("Everybody was checked again since you looked. Look again, then send."))
    if checked.failing_count and not reason:
        message = ngettext(
            "%(count)s person cannot be sent to. Mend that, or say why the send goes out without this person.",
            "%(count)s people cannot be sent to. Mend that, or say why the send goes out without them.",
            checked.failing_count,
        )
        raise NotPossibleError(message % {"count": f"{checked.failing_count:,}"})
    send.dry_run = checked
    send.leave_out_reason = reason if checked.failing_count else ""
    if checked.latest_end_at is not None:
        send.deliver_until = max(send.deliver_until, checked.latest_end_at)


def _left_out_count(send: Send) -> int | None:
    return send.dry_run.failing_count if send.dry_run and send.leave_out_reason else None
