"""The people: subscribers, their subscriptions, and what many subscriptions have in common."""

import hashlib
import json
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models import beginnings, listed  # noqa: F401 - they teach columns lookups
from campaigns.models.accounts import Account, Workspace

BUCKET_COUNT = 10_000  # as Braze numbers them: 0 to 9999


def digest(values: list[Any]) -> str:
    """Return the short name of a combination of values, by which its row is found; never to be changed."""
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


class Subscriber(models.Model):
    """A person, as Braze knows them; ``attributes`` is kept exactly as Braze holds it.

    ``fingerprint`` names everything that came from Braze, so that an import knows at a glance who is unchanged.
    """

    # No index of its own: the workspace comes second in the unique constraint, which also finds a user id alone.
    # And not checked by the database, as below: whoever writes people holds the row of their workspace.
    workspace = models.ForeignKey(
        Workspace, models.PROTECT, db_constraint=False, db_index=False, verbose_name=_("workspace")
    )
    external_id = models.CharField(_("user id"), max_length=255)
    first_name = models.CharField(_("first name"), max_length=255, blank=True)
    last_name = models.CharField(_("last name"), max_length=255, blank=True)
    email = models.CharField(_("e-mail"), max_length=320, blank=True)
    profile = models.JSONField(_("profile"), default=dict, help_text=_("Braze's other profile fields"))
    attributes = models.JSONField(_("custom attributes"), default=dict)
    fingerprint = models.CharField(max_length=32, blank=True, db_default="", editable=False)
    random_bucket = models.PositiveSmallIntegerField(_("random bucket"), db_default=0)
    subscribed_at = models.DateTimeField(_("last subscribed"), null=True, help_text=_("by a subscribe event"))
    is_active = models.BooleanField(_("active"), default=True)
    left_at = models.DateTimeField(_("left"), null=True, help_text=_("when Braze stopped listing the person"))
    is_suppressed = models.BooleanField(_("gets nothing"), default=False, db_default=False)
    created_at = models.DateTimeField(_("first seen"), auto_now_add=True)
    changed_at = models.DateTimeField(_("last changed"), auto_now=True)

    class Meta:
        ordering = ["id"]
        verbose_name = _("subscriber")
        verbose_name_plural = _("subscribers")
        constraints = [
            models.UniqueConstraint(
                fields=["external_id", "workspace"],
                name="user_id_once_per_workspace",
                opclasses=["varchar_pattern_ops", "int8_ops"],
            )
        ]
        indexes = [  # by pattern: these also answer how an id or an address begins
            models.Index(fields=["email"], name="subscriber_email_begins", opclasses=["varchar_pattern_ops"]),
            models.Index(fields=["-id"], name="subscriber_inactive", condition=models.Q(is_active=False)),
            models.Index(
                fields=["-id"], name="subscriber_suppressed", condition=models.Q(is_suppressed=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.external_id

    @property
    def may_receive(self) -> bool:
        """Whether anything may be sent to this person at all."""
        return self.is_active and not self.is_suppressed


class Traits(models.Model):
    """What many subscriptions have in common: one row for each combination that occurs, never changed.

    A million subscriptions have some thousand combinations. Rules ask these few rows, so that a count reads one
    narrow table, and an import writes narrow rows.
    """

    digest = models.CharField(max_length=32, unique=True, editable=False)
    account_code = models.CharField(_("account code"), max_length=255, blank=True)
    account_rokt_id = models.CharField(_("account id"), max_length=255, blank=True)
    account_name = models.CharField(_("account name"), max_length=255, blank=True)
    calendar_code = models.CharField(_("calendar code"), max_length=255, blank=True)
    calendar_rokt_id = models.CharField(_("calendar id"), max_length=255, blank=True)
    calendar_title = models.CharField(_("calendar title"), max_length=255, blank=True)
    country_code = models.CharField(_("country code"), max_length=255, blank=True)
    device_name = models.CharField(_("device"), max_length=255, blank=True)
    geo_country = models.CharField(_("country"), max_length=255, blank=True)
    opt_in_1 = models.BooleanField(_("first opt-in"), null=True)
    opt_in_2 = models.BooleanField(_("second opt-in"), null=True)
    source = models.CharField(_("source"), max_length=255, blank=True)
    method = models.CharField(_("method"), max_length=255, blank=True)

    class Meta:
        ordering = ["id"]
        verbose_name = _("traits of subscriptions")
        verbose_name_plural = _("traits of subscriptions")
        indexes = [models.Index(fields=["account_code", "calendar_code"], name="traits_calendar")]

    def __str__(self) -> str:
        return f"{self.calendar_title or self.calendar_code} ({self.account_code})"


class TraitsTag(models.Model):
    """One calendar tag, without the calendar's title in front of it."""

    traits = models.ForeignKey(  # indexed by the unique constraint
        Traits, models.CASCADE, related_name="tags", db_index=False, verbose_name=_("traits")
    )
    name = models.CharField(_("tag"), max_length=255)

    class Meta:
        ordering = ["id"]
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        constraints = [models.UniqueConstraint(fields=["traits", "name"], name="tag_once_per_traits")]
        indexes = [models.Index(fields=["name"], name="traits_tag_name")]

    def __str__(self) -> str:
        return self.name


class Home(models.Model):
    """Where people are at home and what they speak: one row for each combination that occurs, never changed."""

    digest = models.CharField(max_length=32, unique=True, editable=False)
    country = models.TextField(_("country"), blank=True)
    language = models.TextField(_("language"), blank=True)
    time_zone = models.TextField(_("time zone"), blank=True)
    city = models.TextField(_("city"), blank=True)

    class Meta:
        verbose_name = _("home of people")
        verbose_name_plural = _("homes of people")

    def __str__(self) -> str:
        return ", ".join(filter(None, (self.city, self.country))) or self.digest


class Subscriptions(models.QuerySet["Subscription"]):
    """Questions that are asked of subscriptions in many places."""

    def open_to(self, account: Account) -> "Subscriptions":
        """Those to an account's calendars that have not ended."""
        return self.filter(traits__account_code=account.code, ended_at=None)


class Subscription(models.Model):
    """One calendar subscription of a person: the ``rokt:*`` values that belong together.

    ``rokt_id`` is empty where Braze's list of subscription ids could not be matched to these values without
    guessing; such a row counts for segments but cannot receive an event. ``is_live``, ``home`` and
    ``random_bucket`` repeat what the person's row says, for rules; whoever writes people keeps them in step.
    """

    subscriber = models.ForeignKey(  # indexed by the unique constraint
        Subscriber,
        models.CASCADE,
        related_name="subscriptions",
        db_constraint=False,
        db_index=False,
        verbose_name=_("subscriber"),
    )
    position = models.PositiveIntegerField(_("place in Braze's list"))
    suffix = models.CharField(_("suffix"), max_length=64, blank=True)
    rokt_id = models.CharField(_("subscription id"), max_length=36, blank=True)
    email = models.CharField(_("e-mail given"), max_length=320, blank=True)
    # Rows that are never deleted; having the database check both took a fifth of an import, and checking a person's
    # workspace and a subscription's person a quarter of what its work was then.
    traits = models.ForeignKey(Traits, models.PROTECT, related_name="+", db_constraint=False)
    home = models.ForeignKey(Home, models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    random_bucket = models.PositiveSmallIntegerField(_("random bucket"), db_default=0)
    subscribed_at = models.DateTimeField(_("subscribed"), null=True, help_text=_("as far as Rokt has told"))
    ended_at = models.DateTimeField(_("ended"), null=True, help_text=_("as far as Rokt has told"))
    is_live = models.BooleanField(_("may receive"), default=True, db_default=True)

    objects = Subscriptions.as_manager()

    class Meta:
        ordering = ["subscriber_id", "position"]
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        constraints = [
            models.UniqueConstraint(
                fields=["subscriber", "position"], name="subscription_place_once_per_subscriber"
            )
        ]
        indexes = [models.Index(fields=["rokt_id"], name="subscription_rokt_id")]

    def __str__(self) -> str:
        return str(self.traits)


class SubscriberEvent(models.Model):
    """A custom event of a person, such as ``subscribe``, as Rokt or Braze reported it; each one once."""

    subscriber = models.ForeignKey(
        Subscriber, models.CASCADE, related_name="events", verbose_name=_("subscriber")
    )
    name = models.CharField(_("event"), max_length=255)
    at = models.DateTimeField(_("at"))
    properties = models.JSONField(_("properties"), default=dict)
    key = models.CharField(max_length=64, unique=True, editable=False)

    class Meta:
        ordering = ["-at", "-id"]
        verbose_name = _("event of a subscriber")
        verbose_name_plural = _("events of subscribers")

    def __str__(self) -> str:
        return f"{self.name} {self.at:%Y-%m-%d %H:%M}"
