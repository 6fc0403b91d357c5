"""Who may push to us: keys for Braze's protocol, addresses for Rokt's webhooks, and what came in through those."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.models.accounts import Account, Workspace
from campaigns.models.audience import Subscriber
from campaigns.models.encrypted import EncryptedTextField


class ApiKey(models.Model):
    """A key with which somebody may push users to a workspace, as to Braze; only a digest of it is kept."""

    workspace = models.ForeignKey(
        Workspace, models.CASCADE, related_name="api_keys", verbose_name=_("workspace")
    )
    name = models.CharField(_("name"), max_length=200, help_text=_("who uses it, such as “Rokt Calendar”"))
    digest = models.CharField(max_length=64, unique=True, editable=False)
    ending = models.CharField(_("ends in"), max_length=8, editable=False)
    may_track = models.BooleanField(_("users.track"), default=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("created by"),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    used_at = models.DateTimeField(_("last used"), null=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, editable=False)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")

    def __str__(self) -> str:
        return self.name


class HookAddress(models.Model):
    """An unguessable address to which Rokt sends an account's webhooks; only a digest of it is kept.

    Where ``secret`` is set, the sender has to sign. ``expires_at`` is set when a newer address takes over.
    """

    account = models.ForeignKey(
        Account, models.CASCADE, related_name="hook_addresses", verbose_name=_("account")
    )
    digest = models.CharField(max_length=64, unique=True, editable=False)
    ending = models.CharField(_("ends in"), max_length=8, editable=False)
    secret = EncryptedTextField(_("signing secret"), blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("created by")
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    expires_at = models.DateTimeField(_("works until"), null=True)
    used_at = models.DateTimeField(_("last used"), null=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("webhook address")
        verbose_name_plural = _("webhook addresses")

    def __str__(self) -> str:
        return f"…{self.ending}"


class Notice(models.Model):
    """One webhook of Rokt's, stored before it is answered and worked through afterwards."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        DONE = "done", _("taken over")
        IGNORED = "ignored", _("nothing to do")
        ORPHAN = "orphan", _("nobody here knows it yet")
        FAILED = "failed", _("could not be understood")

    account = models.ForeignKey(Account, models.CASCADE, related_name="notices", verbose_name=_("account"))
    event_id = models.CharField(_("id"), max_length=255)
    event_type = models.CharField(_("type"), max_length=64)
    body = models.TextField(_("what was said"))
    digest = models.CharField(max_length=64, editable=False)
    conflict_count = models.PositiveIntegerField(_("times repeated with another text"), default=0)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.WAITING)
    reason = models.CharField(_("why"), max_length=300, blank=True)
    received_at = models.DateTimeField(_("received"))
    due_at = models.DateTimeField(null=True, editable=False)
    done_at = models.DateTimeField(_("worked through"), null=True)
    subscriber = models.ForeignKey(
        Subscriber, models.SET_NULL, null=True, related_name="+", verbose_name=_("subscriber")
    )

    class Meta:
        ordering = ["-id"]
        verbose_name = _("webhook from Rokt")
        verbose_name_plural = _("webhooks from Rokt")
        constraints = [
            models.UniqueConstraint(fields=["account", "event_id"], name="notice_once_per_account")
        ]
        indexes = [
            models.Index(fields=["due_at"], name="notice_due", condition=Q(due_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.event_type} {self.event_id}"
