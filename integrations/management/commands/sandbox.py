"""`manage.py sandbox`: a Rokt Calendar on this machine that reaches nobody."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _

from integrations.sandbox.__main__ import run
from integrations.sandbox.options import add_arguments, options_from


class Command(BaseCommand):
    help = _("Runs a stand-in for Rokt Calendar and Braze on this machine, until it is stopped.")
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        add_arguments(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        run(options_from(options))
