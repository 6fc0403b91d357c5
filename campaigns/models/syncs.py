"""Syncs: a Braze segment that a workspace is kept in step with, and every run of it."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.models.accounts import Workspace
from campaigns.models.encrypted import EncryptedTextField
from campaigns.models.imports import Import


class Sync(models.Model):
    """Which Braze segment holds a workspace's people, and how often it is fetched (0: only when asked)."""

    workspace = models.OneToOneField(
        Workspace, models.CASCADE, related_name="sync", verbose_name=_("workspace")
    )
    segment_id = models.CharField(_("Braze segment id"), max_length=64)
    segment_name = models.CharField(_("Braze segment"), max_length=255, blank=True)
    every_minutes = models.PositiveIntegerField(_("every (minutes)"), default=0)
    next_at = models.DateTimeField(_("next run"), null=True)

    class Meta:
        verbose_name = _("sync")
        verbose_name_plural = _("syncs")
        indexes = [models.Index(fields=["next_at"], name="sync_due", condition=Q(next_at__isnull=False))]

    def __str__(self) -> str:
        return self.segment_name or self.segment_id


class SyncRun(models.Model):
    """One fetch of a segment: asked for, waited for, downloaded, imported."""

    class State(models.TextChoices):
        ASKING = "asking", _("asking Braze")
        EXPORTING = "exporting", _("Braze is exporting")
        DOWNLOADING = "downloading", _("downloading")
        IMPORTING = "importing", _("importing")
        FINISHED = "finished", _("finished")
        FAILED = "failed", _("failed")

    OPEN_STATES = (State.ASKING, State.EXPORTING, State.DOWNLOADING, State.IMPORTING)

    sync = models.ForeignKey(Sync, models.CASCADE, related_name="runs", verbose_name=_("sync"))
    state = models.CharField(_("state"), max_length=11, choices=State, default=State.ASKING)
    reason = models.CharField(_("what happened"), max_length=500, blank=True)
    url = EncryptedTextField(blank=True, editable=False)
    leavers = models.CharField(
        _("people who left"),
        max_length=10,
        choices=Import.Leavers,
        default=Import.Leavers.DEACTIVATE,
        db_default=Import.Leavers.DEACTIVATE,
    )
    batch = models.ForeignKey(
        Import, models.SET_NULL, null=True, related_name="sync_runs", verbose_name=_("import")
    )
    try_count = models.PositiveIntegerField(_("tries"), default=0)
    due_at = models.DateTimeField(null=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("asked for by")
    )
    created_at = models.DateTimeField(_("begun"), auto_now_add=True)
    ready_at = models.DateTimeField(_("export ready"), null=True)
    moved_at = models.DateTimeField(_("last sign of life"), null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("run of a sync")
        verbose_name_plural = _("runs of syncs")
        constraints = [
            models.UniqueConstraint(
                fields=["sync"],
                name="one_open_run_per_sync",
                condition=Q(state__in=["asking", "exporting", "downloading", "importing"]),
            )
        ]
        indexes = [models.Index(fields=["due_at"], name="sync_run_due", condition=Q(due_at__isnull=False))]

    def __str__(self) -> str:
        return f"{self.sync} {self.created_at:%Y-%m-%d %H:%M}"
