"""Sends: one run of an event to a frozen audience, with its books and what people did to it."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.models.accounts import Account
from campaigns.models.campaign import Event
from campaigns.models.dryruns import DryRun
from campaigns.models.segments import Segment
from campaigns.models.states import DeliveryState


class Send(models.Model):
    """One run of an event to a frozen audience.

    ``content`` and ``rule`` are copies: editing the event or the segment later changes neither what is sent
    nor to whom. A test goes to recipients that somebody chose, never to the audience. The counts are kept in
    step with the deliveries by the code that changes them; together they are the books.

    ``canary_count`` people go first, if given; while ``held_after_id`` is set, deliveries with a greater id wait
    for what comes of them.
    """

    class Kind(models.TextChoices):
        CREATE = "create", _("new event")
        UPDATE = "update", _("update")
        CANCEL = "cancel", _("cancellation")

    class State(models.TextChoices):
        REQUESTED = "requested", _("waiting for release")
        SCHEDULED = "scheduled", _("scheduled")
        SENDING = "sending", _("sending")
        PAUSED = "paused", _("paused")
        FINISHED = "finished", _("finished")
        CANCELLED = "cancelled", _("cancelled")

    OPEN_STATES = (State.REQUESTED, State.SCHEDULED, State.SENDING, State.PAUSED)
    # Somebody has no final state yet, be the send itself open, or cancelled with doubts left.
    UNSETTLED = models.Q(queued_count__gt=0) | models.Q(sending_count__gt=0) | models.Q(in_doubt_count__gt=0)

    event = models.ForeignKey(Event, models.PROTECT, related_name="sends", verbose_name=_("event"))
    account = models.ForeignKey(Account, models.PROTECT, related_name="sends", verbose_name=_("account"))
    segment = models.ForeignKey(
        Segment, models.PROTECT, null=True, blank=True, related_name="sends", verbose_name=_("segment")
    )
    segment_version = models.PositiveIntegerField(_("version of the segment"), null=True)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    state = models.CharField(_("state"), max_length=10, choices=State)
    content = models.JSONField(_("content"))
    rule = models.JSONField(_("audience rule"), null=True)
    is_test = models.BooleanField(_("test"), default=False, db_default=False)
    dry_run = models.ForeignKey(
        DryRun, models.PROTECT, null=True, blank=True, related_name="sends", verbose_name=_("dry run")
    )
    leave_out_reason = models.CharField(
        _("why those who cannot be sent to are left out"),
        max_length=300,
        blank=True,
        default="",
        db_default="",
    )
    scheduled_at = models.DateTimeField(_("scheduled for"))
    scheduled_timezone = models.CharField(_("in the zone"), max_length=64, blank=True)
    deliver_until = models.DateTimeField(_("too late after"))
    canary_count = models.PositiveIntegerField(_("people to start with"), null=True, blank=True)
    canary_percent = models.PositiveSmallIntegerField(
        _("stops if more per cent of them fail"), null=True, blank=True
    )
    held_after_id = models.BigIntegerField(null=True, blank=True, editable=False)
    submit_token = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("queued by")
    )
    created_at = models.DateTimeField(_("queued"), auto_now_add=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("released by")
    )
    approved_at = models.DateTimeField(_("released"), null=True)
    started_at = models.DateTimeField(_("started"), null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)
    moved_at = models.DateTimeField(_("last progress"), null=True, editable=False)
    audience_count = models.PositiveIntegerField(_("people"), default=0)
    queued_count = models.PositiveIntegerField(_("waiting"), default=0)
    sending_count = models.PositiveIntegerField(_("being sent"), default=0)
    accepted_count = models.PositiveIntegerField(_("accepted"), default=0)
    confirmed_count = models.PositiveIntegerField(_("confirmed"), default=0)
    failed_count = models.PositiveIntegerField(_("failed"), default=0)
    expired_count = models.PositiveIntegerField(_("too late"), default=0)
    skipped_count = models.PositiveIntegerField(_("skipped"), default=0)
    cancelled_count = models.PositiveIntegerField(_("cancelled"), default=0)
    in_doubt_count = models.PositiveIntegerField(_("in doubt"), default=0)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("send")
        verbose_name_plural = _("sends")
        permissions = [
            ("release_send", _("Can release a send that waits for a second person")),
            ("decide_delivery", _("Can decide deliveries that are in doubt")),
        ]
        indexes = [
            models.Index(fields=["state", "scheduled_at"], name="send_due"),
            models.Index(fields=["account", "state"], name="send_account_state"),
        ]
        constraints = [
            models.CheckConstraint(
                name="send_books_balance",
                condition=Q(
                    audience_count=models.F("queued_count")
                    + models.F("sending_count")
                    + models.F("accepted_count")
                    + models.F("confirmed_count")
                    + models.F("failed_count")
                    + models.F("expired_count")
                    + models.F("skipped_count")
                    + models.F("cancelled_count")
                    + models.F("in_doubt_count")
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.content.get('title', '')}"

    @property
    def books(self) -> dict[DeliveryState, int]:
        """How many deliveries are in each state."""
        return {state: getattr(self, f"{state.value}_count") for state in DeliveryState}


class SendAction(models.Model):
    """What somebody did to a send, or (``by`` is null) what it did by itself: it started, stopped or went on.

    ``verdict`` is what was decided about deliveries in doubt; ``DoubtDecision`` names them.
    """

    class Verb(models.TextChoices):
        QUEUED = "queued", _("queued")
        RELEASED = "released", _("released")
        DECLINED = "declined", _("declined")
        MOVED = "moved", _("moved")
        STARTED = "started", _("started")
        PAUSED = "paused", _("paused")
        RESUMED = "resumed", _("resumed")
        CANCELLED = "cancelled", _("cancelled")
        RETRIED = "retried", _("retried")
        DECIDED = "decided", _("decided")
        STOPPED = "stopped", _("stopped by itself")
        WENT_ON = "went_on", _("went on by itself")

    class Verdict(models.TextChoices):
        NONE = "", ""
        ARRIVED = "arrived", _("it arrived")
        AGAIN = "again", _("send again")
        LOOK = "look", _("look again now")
        GIVEN_UP = "given_up", _("given up: counts as failed")

    send = models.ForeignKey(Send, models.PROTECT, related_name="actions", verbose_name=_("send"))
    verb = models.CharField(_("action"), max_length=10, choices=Verb)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("by")
    )
    at = models.DateTimeField(_("at"), auto_now_add=True)
    note = models.CharField(_("note"), max_length=500, blank=True)
    verdict = models.CharField(
        _("verdict"), max_length=8, choices=Verdict, blank=True, default=Verdict.NONE, db_default=""
    )
    delivery_count = models.PositiveIntegerField(_("deliveries"), null=True)

    class Meta:
        ordering = ["id"]
        verbose_name = _("action")
        verbose_name_plural = _("actions")

    def __str__(self) -> str:
        return f"{self.get_verb_display()} {self.at:%Y-%m-%d %H:%M}"
