"""What is kept for how long, and how it is noticed that the database has been turned back."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.sends import Send


class Purge(models.Model):
    """How far the removal of one kind of text has come in one send: it walks its deliveries by id.

    ``left_count`` are the rows that this walk had to leave behind (not final, or too young): while there are any,
    the send is walked again at ``again_at``. ``done_at`` is the end of a walk that left nothing.
    """

    class What(models.TextChoices):
        TEXTS = "texts", _("texts of calls and answers")
        CALLS = "calls", _("calls")
        ENTRIES = "entries", _("contents of entries")

    send = models.ForeignKey(
        Send, models.CASCADE, related_name="purges", db_index=False, verbose_name=_("send")
    )
    what = models.CharField(_("what"), max_length=7, choices=What)
    days = models.PositiveIntegerField(_("after so many days"))
    walked_to = models.BigIntegerField(default=0)
    left_count = models.PositiveIntegerField(default=0)
    moved_at = models.DateTimeField(_("removed"))
    again_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("removal of texts")
        verbose_name_plural = _("removals of texts")
        constraints = [models.UniqueConstraint(fields=["send", "what"], name="one_purge_per_send_and_kind")]

    def __str__(self) -> str:
        return f"#{self.send_id}: {self.get_what_display()}"


class Beat(models.Model):
    """One look of the clock. Hosts remember the newest they saw; a database that does not know it was turned back.

    ``family`` names the database: it is handed on from beat to beat, into every copy of it.
    """

    family = models.UUIDField(default=uuid.uuid4)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("beat of the clock")
        verbose_name_plural = _("beats of the clock")

    def __str__(self) -> str:
        return f"{self.pk} {self.at:%Y-%m-%d %H:%M:%S}"


class Halt(models.Model):
    """Nothing is sent until somebody releases it: the database was put back, or somebody wished so.

    The database is as it was at ``back_to``; until ``known_until`` it went on, and what it sent then is not
    in here any more. Both are null where somebody asked for the halt. What waited is counted at the release.
    """

    made_at = models.DateTimeField(_("since"))
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("asked for by")
    )
    note = models.CharField(_("why"), max_length=300, blank=True)
    back_to = models.DateTimeField(_("put back to"), null=True)
    known_until = models.DateTimeField(_("had worked until"), null=True)
    released_at = models.DateTimeField(_("released"), null=True)
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("released by")
    )
    release_note = models.CharField(_("why it was released"), max_length=300, blank=True)
    send_count = models.PositiveIntegerField(_("sends that waited"), null=True)
    people_count = models.PositiveIntegerField(_("people who waited"), null=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("halt of all sends")
        verbose_name_plural = _("halts of all sends")
        permissions = [("release_halt", _("Can let sends go after the database was put back"))]
        indexes = [models.Index(fields=["id"], name="halt_open", condition=models.Q(released_at=None))]

    def __str__(self) -> str:
        return f"#{self.pk} {self.made_at:%Y-%m-%d %H:%M}"


def open_halt() -> Halt | None:
    """Return what holds all sends now, if anything does."""
    return Halt.objects.filter(released_at=None).order_by("pk").first()
