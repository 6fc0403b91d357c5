"""The Celery app of a benchmark's workers: the product's, and the task that it is compared with."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "calendar_admin.settings")

import django

django.setup()

from benchmarks.engine import peers  # noqa: E402 - registers its task
from calendar_admin.celery import app  # noqa: E402 - Django comes first

__all__ = ["app", "peers"]
