"""What staff did to a person: suppressed, let in again, given out, erased."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.audience import Subscriber


class SubscriberAction(models.Model):
    """One thing that somebody did to a person; it outlives the person.

    Once the person is erased, only ``pseudonym`` is left of them: the same that their deliveries carry.
    """

    class Verb(models.TextChoices):
        SUPPRESSED = "suppressed", _("suppressed")
        LIFTED = "lifted", _("suppression lifted")
        EXPORTED = "exported", _("data downloaded")
        ERASED = "erased", _("erased")

    subscriber = models.ForeignKey(
        Subscriber, models.SET_NULL, null=True, related_name="actions", verbose_name=_("subscriber")
    )
    pseudonym = models.CharField(_("known as since"), max_length=32, blank=True, db_index=True)
    verb = models.CharField(_("action"), max_length=10, choices=Verb)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("by")
    )
    at = models.DateTimeField(_("at"), auto_now_add=True)
    note = models.CharField(_("reason"), max_length=300, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("action on a subscriber")
        verbose_name_plural = _("actions on subscribers")

    def __str__(self) -> str:
        return f"{self.get_verb_display()} {self.at:%Y-%m-%d %H:%M}"
