"""Webhooks as Braze holds them: saved templates with their versions, and the copies that events work with."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.campaign import Event


class Webhook(models.Model):
    """The four parts of a webhook, each with Liquid in it; ``headers`` is a list of [name, value] in order."""

    class Method(models.TextChoices):
        POST = "POST"
        PUT = "PUT"
        DELETE = "DELETE"
        GET = "GET"

    method = models.CharField(_("method"), max_length=6, choices=Method, default=Method.POST)
    url = models.TextField(_("URL"))
    headers = models.JSONField(_("headers"), default=list)
    body = models.TextField(_("body"), blank=True)

    class Meta:
        abstract = True


class WebhookTemplate(models.Model):
    """A saved webhook; its text stands in its versions, the newest of which is number ``version``."""

    name = models.CharField(_("name"), max_length=200, unique=True)
    description = models.TextField(_("description"), blank=True)
    version = models.PositiveIntegerField(_("version"), default=0, editable=False)
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
        verbose_name = _("webhook template")
        verbose_name_plural = _("webhook templates")

    def __str__(self) -> str:
        return self.name


class WebhookTag(models.Model):
    """A word that staff file templates under."""

    template = models.ForeignKey(WebhookTemplate, models.CASCADE, related_name="tags", db_index=False)
    name = models.CharField(_("tag"), max_length=64)

    class Meta:
        ordering = ["name"]
        verbose_name = _("template tag")
        verbose_name_plural = _("template tags")
        constraints = [
            models.UniqueConstraint(fields=["template", "name"], name="tag_once_per_webhook_template")
        ]

    def __str__(self) -> str:
        return self.name


class WebhookVersion(Webhook):
    """What a template said from one save to the next; never changed afterwards."""

    template = models.ForeignKey(
        WebhookTemplate, models.CASCADE, related_name="versions", db_index=False, verbose_name=_("template")
    )
    number = models.PositiveIntegerField(_("version"))
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("saved by")
    )
    made_at = models.DateTimeField(_("saved"), auto_now_add=True)

    class Meta:
        ordering = ["template", "-number"]
        verbose_name = _("version of a webhook template")
        verbose_name_plural = _("versions of webhook templates")
        constraints = [
            models.UniqueConstraint(
                fields=["template", "number"], name="version_number_once_per_webhook_template"
            )
        ]

    def __str__(self) -> str:
        return f"{self.template}, version {self.number}"


class EventWebhook(Webhook):
    """An event's own copy of a webhook, for one kind of send; ``origin`` is the version it was copied from."""

    class Kind(models.TextChoices):
        CREATE = "create", _("new event")
        UPDATE = "update", _("update")

    event = models.ForeignKey(
        Event, models.CASCADE, related_name="webhooks", db_index=False, verbose_name=_("event")
    )
    kind = models.CharField(_("for"), max_length=6, choices=Kind)
    origin = models.ForeignKey(
        WebhookVersion, models.PROTECT, null=True, related_name="copies", verbose_name=_("copied from")
    )

    class Meta:
        ordering = ["event", "kind"]
        verbose_name = _("webhook of an event")
        verbose_name_plural = _("webhooks of events")
        constraints = [
            models.UniqueConstraint(fields=["event", "kind"], name="one_webhook_per_event_and_kind")
        ]

    def __str__(self) -> str:
        return f"{self.event}, {self.get_kind_display()}"
