"""What staff plan: campaigns and the calendar events in them."""

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.accounts import Account
from campaigns.models.segments import Segment
from campaigns.models.walltime import WallTimeField

LONGEST_REMINDER_MINUTES = 40_320  # four weeks


class Campaign(models.Model):
    """A name, an account, an audience, and one or more events."""

    name = models.CharField(_("name"), max_length=200)
    account = models.ForeignKey(Account, models.PROTECT, related_name="campaigns", verbose_name=_("account"))
    segment = models.ForeignKey(
        Segment, models.PROTECT, null=True, blank=True, related_name="campaigns", verbose_name=_("audience")
    )
    is_archived = models.BooleanField(_("archived"), default=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("created by"),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    changed_at = models.DateTimeField(_("last changed"), auto_now=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")

    def __str__(self) -> str:
        return self.name


class Event(models.Model):
    """The calendar entry that people get; its texts may hold Liquid.

    Start and end are wall times in ``timezone`` (a Windows id). Where the clock shows such a time twice,
    ``start_fold`` and ``end_fold`` say which one is meant (0 the first, 1 the second).
    With ``uses_webhook`` a webhook written in Liquid makes the call (see ``EventWebhook``); the fields then hold
    what was read from it for one person, so that the event can be listed, scheduled and found again.
    ``version`` grows with every save, so that two people editing at once notice each other.
    """

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="events", verbose_name=_("campaign"))
    account = models.ForeignKey(Account, models.PROTECT, related_name="+", editable=False)
    event_id = models.CharField(_("event id"), max_length=100)
    title = models.CharField(_("title"), max_length=1_000)
    description = models.TextField(_("description"), blank=True, max_length=10_000)
    location = models.CharField(_("location"), max_length=1_000, blank=True)
    start_local = WallTimeField(_("start"))
    end_local = WallTimeField(_("end"))
    start_fold = models.PositiveSmallIntegerField(default=0, editable=False)
    end_fold = models.PositiveSmallIntegerField(default=0, editable=False)
    timezone = models.CharField(_("time zone"), max_length=64)
    notify_before_minutes = models.PositiveIntegerField(
        _("reminder"), default=15, validators=[MaxValueValidator(LONGEST_REMINDER_MINUTES)]
    )
    uses_webhook = models.BooleanField(default=False, db_default=False, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    changed_at = models.DateTimeField(_("last changed"), auto_now=True)

    class Meta:
        ordering = ["start_local", "id"]
        verbose_name = _("event")
        verbose_name_plural = _("events")
        constraints = [
            models.UniqueConstraint(fields=["account", "event_id"], name="event_id_once_per_account")
        ]

    def __str__(self) -> str:
        return self.title
