"""Calls that stopped the worker that was writing them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.audience import Subscriber
from campaigns.models.dryruns import DryRun
from campaigns.models.ledger import Delivery


class Crash(models.Model):
    """How often a delivery did so. Counting waits for nobody who holds the delivery: no constraint."""

    delivery = models.OneToOneField(
        Delivery,
        models.CASCADE,
        primary_key=True,
        db_constraint=False,
        related_name="crash",
        verbose_name=_("delivery"),
    )
    count = models.PositiveSmallIntegerField(_("times"))
    last_at = models.DateTimeField(_("last time"))

    class Meta:
        verbose_name = _("crash")
        verbose_name_plural = _("crashes")

    def __str__(self) -> str:
        return f"{self.pk}: {self.count}"


class CheckCrash(models.Model):
    """How often a person did so in a dry run."""

    dry_run = models.ForeignKey(DryRun, models.CASCADE, db_index=False, related_name="crashes")
    subscriber = models.ForeignKey(Subscriber, models.CASCADE, related_name="+")
    count = models.PositiveSmallIntegerField(_("times"))

    class Meta:
        verbose_name = _("crash of a dry run")
        verbose_name_plural = _("crashes of dry runs")
        constraints = [
            models.UniqueConstraint(fields=["dry_run", "subscriber"], name="one_crash_per_dry_run_and_person")
        ]

    def __str__(self) -> str:
        return f"{self.dry_run_id}/{self.subscriber_id}: {self.count}"
