"""Celery carries wake-ups: one id and nothing else; the database is the queue."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "calendar_admin.settings")

app = Celery("calendar_admin")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
