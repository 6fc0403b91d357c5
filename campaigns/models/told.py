"""What outlives an import: what Rokt has told of a subscription, and who must not get anything."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.accounts import Account, Workspace
from campaigns.models.audience import Subscriber, Traits


class SubscriptionStatus(models.Model):
    """What Rokt's webhooks have told one account of one subscription, kept by its id in small letters.

    Braze never forgets a subscription id, so an import must not bring back what has ended; and Rokt may tell of
    a subscription before Braze lists it. Every account has a word of its own: whose counts, Braze says.
    """

    rokt_id = models.CharField(_("subscription id"), max_length=36)
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
        constraints = [
            models.UniqueConstraint(fields=["rokt_id", "account"], name="subscription_told_once_per_account")
        ]

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


class ErasedSubscription(models.Model):
    """A subscription of somebody who was erased, as a keyed digest: what comes late about it is not kept."""

    key = models.CharField(max_length=64, unique=True, editable=False)
    erased_at = models.DateTimeField(_("erased"), auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("subscription of an erased person")
        verbose_name_plural = _("subscriptions of erased people")

    def __str__(self) -> str:
        return f"{self.erased_at:%Y-%m-%d}"
