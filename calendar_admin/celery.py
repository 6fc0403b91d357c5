"""Celery carries wake-ups: one id and nothing else; the database is the queue."""

import gc
import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_process_init
from django.conf import settings
from django.utils.log import configure_logging

from calendar_admin import broker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "calendar_admin.settings")

broker.mend()
app = Celery("calendar_admin")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def keep_our_lines(**_signal: Any) -> None:
    """Log as the settings say, not as Celery would: its own handlers hide nothing."""
    configure_logging(settings.LOGGING_CONFIG, settings.LOGGING)


@worker_process_init.connect
def spare_the_collector(**_signal: Any) -> None:
    """Leave out of every garbage collection what was loaded before the first task; it took a fifth of a dry run."""
    gc.collect()
    gc.freeze()
