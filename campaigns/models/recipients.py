"""Who gets test sends: subscriptions that staff have saved, so that they need not search for them again."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.accounts import Account
from campaigns.models.audience import Subscriber


class SavedRecipient(models.Model):
    """One subscription of somebody, usually a colleague; the id is kept as text, for an import renews the rows."""

    account = models.ForeignKey(
        Account, models.CASCADE, related_name="saved_recipients", db_index=False, verbose_name=_("account")
    )
    subscriber = models.ForeignKey(Subscriber, models.CASCADE, related_name="+", verbose_name=_("subscriber"))
    rokt_id = models.CharField(_("subscription id"), max_length=36)
    saved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("saved by")
    )
    saved_at = models.DateTimeField(_("saved"), auto_now_add=True)

    class Meta:
        ordering = ["id"]
        verbose_name = _("test recipient")
        verbose_name_plural = _("test recipients")
        constraints = [
            models.UniqueConstraint(
                fields=["account", "subscriber", "rokt_id"], name="recipient_once_per_account"
            )
        ]

    def __str__(self) -> str:
        return f"{self.subscriber} ({self.rokt_id})"
