"""The people: subscribers, their subscriptions, and the segments that choose among them."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.accounts import Workspace


class Subscriber(models.Model):
    """A person, as Braze knows them; ``attributes`` is kept exactly as Braze holds it."""

    # No index of its own: the unique constraint begins with it, and SQLite would walk everybody instead.
    workspace = models.ForeignKey(Workspace, models.PROTECT, db_index=False, verbose_name=_("workspace"))
    external_id = models.CharField(_("user id"), max_length=255)
    first_name = models.CharField(_("first name"), max_length=255, blank=True)
    last_name = models.CharField(_("last name"), max_length=255, blank=True)
    email = models.CharField(_("e-mail"), max_length=320, blank=True)
    profile = models.JSONField(_("profile"), default=dict, help_text=_("Braze's other profile fields"))
    attributes = models.JSONField(_("custom attributes"), default=dict)
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("first seen"), auto_now_add=True)
    changed_at = models.DateTimeField(_("last changed"), auto_now=True)

    class Meta:
        ordering = ["id"]
        verbose_name = _("subscriber")
        verbose_name_plural = _("subscribers")
        constraints = [
            models.UniqueConstraint(fields=["workspace", "external_id"], name="subscriber_once_per_workspace")
        ]
        indexes = [
            models.Index(fields=["external_id"], name="subscriber_external_id"),
            models.Index(fields=["email"], name="subscriber_email"),
        ]

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.external_id


class Subscription(models.Model):
    """One calendar subscription of a person: the ``rokt:*`` values that belong together.

    ``rokt_id`` is empty where Braze's list of subscription ids could not be matched to these
    values without guessing; such a row counts for segments but cannot receive an event.
    """

    subscriber = models.ForeignKey(  # indexed by the unique constraint
        Subscriber,
        models.CASCADE,
        related_name="subscriptions",
        db_index=False,
        verbose_name=_("subscriber"),
    )
    position = models.PositiveIntegerField(_("place in Braze's list"))
    suffix = models.CharField(_("suffix"), max_length=64, blank=True)
    rokt_id = models.CharField(_("subscription id"), max_length=36, blank=True)
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
    email = models.CharField(_("e-mail given"), max_length=320, blank=True)
    method = models.CharField(_("method"), max_length=255, blank=True)

    class Meta:
        ordering = ["subscriber_id", "position"]
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        constraints = [
            models.UniqueConstraint(
                fields=["subscriber", "position"], name="subscription_place_once_per_subscriber"
            )
        ]
        indexes = [
            models.Index(fields=["rokt_id"], name="subscription_rokt_id"),
            models.Index(fields=["account_code", "calendar_code"], name="subscription_calendar"),
            models.Index(fields=["country_code"], name="subscription_country"),
            models.Index(fields=["method"], name="subscription_method"),
        ]

    def __str__(self) -> str:
        return f"{self.calendar_title or self.calendar_code} ({self.account_code})"


class SubscriptionTag(models.Model):
    """One calendar tag of a subscription, without the calendar's title in front of it."""

    subscription = models.ForeignKey(  # indexed by the unique constraint
        Subscription,
        models.CASCADE,
        related_name="tags",
        db_index=False,
        verbose_name=_("subscription"),
    )
    name = models.CharField(_("tag"), max_length=255)

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        constraints = [
            models.UniqueConstraint(fields=["subscription", "name"], name="tag_once_per_subscription")
        ]
        indexes = [models.Index(fields=["name"], name="tag_name")]

    def __str__(self) -> str:
        return self.name


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
