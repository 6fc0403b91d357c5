"""Tells Django about this house."""

from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    name = "integrations"
