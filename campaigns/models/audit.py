"""What people and the engine did, as a chain: every event is sealed together with the one before it."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class AuditEvent(models.Model):
    """One thing that was done; ``hash`` seals all of it and ``prev_hash``, under the key that ``key`` names.

    Nothing here names a subscriber. The database refuses to change or delete a row, and ``manage.py flush`` leaves
    the table alone: that is why Django does not manage it.
    """

    seq = models.BigIntegerField(_("number"), primary_key=True)
    at = models.DateTimeField(_("at"))
    kind = models.CharField(_("what"), max_length=40)
    by = models.CharField(_("by"), max_length=180, blank=True)
    subject_kind = models.CharField(_("kind of thing"), max_length=30)
    subject = models.CharField(_("which"), max_length=40)
    data = models.TextField(_("details"))
    key = models.CharField(_("key"), max_length=16)
    prev_hash = models.CharField(_("seal before"), max_length=64)
    hash = models.CharField(_("seal"), max_length=64, unique=True)

    class Meta:
        managed = False
        db_table = "campaigns_auditevent"
        ordering = ["-seq"]
        verbose_name = _("event of the audit chain")
        verbose_name_plural = _("audit chain")
        indexes = [models.Index(fields=["subject_kind", "subject", "seq"], name="audit_subject")]

    def __str__(self) -> str:
        return f"#{self.seq} {self.kind}"


class AuditHead(models.Model):
    """The end of the chain, in the one row with id 1; whoever locks it writes the next event.

    ``noted_on`` is the last day (UTC) on which the seal was written to the log.
    """

    seq = models.BigIntegerField()
    hash = models.CharField(max_length=64)
    noted_on = models.DateField(null=True)

    class Meta:
        managed = False
        db_table = "campaigns_audithead"

    def __str__(self) -> str:
        return f"#{self.seq}"
