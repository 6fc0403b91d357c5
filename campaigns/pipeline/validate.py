"""Stage 2, validate: every reason why a send may not go out, or should be looked at first. Writes nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns import liquid, timezones
from campaigns.models import Account, Event, Send
from campaigns.models.clock import now
from campaigns.pipeline import audience, event_ids, raw
from campaigns.pipeline.plan import Plan
from campaigns.pipeline.render import Content, WebhookText

TEXTS = ("title", "description", "location")
TIMES = ("timezone", "start_local", "end_local")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where, what, and the page that mends it. Only ``blocks`` keeps a send back."""

    field: str
    code: str
    message: str
    link: str = ""
    blocks: bool = True


def content_problems(content: Content, *, account: Account, event_pk: int | None = None) -> list[Problem]:
    """Return what is wrong with an event by itself, whoever gets it and whenever."""
    wrong = event_ids.faults(content.event_id, account=account, event_pk=event_pk)
    return [
        *(Problem("event_id", code, message) for code, message in wrong),
        *(_webhook_problems(content.webhook) if content.webhook else _text_problems(content)),
        *_time_problems(content),
    ]


def _text_problems(content: Content) -> Iterator[Problem]:
    if not content.title.strip():
        yield Problem("title", "required", _("Give the event a title."))
    for name in TEXTS:
        try:
            liquid.parse(getattr(content, name))
        except liquid.LiquidError as error:
            yield Problem(name, "liquid", str(error))


def _webhook_problems(hook: WebhookText) -> Iterator[Problem]:
    for fault in raw.faults(hook):
        yield Problem("webhook", fault.code, f"{fault.part}: {fault.message}")


def _time_problems(content: Content) -> Iterator[Problem]:
    try:
        start, end = instants(content)
    except timezones.UnknownZoneError:
        yield Problem("timezone", "unknown", _("Choose a time zone from the list."))
        return
    if end < start:
        yield Problem("end_local", "order", _("The end lies before the start."))
    elif end == start:
        yield Problem(
            "end_local", "no_length", _("Start and end are the same: the event has no length."), blocks=False
        )


def instants(content: Content) -> tuple[datetime, datetime]:
    """Return start and end as instants (aware, UTC)."""
    start = datetime.fromisoformat(content.start_local)
    end = datetime.fromisoformat(content.end_local)
    return (
        timezones.localize(start, content.timezone, fold=content.start_fold),
        timezones.localize(end, content.timezone, fold=content.end_fold),
    )


def send_problems(send: Send, plan: Plan, *, starts_at: datetime) -> list[Problem]:
    """Return everything that speaks against starting this send at ``starts_at``."""
    content = Content.from_json(send.content)
    problems = content_problems(content, account=send.account, event_pk=send.event_id)
    if any(problem.field in TIMES and problem.blocks for problem in problems):
        return problems
    return [
        *problems,
        *_outdated_problems(send),
        *_account_problems(send.account),
        *_order_problems(send),
        *_audience_problems(send, plan),
        *_moment_problems(content, plan, kind=send.kind, starts_at=starts_at),
    ]


def trial_problems(send: Send) -> list[Problem]:
    """Return everything that speaks against a test now; whom it goes to is looked at apart."""
    over = Problem("end_local", "over", _("The event is over: it is too late for a test."))
    return [
        *content_problems(Content.from_json(send.content), account=send.account, event_pk=send.event_id),
        *_outdated_problems(send),
        *_account_problems(send.account),
        *_busy_problems(send),
        *([over] if send.deliver_until <= now() else []),
    ]


def _outdated_problems(send: Send) -> Iterator[Problem]:
    """A draft with an id that the event had before would leave entries that nobody finds again."""
    if not Event.objects.filter(pk=send.event_id, event_id=send.content["event_id"]).exists():
        yield Problem(
            "event_id", "changed", _("The event has another id since. Look at it again, then send.")
        )


def _account_problems(account: Account) -> Iterator[Problem]:
    link = reverse("admin:campaigns_account_change", args=[account.pk])
    if not account.client_secret:
        yield Problem("account", "no_secret", _("The account has no client secret yet."), link)
    if account.stopped_at is not None:
        text = _("The account is stopped: %(reason)s") % {"reason": account.stopped_reason}
        yield Problem("account", "stopped", text, link)


def _order_problems(send: Send) -> Iterator[Problem]:
    others = send.event.sends.filter(is_test=False).exclude(pk=send.pk)
    unfinished = others.filter(state__in=Send.OPEN_STATES).first()
    unanswered = others.filter(Send.UNSETTLED).first()
    if unfinished is not None:
        text = _("Send #%(number)s of this event is not finished (%(state)s). Wait for it, or cancel it.")
        yield _about(unfinished, "unfinished", text)
    elif unanswered is not None:
        text = _(
            "Some calls of send #%(number)s of this event have no answer yet. Wait for it, or decide them."
        )
        yield _about(unanswered, "unanswered", text)


def _busy_problems(send: Send) -> Iterator[Problem]:
    """A test and another send never change one entry at a time."""
    real = send.event.sends.filter(Send.UNSETTLED, is_test=False).first()
    if busy := real or audience.tests_on_their_way(send).first():
        text = _(
            "Send #%(number)s of this event is on its way. Wait for it, cancel it, or decide what is left."
        )
        yield _about(busy, "busy", text)


def _about(other: Send, code: str, text: str) -> Problem:
    words = {"number": other.pk, "state": other.get_state_display()}
    return Problem("event", code, text % words, reverse("send_detail", args=[other.pk]))


def _audience_problems(send: Send, plan: Plan) -> Iterator[Problem]:
    if send.kind == Send.Kind.CREATE and send.segment is None:
        yield Problem(
            "segment",
            "required",
            _("Choose an audience for the campaign."),
            reverse("campaign_edit", args=[send.event.campaign_id]),
        )
    elif plan.to_send_count == 0:
        yield Problem("segment", "nobody", _nobody(send, plan))
    if plan.without_id_count:
        text = ngettext(
            "%(count)s person has no known subscription id and will be skipped.",
            "%(count)s people have no known subscription id and will be skipped.",
            plan.without_id_count,
        )
        shown = f"{plan.without_id_count:,}"
        yield Problem("segment", "no_subscription_id", text % {"count": shown}, blocks=False)
    if plan.already_received_count:
        text = ngettext(
            "%(count)s person already has this event and will be skipped. Send an update to change it.",
            "%(count)s people already have this event and will be skipped. Send an update to change it.",
            plan.already_received_count,
        )
        shown = f"{plan.already_received_count:,}"
        yield Problem("segment", "already_received", text % {"count": shown}, blocks=False)


def _nobody(send: Send, plan: Plan) -> str:
    if send.kind != Send.Kind.CREATE:
        return _("Nobody has this event on the calendar, so there is nothing to change.")
    if plan.people_count:
        return _("Nobody would get this event: everybody in the audience is skipped.")
    return _("Nobody in this account matches the audience.")


def _moment_problems(content: Content, plan: Plan, *, kind: str, starts_at: datetime) -> Iterator[Problem]:
    start, end = instants(content)
    done_at = starts_at + plan.duration
    if kind == Send.Kind.CANCEL:
        return
    if end <= starts_at:
        yield Problem("end_local", "over", _("The event is over before the send begins."))
    elif start <= starts_at:
        yield Problem("start_local", "begun", _("The event has begun before the send begins."), blocks=False)
    elif done_at > start:
        yield Problem(
            "scheduled_at",
            "too_slow",
            ngettext(
                "At %(rate)s call a second the last people are reached after the event has begun.",
                "At %(rate)s calls a second the last people are reached after the event has begun.",
                plan.rate_per_second,
            )
            % {"rate": plan.rate_per_second},
            blocks=False,
        )
    elif start - timedelta(minutes=content.notify_before_minutes) <= done_at:
        yield Problem(
            "notify_before_minutes",
            "alarm_gone",
            _("The time of the reminder is over before everybody has the event."),
            blocks=False,
        )
