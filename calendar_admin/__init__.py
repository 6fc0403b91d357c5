"""The installation: settings, broker, addresses, and the shell around the pages."""

from calendar_admin.celery import app as celery_app

__all__ = ["celery_app"]
