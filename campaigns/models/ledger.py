"""The ledger: deliveries, attempts, entries. Only the pipeline's record stage writes it.

The database does not check the references between these tables: nothing they point to is ever deleted but a person who
is erased, which takes turns with every freeze (``audience.freeze``). The checks took a third of a send's time.
"""

from typing import TYPE_CHECKING, TypeAlias

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.models.audience import Subscriber
from campaigns.models.campaign import Event
from campaigns.models.sends import Send, SendAction
from campaigns.models.states import DeliveryState

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def ids_in(subscriptions: str) -> list[str]:
    """Return the subscription ids of "0:guid 1:guid", in Braze's order."""
    placed = (item.partition(":") for item in subscriptions.split())
    return [rokt_id for _place, _colon, rokt_id in sorted(placed, key=lambda part: int(part[0]))]


class Delivery(models.Model):
    """One person's part of a send: exactly one row, in exactly one state.

    ``subscriptions`` is the frozen list "0:guid 1:guid" (place in Braze's list, subscription id), written
    by the same statement that makes the row. ``external_id`` outlives the subscriber: the history stays
    readable when the person is erased.
    """

    State: TypeAlias = DeliveryState

    class Reason(models.TextChoices):
        NONE = "", ""
        NO_SUBSCRIPTION_ID = "no_subscription_id", _("no subscription id is known")
        ALREADY_RECEIVED = "already_received", _("already has this event")
        UNCHANGED = "unchanged", _("already has exactly this content")
        TAKEN_OFF = "taken_off", _("took it off their calendar")
        LEFT = "left", _("no longer an active subscriber")
        SUPPRESSED = "suppressed", _("must not get anything")
        UNSUBSCRIBED = "unsubscribed", _("unsubscribed meanwhile")
        RENDERING = "rendering", _("the text could not be filled in")
        LEFT_OUT = "left_out", _("left out by the text itself")
        SET_ASIDE = "set_aside", _("left out on purpose, for it cannot be sent")
        REFUSED = "refused", _("refused by Rokt")
        GAVE_UP = "gave_up", _("gave up after repeated tries")
        EVENT_OVER = "event_over", _("the event was over")
        SEND_CANCELLED = "send_cancelled", _("the send was cancelled")
        WORKER_LOST = "worker_lost", _("the worker stopped before an answer was recorded")
        NO_ANSWER = "no_answer", _("no clear answer came")
        DECIDED = "decided", _("decided by hand")
        KILLED_WORKERS = "killed_workers", _("stopped the worker three times")

    FINAL_STATES = (
        State.ACCEPTED,
        State.CONFIRMED,
        State.FAILED,
        State.EXPIRED,
        State.SKIPPED,
        State.CANCELLED,
    )

    # A call has left and nobody knows what came of it: such a row in doubt, or waiting to be repeated, is no plain row.
    UNANSWERED = (Reason.NO_ANSWER, Reason.WORKER_LOST)
    HAS_ARRIVED = (State.ACCEPTED, State.CONFIRMED)

    send = models.ForeignKey(  # indexed together with the id, for pages of one send
        Send,
        models.PROTECT,
        related_name="deliveries",
        db_index=False,
        db_constraint=False,
        verbose_name=_("send"),
    )
    subscriber = models.ForeignKey(
        Subscriber,
        models.SET_NULL,
        null=True,
        related_name="deliveries",
        db_constraint=False,
        verbose_name=_("subscriber"),
    )
    external_id = models.CharField(_("user id"), max_length=255)
    subscriptions = models.TextField(_("subscriptions"), blank=True)
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.QUEUED)
    reason = models.CharField(_("reason"), max_length=20, choices=Reason, blank=True, default=Reason.NONE)
    detail = models.CharField(_("detail"), max_length=300, blank=True)
    due_at = models.DateTimeField(_("due"), null=True)
    attempt_count = models.PositiveIntegerField(_("attempts"), default=0)
    retry_count = models.PositiveSmallIntegerField(_("retries used"), default=0)
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    changed_at = models.DateTimeField(_("last change"))

    class Meta:
        ordering = ["id"]
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [
            models.UniqueConstraint(fields=["send", "subscriber"], name="one_delivery_per_send_and_person"),
            models.CheckConstraint(
                name="delivery_leased_while_sending",
                condition=~Q(state="sending") | Q(lease_token__isnull=False, lease_until__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["send", "due_at", "id"], name="delivery_queue", condition=Q(state="queued")),
            models.Index(fields=["lease_until"], name="delivery_leases", condition=Q(state="sending")),
            models.Index(fields=["due_at"], name="delivery_doubts", condition=Q(state="in_doubt")),
            models.Index(fields=["send", "id"], name="delivery_by_send"),
            models.Index(fields=["send", "state", "reason", "id"], name="delivery_by_state"),
            models.Index(fields=["external_id", "-id"], name="delivery_by_person"),
        ]

    def __str__(self) -> str:
        return f"{self.external_id}: {self.get_state_display()}"

    @property
    def subscription_ids(self) -> list[str]:
        """The subscription ids this delivery is for, in Braze's order."""
        return ids_in(self.subscriptions)

    @property
    def reason_text(self) -> "StrOrPromise":
        """Why it is in this state, with Rokt's or the engine's own words where there are any."""
        label = self.get_reason_display()
        return f"{label}: {self.detail}" if label and self.detail else label or self.detail


class Attempt(models.Model):
    """One HTTP call made for a delivery; written before the call, closed by its outcome.

    An attempt without an outcome whose lease has run out is what "in doubt" means.
    """

    class Operation(models.TextChoices):
        CREATE = "create", _("create")
        UPDATE = "update", _("update")
        DELETE = "delete", _("delete")
        VERIFY = "verify", _("look whether it arrived")

    class Outcome(models.TextChoices):
        OPEN = "", _("no answer recorded")
        ACCEPTED = "accepted", _("accepted")
        REFUSED = "refused", _("refused")
        RETRY = "retry", _("asked to try again")
        UNAUTHORIZED = "unauthorized", _("token refused")
        FORBIDDEN = "forbidden", _("not allowed")
        NOT_SENT = "not_sent", _("not sent")
        UNKNOWN = "unknown", _("unknown")
        FOUND = "found", _("found on the calendar")
        MISSING = "missing", _("not on the calendar")

    delivery = models.ForeignKey(  # indexed by the unique constraint
        Delivery,
        models.CASCADE,
        related_name="attempts",
        db_index=False,
        db_constraint=False,
        verbose_name=_("delivery"),
    )
    number = models.PositiveIntegerField(_("number"))
    operation = models.CharField(_("operation"), max_length=8, choices=Operation)
    method = models.CharField(_("method"), max_length=8)
    url = models.TextField(_("address"))
    body = models.TextField(_("request"), blank=True)
    lease_token = models.UUIDField()
    opened_at = models.DateTimeField(_("opened"))
    closed_at = models.DateTimeField(_("closed"), null=True)
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome, blank=True, default=Outcome.OPEN)
    status = models.PositiveSmallIntegerField(_("HTTP status"), null=True)
    answer = models.TextField(_("answer"), blank=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    elapsed_ms = models.PositiveIntegerField(_("milliseconds"), null=True)
    is_late = models.BooleanField(
        _("late"), default=False, help_text=_("The outcome came after the lease had run out.")
    )

    class Meta:
        ordering = ["delivery_id", "number"]
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        constraints = [
            models.UniqueConstraint(fields=["delivery", "number"], name="attempt_number_once_per_delivery")
        ]

    def __str__(self) -> str:
        return f"{self.delivery_id}/{self.number}"


class DoubtDecision(models.Model):
    """What somebody decided about one delivery in doubt; who, when and why stand in the action."""

    action = models.ForeignKey(
        SendAction, models.CASCADE, related_name="decisions", db_index=False, verbose_name=_("action")
    )
    delivery = models.ForeignKey(
        Delivery, models.CASCADE, related_name="decisions", verbose_name=_("delivery")
    )

    class Meta:
        ordering = ["id"]
        verbose_name = _("decision about a doubt")
        verbose_name_plural = _("decisions about doubts")

    def __str__(self) -> str:
        return f"{self.delivery_id}/{self.action_id}"


class Entry(models.Model):
    """What is on one person's calendar for one event, as far as is known: the last accepted content.

    ``is_test``: it came by a test send, so the person has not had the event itself.
    """

    class State(models.TextChoices):
        PRESENT = "present", _("on the calendar")
        CANCELLED = "cancelled", _("removed")
        DROPPED = "dropped", _("taken off by the person")

    event = models.ForeignKey(  # indexed by the unique constraint
        Event,
        models.PROTECT,
        related_name="entries",
        db_index=False,
        db_constraint=False,
        verbose_name=_("event"),
    )
    subscriber = models.ForeignKey(
        Subscriber,
        models.CASCADE,
        related_name="entries",
        db_constraint=False,
        verbose_name=_("subscriber"),
    )
    delivery = models.ForeignKey(
        Delivery,
        models.PROTECT,
        related_name="+",
        db_index=False,
        db_constraint=False,
        verbose_name=_("last delivery"),
    )
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.PRESENT)
    subscriptions = models.TextField(_("subscriptions"), blank=True)
    body = models.TextField(_("last accepted content"))
    is_test = models.BooleanField(_("by a test send"), default=False, db_default=False)
    accepted_at = models.DateTimeField(_("accepted"))
    confirmed_at = models.DateTimeField(_("confirmed"), null=True)

    class Meta:
        ordering = ["id"]
        verbose_name = _("entry")
        verbose_name_plural = _("entries")
        constraints = [
            models.UniqueConstraint(fields=["event", "subscriber"], name="one_entry_per_event_and_person")
        ]
        indexes = [
            # Who has received an event, answered by the index alone.
            models.Index(fields=["event", "subscriber"], name="entry_received", condition=Q(is_test=False)),
            # Who took it off, asked for every batch: few, among as many as have it.
            models.Index(fields=["event", "subscriber"], name="entry_dropped", condition=Q(state="dropped")),
        ]

    def __str__(self) -> str:
        return f"{self.event_id}/{self.subscriber_id}"
