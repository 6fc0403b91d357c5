"""`manage.py keys`: fresh keys, ready for the environment or .env."""

from typing import Any

from django.core.management.base import BaseCommand

from campaigns.management import keys


class Command(BaseCommand):
    help = "Print fresh values for SECRET_KEY and FIELD_KEYS."
    requires_system_checks = []  # it is the cure for what the checks would report

    def handle(self, *_args: Any, **_options: Any) -> None:
        self.stdout.write(keys.lines(keys.fresh()), ending="")
