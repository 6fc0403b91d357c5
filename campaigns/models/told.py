"""What outlives an import: what Rokt has told of a subscription, and who must not get anything."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.accounts import Account, Workspace
from campaigns.models.audience import Subscriber, Traits


class SubscriptionStatus(models.Model):
    """What Rokt's webhooks have told of one subscription, kept by its id.

    Braze never forgets a subscription id, so an import must not bring back what has ended; and Rokt may tell of
    a subscription before Braze lists it.
    """

    rokt_id = models.CharField(_("subscription id"), max_length=36, unique=True)
    account = models.ForeignKey(
        Account, models.CASCADE, related_name="subscription_statuses", verbose_name=_("account")
    )
    subscriber = models.ForeignKey(
        Subscriber,
        models.CASCADE,
        null=True,
        related_name="subscription_statuses",
        verbose_name=_("subscriber"),
    )
    traits = models.ForeignKey(Traits, models.PROTECT, null=True, related_name="+")
    subscribed_at = models.DateTimeField(_("subscribed"), null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)
    told_at = models.DateTimeField(_("last told"))

    class Meta:
        ordering = ["id"]
        verbose_name = _("subscription as Rokt told")
        verbose_name_plural = _("subscriptions as Rokt told")

    def __str__(self) -> str:
        return self.rokt_id


class Suppression(models.Model):
    """Somebody who must not get anything, also after being imported again.

    The person may be erased, so only a keyed digest of the user id is kept.
    """

    class Cause(models.TextChoices):
        SUPPRESSED = "suppressed", _("suppressed")
        ERASED = "erased", _("erased")

    workspace = models.ForeignKey(Workspace, models.CASCADE, db_index=False, verbose_name=_("workspace"))
    key = models.CharField(max_length=64, editable=False)
    cause = models.CharField(_("cause"), max_length=10, choices=Cause)
    note = models.CharField(_("reason"), max_length=300, blank=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("by")
    )
    made_at = models.DateTimeField(_("since"), auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("suppression")
        verbose_name_plural = _("suppressions")
        constraints = [
            models.UniqueConstraint(fields=["workspace", "key"], name="suppressed_once_per_workspace")
        ]

    def __str__(self) -> str:
        return f"{self.get_cause_display()} {self.made_at:%Y-%m-%d}"
