"""What is looked at before a send is queued: who, what, from where, and what speaks against it."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from campaigns import liquid
from campaigns.models import Event, Send, Subscriber, Subscription
from campaigns.pipeline import audience, plan, preview, render, validate
from campaigns.segments import rules

TOKENS = uuid.UUID("6f0a4c0e-95f7-4c3e-9d61-2f2b7a1f9b55")


@dataclass(frozen=True, slots=True)
class Example:
    """One person's call as it would leave, or the reason why there would be none."""

    person: Subscriber
    preview: preview.Preview | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One field of an event that differs from what was sent before."""

    field: Any
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Review:
    """A send that is not queued yet, and everything there is to say about it at this moment."""

    send: Send
    plan: plan.Plan
    problems: list[validate.Problem]
    audience: str
    example: Example | None
    previous: Send | None
    changes: list[Change]

    @property
    def blocking(self) -> list[validate.Problem]:
        """What keeps the send back."""
        return [problem for problem in self.problems if problem.blocks]

    @property
    def warnings(self) -> list[validate.Problem]:
        """What should be looked at first."""
        return [problem for problem in self.problems if not problem.blocks]


def review(send: Send, *, by: User, starts_at: datetime) -> Review:
    """Look at a drafted send as if it were started at ``starts_at``."""
    try:
        words = rules.sentence(rules.parse(send.rule)) if send.rule is not None else ""
        people = _plan(send)
        fault: list[validate.Problem] = []
        example = _example(send)
    except rules.RuleError as error:
        words, people, example = "", _nobody(send), None
        fault = [validate.Problem("segment", "rule", _("The audience is not understood: %s") % error)]
    found = validate.send_problems(send, people, starts_at=starts_at)
    previous = _real(send.event).exclude(started_at=None).order_by("-pk").first() if send.event.pk else None
    return Review(
        send=send,
        plan=people,
        problems=[_with_link(problem, send, by=by) for problem in fault or found],
        audience=words,
        example=example,
        previous=previous,
        changes=_changes(send, previous) if previous and send.kind == Send.Kind.UPDATE else [],
    )


def submit_token(event: Event, kind: str) -> uuid.UUID:
    """Return the token of the next send of an event: the same in every tab, until there is a send with it."""
    return uuid.uuid5(TOKENS, f"{event.pk}/{kind}/{_real(event).count()}")


def _real(event: Event) -> QuerySet[Send]:
    """Return the sends of an event to its audience; a test is not the event."""
    return event.sends.filter(is_test=False)


def seen(event: Event) -> str:
    """Name what a reviewer looks at: the versions of the event and of the audience."""
    segment = event.campaign.segment
    return f"{event.version}/{segment.pk if segment else 0}/{segment.version if segment else 0}"


def _plan(send: Send) -> plan.Plan:
    without_audience = send.kind == Send.Kind.CREATE and send.segment is None
    return _nobody(send) if without_audience else plan.plan(send)


def _nobody(send: Send) -> plan.Plan:
    return plan.Plan(0, 0, 0, send.account.rate_per_second)


def _example(send: Send) -> Example | None:
    """Return the call of the first person who would get one."""
    person, subscriptions = _first(send)
    return example(send, person, subscriptions) if person else None


def example(send: Send, person: Subscriber, subscriptions: Sequence[Subscription]) -> Example:
    """Return the call of a drafted send for one person, or why there would be none."""
    try:
        shown = preview.preview(
            render.Content.from_json(send.content),
            account=send.account,
            kind=send.kind,
            subscriber=person,
            subscriptions=subscriptions,
        )
    except (render.RenderError, liquid.LiquidError) as error:
        return Example(person, None, str(error))
    return Example(person, shown)


def _first(send: Send) -> tuple[Subscriber | None, list[Subscription]]:
    if send.kind != Send.Kind.CREATE:
        row = audience.people_to_change(send).order_by("person").first()
        return (Subscriber.objects.filter(pk=row["person"]).first() if row else None), []
    if send.segment is None:
        return None, []
    matching = audience.matching(send).exclude(rokt_id="").select_related("subscriber")
    having = audience.who_have_it(send).values("subscriber")
    first = matching.exclude(subscriber__in=having).order_by("subscriber").first()
    if first is None:
        return None, []
    theirs = first.subscriber.subscriptions.open_to(send.account)
    return first.subscriber, list(
        theirs if send.content.get("webhook") else matching.filter(subscriber=first.subscriber)
    )


def _changes(send: Send, previous: Send) -> list[Change]:
    changes = [
        Change(_label(name), previous.content.get(name), value)
        for name, value in send.content.items()
        if previous.content.get(name) != value and not name.endswith("_fold") and name != "webhook"
    ]
    if previous.content.get("webhook") != send.content.get("webhook"):
        changes.append(Change(_("webhook"), _("its text then"), _("another text")))
    return changes


def _label(name: str) -> Any:
    return next(field.verbose_name for field in Event._meta.fields if field.name == name)


def _with_link(problem: validate.Problem, send: Send, *, by: User) -> validate.Problem:
    """Lead to the page that mends it, for those who may open that page."""
    if problem.field == "account" and not by.has_perm("campaigns.change_account"):
        return replace(problem, link="", message=f"{problem.message} {_('An admin has to mend this.')}")
    if problem.link or problem.field == "scheduled_at":
        return problem
    if problem.field == "segment":
        return replace(problem, link=_audience_page(send))
    return replace(problem, link=reverse("event_edit", args=[send.event_id]))


def _audience_page(send: Send) -> str:
    if send.segment_id:
        return reverse("segment_edit", args=[send.segment_id])
    return reverse("campaign_detail", args=[send.event.campaign_id])
