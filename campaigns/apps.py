"""Tells Django about this house."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class CampaignsConfig(AppConfig):
    name = "campaigns"
    verbose_name = _("Calendar campaigns")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the start-up checks, and the roles that every migrate brings up to date."""
        from campaigns import checks  # noqa: F401 - importing registers; apps must be ready first
        from campaigns.models.roles import keep_roles

        post_migrate.connect(keep_roles, sender=self)
