"""Dry runs: everybody of a send written and checked before anything leaves, and what was found."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.audience import Subscriber
from campaigns.models.campaign import Event
from campaigns.models.segments import Segment


class DryRun(models.Model):
    """One check of one content for one audience. The counts are in people.

    people = ready + failing + left out + unchanged, once it is finished. ``fingerprint`` names the content,
    the audience's rule and all else that changes what would be sent; a send takes only a dry run of its own.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("running")
        FINISHED = "finished", _("finished")
        FAILED = "failed", _("failed")

    event = models.ForeignKey(Event, models.CASCADE, related_name="dry_runs", verbose_name=_("event"))
    segment = models.ForeignKey(
        Segment, models.SET_NULL, null=True, related_name="+", verbose_name=_("segment")
    )
    kind = models.CharField(_("kind"), max_length=8)
    content = models.JSONField(_("content"))
    rule = models.JSONField(_("audience rule"), null=True)
    fingerprint = models.CharField(max_length=64)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.WAITING)
    reason = models.CharField(_("why it failed"), max_length=500, blank=True)
    people_count = models.PositiveIntegerField(_("people"), default=0)
    ready_count = models.PositiveIntegerField(_("ready to send"), default=0)
    failing_count = models.PositiveIntegerField(_("cannot be sent"), default=0)
    left_out_count = models.PositiveIntegerField(_("left out by the text"), default=0)
    unchanged_count = models.PositiveIntegerField(_("have exactly this already"), default=0)
    latest_end_at = models.DateTimeField(_("last end of the event"), null=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("asked for by")
    )
    created_at = models.DateTimeField(_("asked for"), auto_now_add=True)
    started_at = models.DateTimeField(_("started"), null=True)
    moved_at = models.DateTimeField(_("last sign of life"), null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)
    people_removed_at = models.DateTimeField(_("people removed"), null=True, editable=False)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("dry run")
        verbose_name_plural = _("dry runs")
        indexes = [models.Index(fields=["event", "fingerprint", "-id"], name="dry_run_of_content")]

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def checked_count(self) -> int:
        """How many people have been written and checked so far."""
        return self.ready_count + self.failing_count + self.left_out_count + self.unchanged_count


class DryRunCause(models.Model):
    """One thing that a dry run found, with the number of people it is true of."""

    class Level(models.TextChoices):
        ERROR = "error", _("cannot be sent")
        LEFT_OUT = "left_out", _("left out by the text")
        WARNING = "warning", _("should be looked at")

    dry_run = models.ForeignKey(DryRun, models.CASCADE, related_name="causes", verbose_name=_("dry run"))
    level = models.CharField(_("level"), max_length=8, choices=Level)
    text = models.CharField(_("what was found"), max_length=500)
    people_count = models.PositiveIntegerField(_("people"), default=0)

    class Meta:
        ordering = ["dry_run", "level", "-people_count", "id"]
        verbose_name = _("finding of a dry run")
        verbose_name_plural = _("findings of dry runs")

    def __str__(self) -> str:
        return self.text


class DryRunPerson(models.Model):
    """Somebody behind a finding: everybody for an error, the first few for a warning."""

    cause = models.ForeignKey(DryRunCause, models.CASCADE, related_name="people", verbose_name=_("finding"))
    subscriber = models.ForeignKey(Subscriber, models.CASCADE, related_name="+", verbose_name=_("subscriber"))
    detail = models.CharField(_("detail"), max_length=300, blank=True)

    class Meta:
        ordering = ["id"]
        verbose_name = _("person behind a finding")
        verbose_name_plural = _("people behind findings")

    def __str__(self) -> str:
        return f"{self.subscriber_id}: {self.detail}"
