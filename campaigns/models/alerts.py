"""Alerts: what somebody has to be told, who is told, and what came of telling them."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.models.accounts import Account
from campaigns.models.encrypted import EncryptedTextField
from campaigns.models.sends import Send


class Alert(models.Model):
    """One thing that is wrong, from when it was seen until it is over; one row, however often it is seen.

    Without an account it is about the whole installation. ``facts`` are numbers and our own words, never
    personal data: the sentences are made from them. ``over_at`` is when the end was made known; until then the
    same trouble opens this row again and not a new one.
    """

    class Kind(models.TextChoices):
        ACCOUNT_STOPPED = "account_stopped", _("account stopped")
        BREAKER_OPEN = "breaker_open", _("Rokt is not answering well")
        NO_PROGRESS = "no_progress", _("nothing moves")
        SEND_PAUSED = "send_paused", _("send paused by itself")
        IN_DOUBT = "in_doubt", _("people in doubt")
        SEND_FAILED = "send_failed", _("people did not get it")
        BOOKS = "books", _("books do not balance")
        RECOUNT = "recount", _("recount differs")
        HELD = "held", _("all sends are held")

    ENDED_BY_HAND = (
        Kind.SEND_FAILED,
        Kind.RECOUNT,
    )  # what happened stays so: somebody says that it is dealt with

    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    account = models.ForeignKey(
        Account, models.CASCADE, null=True, related_name="alerts", verbose_name=_("account")
    )  # fmt: skip
    send = models.ForeignKey(
        Send, models.CASCADE, null=True, related_name="alerts", verbose_name=_("send")
    )  # fmt: skip
    since = models.DateTimeField(_("since"))
    facts: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(_("facts"), default=dict)
    opened_at = models.DateTimeField(_("noticed"))
    reopened_count = models.PositiveIntegerField(_("came back"), default=0)
    resolved_at = models.DateTimeField(_("over"), null=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("dealt with by"),
    )
    over_at = models.DateTimeField(_("end made known"), null=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "account"],
                name="one_open_alert_per_account",
                condition=Q(resolved_at=None, send=None),
            ),
            models.UniqueConstraint(
                fields=["kind", "send"],
                name="one_open_alert_per_send",
                condition=Q(resolved_at=None, send__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["kind"],
                name="one_open_alert_of_everything",
                condition=Q(resolved_at=None, account=None),
            ),
        ]
        indexes = [
            models.Index(fields=["kind"], name="alert_open", condition=Q(resolved_at=None)),
            models.Index(fields=["resolved_at"], name="alert_not_over", condition=Q(over_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.account or '*'}"


class AlertMessage(models.Model):
    """One piece of news for one place: that an alert is open, or that it is over.

    Waiting: ``due_at`` is when it is tried next, and a lease while it is tried. Told: ``told_at``. Given up: neither.
    """

    class News(models.TextChoices):
        OPENED = "opened", _("it began")
        OVER = "over", _("it is over")

    class Channel(models.TextChoices):
        MAIL = "mail", _("e-mail")
        WEBHOOK = "webhook", _("webhook")

    alert = models.ForeignKey(Alert, models.CASCADE, related_name="messages", verbose_name=_("alert"))
    news = models.CharField(_("news"), max_length=6, choices=News)
    channel = models.CharField(_("channel"), max_length=7, choices=Channel)
    address = models.CharField(_("address"), max_length=254, blank=True)
    made_at = models.DateTimeField(_("made"))
    due_at = models.DateTimeField(_("next try"), null=True)
    try_count = models.PositiveIntegerField(_("tries"), default=0)
    told_at = models.DateTimeField(_("told"), null=True)
    problem = models.CharField(_("what went wrong"), max_length=300, blank=True)

    class Meta:
        ordering = ["id"]
        verbose_name = _("message of an alert")
        verbose_name_plural = _("messages of alerts")
        constraints = [
            models.UniqueConstraint(
                fields=["alert", "news", "channel", "address"], name="one_message_per_alert_and_place"
            )
        ]
        indexes = [
            models.Index(fields=["due_at"], name="alert_message_due", condition=Q(due_at__isnull=False))
        ]

    def __str__(self) -> str:
        return f"{self.alert_id}/{self.news}/{self.channel}"


class AlertSettings(models.Model):
    """Who is told: the one row, with e-mail addresses (one a line) and a webhook.

    The webhook's address is kept like a secret, because those of chat services are one.
    """

    mail_addresses = models.TextField(_("e-mail addresses"), blank=True)
    webhook_url = EncryptedTextField(_("webhook address"), blank=True)
    webhook_secret = EncryptedTextField(_("signing secret"), blank=True)
    changed_at = models.DateTimeField(_("last changed"), auto_now=True)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("by")
    )

    class Meta:
        verbose_name = _("who is told")
        verbose_name_plural = _("who is told")
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="one_row_of_alert_settings")]

    def __str__(self) -> str:
        return str(self._meta.verbose_name)


class FinishedLook(models.Model):
    """That a finished send was counted anew and its failures told, once for each time it finished."""

    send = models.OneToOneField(Send, models.CASCADE, primary_key=True, related_name="finished_look")
    finished_at = models.DateTimeField()

    class Meta:
        verbose_name = _("look at a finished send")
        verbose_name_plural = _("looks at finished sends")

    def __str__(self) -> str:
        return f"{self.send_id}"


class Standstill(models.Model):
    """Since when an account that may send, and has work, looks exactly as it does now (``mark``)."""

    account = models.OneToOneField(Account, models.CASCADE, primary_key=True, related_name="standstill")
    mark = models.CharField(max_length=64)
    since = models.DateTimeField()

    class Meta:
        verbose_name = _("standstill")
        verbose_name_plural = _("standstills")

    def __str__(self) -> str:
        return f"{self.account_id}"
