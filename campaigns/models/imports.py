"""Imports of subscribers: what came in, when, from whom, and which rows had something wrong."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.accounts import Workspace


class Import(models.Model):
    """One file of subscribers, read once; the counts are in people."""

    class State(models.TextChoices):
        UNTOLD = "untold", _("waits for columns")  # nobody has said yet what they mean
        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("running")
        FINISHED = "finished", _("finished")
        FAILED = "failed", _("failed")

    class Format(models.TextChoices):
        BRAZE = "braze", _("Braze segment export")
        CSV = "csv", _("table (CSV)")
        LINES = "lines", _("JSON lines")

    class Leavers(models.TextChoices):
        KEEP = "keep", _("stay as they are")
        DEACTIVATE = "deactivate", _("become inactive")
        ALL = "all", _("become inactive, however many")

    workspace = models.ForeignKey(Workspace, models.PROTECT, verbose_name=_("workspace"))
    file_name = models.CharField(_("file"), max_length=255)
    path = models.CharField(max_length=500, editable=False)
    format = models.CharField(
        _("kind of file"), max_length=5, choices=Format, default=Format.BRAZE, db_default=Format.BRAZE
    )
    mapping = models.JSONField(_("columns"), null=True, help_text=_("column of the file -> what it means"))
    is_dry_run = models.BooleanField(_("only looked at"), default=False, db_default=False)
    leavers = models.CharField(
        _("people who are not in the file"),
        max_length=10,
        choices=Leavers,
        default=Leavers.KEEP,
        db_default=Leavers.KEEP,
    )
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    reason = models.CharField(_("why it failed"), max_length=500, blank=True)
    byte_count = models.BigIntegerField(_("size in bytes"), default=0)
    bytes_read_count = models.BigIntegerField(_("bytes read"), default=0)
    read_count = models.PositiveIntegerField(_("people read"), default=0)
    new_count = models.PositiveIntegerField(_("new"), default=0)
    changed_count = models.PositiveIntegerField(_("changed"), default=0)
    unchanged_count = models.PositiveIntegerField(_("unchanged"), default=0)
    suppressed_count = models.PositiveIntegerField(_("must not get anything"), default=0, db_default=0)
    left_count = models.PositiveIntegerField(_("no longer in the file"), default=0, db_default=0)
    problem_count = models.PositiveIntegerField(_("rows with a problem"), default=0)
    refused_count = models.PositiveIntegerField(_("rows that bring nobody in"), default=0, db_default=0)
    hidden_count = models.PositiveIntegerField(
        _("lines that may be about anybody"), default=0, db_default=0, editable=False
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("imported by")
    )
    created_at = models.DateTimeField(_("uploaded"), auto_now_add=True)
    started_at = models.DateTimeField(_("started"), null=True)
    moved_at = models.DateTimeField(_("last sign of life"), null=True, editable=False)
    finished_at = models.DateTimeField(_("finished"), null=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("import")
        verbose_name_plural = _("imports")

    def __str__(self) -> str:
        return self.file_name


class ImportProblem(models.Model):
    """A row that was not taken, or not taken whole, and why."""

    batch = models.ForeignKey(Import, models.CASCADE, related_name="problems", verbose_name=_("import"))
    place = models.CharField(_("where"), max_length=255, help_text=_("file and line"))
    external_id = models.CharField(_("user id"), max_length=255, blank=True)
    message = models.CharField(_("what is wrong"), max_length=500)

    class Meta:
        ordering = ["id"]
        verbose_name = _("import problem")
        verbose_name_plural = _("import problems")

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"
