"""`manage.py tick`: what the clock does every few seconds, once, for cron or by hand."""

from typing import Any

from django.core.management.base import BaseCommand

from campaigns import tasks


class Command(BaseCommand):
    help = "Start what is due, take back the rows of lost workers, and wake the accounts that have work."

    def handle(self, *_args: Any, **_options: Any) -> None:
        tasks.tick()
