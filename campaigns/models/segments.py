"""Who gets an event: segments with their history, uploaded lists of user ids, and who was in at a time."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.audience import Subscriber


class Segment(models.Model):
    """A saved rule over subscriptions and subscribers; the tree is described in campaigns.segments.rules."""

    name = models.CharField(_("name"), max_length=200, unique=True)
    description = models.TextField(_("description"), blank=True)
    rule = models.JSONField(_("rule"))
    version = models.PositiveIntegerField(_("version"), default=1)
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
        ordering = ["name"]
        verbose_name = _("segment")
        verbose_name_plural = _("segments")

    def __str__(self) -> str:
        return self.name


class SegmentVersion(models.Model):
    """What a segment said from one save to the next; never changed afterwards."""

    segment = models.ForeignKey(
        Segment, models.CASCADE, related_name="versions", db_index=False, verbose_name=_("segment")
    )
    number = models.PositiveIntegerField(_("version"))
    name = models.CharField(_("name"), max_length=200)
    rule = models.JSONField(_("rule"))
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("saved by")
    )
    made_at = models.DateTimeField(_("saved"), auto_now_add=True)

    class Meta:
        ordering = ["segment", "-number"]
        verbose_name = _("version of a segment")
        verbose_name_plural = _("versions of segments")
        constraints = [
            models.UniqueConstraint(fields=["segment", "number"], name="version_number_once_per_segment")
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.number}"


class PersonList(models.Model):
    """A list of user ids that somebody uploaded; never changed afterwards: a new file is a new list."""

    name = models.CharField(_("name"), max_length=200, unique=True)
    file_name = models.CharField(_("file"), max_length=255, blank=True)
    people_count = models.PositiveIntegerField(_("user ids"), default=0)
    # the highest key of a person who was looked for in it; those who came later are not among the matches yet
    matched_to = models.BigIntegerField(default=0, db_default=0, editable=False)
    is_archived = models.BooleanField(_("archived"), default=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("uploaded by")
    )
    created_at = models.DateTimeField(_("uploaded"), auto_now_add=True)

    class Meta:
        ordering = ["name"]
        verbose_name = _("list of people")
        verbose_name_plural = _("lists of people")

    def __str__(self) -> str:
        return self.name


class PersonListMember(models.Model):
    """One user id of a list, whether we know the person or not."""

    list = models.ForeignKey(
        PersonList, models.CASCADE, related_name="members", db_index=False, verbose_name=_("list")
    )
    external_id = models.CharField(_("user id"), max_length=255)

    class Meta:
        verbose_name = _("user id of a list")
        verbose_name_plural = _("user ids of lists")
        constraints = [models.UniqueConstraint(fields=["list", "external_id"], name="user_id_once_per_list")]

    def __str__(self) -> str:
        return self.external_id


class PersonListMatch(models.Model):
    """Somebody whom a list means, by key: numbers are found faster than texts. Two workspaces may share a user id."""

    pk = models.CompositePrimaryKey("list_id", "subscriber_id")
    list = models.ForeignKey(
        PersonList, models.CASCADE, related_name="matches", db_index=False, verbose_name=_("list")
    )
    # Erasing somebody deletes their matches list by list, by the index that is there.
    subscriber = models.ForeignKey(
        Subscriber,
        models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
        verbose_name=_("subscriber"),
    )

    class Meta:
        verbose_name = _("subscriber of a list")
        verbose_name_plural = _("subscribers of lists")

    def __str__(self) -> str:
        return f"{self.list_id}: {self.subscriber_id}"


class Snapshot(models.Model):
    """Who was in a segment at one moment: ``people`` is a compressed set of subscriber ids.

    ``account_code`` is empty where all accounts were asked.
    """

    class Cause(models.TextChoices):
        SAVED = "saved", _("saved")
        ASKED = "asked", _("remembered by hand")
        DRY_RUN = "dry_run", _("dry run")

    segment = models.ForeignKey(Segment, models.CASCADE, related_name="snapshots", verbose_name=_("segment"))
    version = models.PositiveIntegerField(_("version"))
    account_code = models.CharField(_("account code"), max_length=64, blank=True, default="")
    cause = models.CharField(_("taken when"), max_length=8, choices=Cause)
    people = models.BinaryField(editable=False)
    people_count = models.PositiveIntegerField(_("people"))
    taken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("by")
    )
    taken_at = models.DateTimeField(_("taken"))

    class Meta:
        ordering = ["-id"]
        verbose_name = _("snapshot of a segment")
        verbose_name_plural = _("snapshots of segments")

    def __str__(self) -> str:
        return f"{self.get_cause_display()} {self.taken_at:%Y-%m-%d %H:%M}"
