"""`manage.py up`: the whole of Calendar Admin on this machine, until Ctrl-C."""

import os
import signal
import sys
from typing import Any, NoReturn

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connections
from django.utils.translation import gettext as _

from campaigns.management import keys, processes, stack

DEFAULT_PORT = 8000


class Command(BaseCommand):
    help = "Run the web app, the worker and the clock on this machine, until Ctrl-C."
    requires_system_checks = []  # they run below, once there are keys

    def handle(self, *_args: Any, **_options: Any) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):  # scripts start programs with SIGINT ignored
            signal.signal(number, signal.default_int_handler)
        try:
            self.complete_environment()
            self.start()
        except KeyboardInterrupt:
            self.stdout.write(_("Stopped."))

    def complete_environment(self) -> None:
        """Make what settings need and nobody gave; settings are read once, so begin again with it."""
        try:
            if keys.keep_missing(settings.DATA_DIR):
                begin_again()
        except OSError as error:
            raise CommandError(_("The keys could not be kept: %(error)s") % {"error": error}) from error

    def start(self) -> None:
        """Prepare, run, and come back when everything has ended."""
        programs = self.programs()
        with stack.alone_in(settings.DATA_DIR):
            self.prepare_database()
            connections.close_all()
            processes.run(programs, on_ready=self.greet)
        self.stdout.write(_("Stopped."))

    def programs(self) -> list[processes.Program]:
        """Return the children in the order of their start; raises CommandError for a port in use."""
        self.port = stack.port_from_environment("PORT", default=DEFAULT_PORT)
        stack.require_free("PORT", self.port)
        return [stack.worker(), stack.clock(), stack.web(self.port)]

    def prepare_database(self) -> None:
        """Check the settings and bring the tables up to date."""
        self.check()
        try:
            call_command("migrate", interactive=False, verbosity=0, skip_checks=False)
        except DatabaseError as error:
            raise CommandError(_("The database cannot be used: %(error)s") % {"error": error}) from error

    def greet(self) -> None:
        """Say where it is."""
        self.stdout.write(
            "\n"
            + _("Calendar Admin runs at %(address)s. Stop it with Ctrl-C.") % {"address": self.address}
            + "\n"
        )

    @property
    def address(self) -> str:
        """Where a browser on this machine finds it."""
        return f"http://{processes.LOOPBACK}:{self.port}/"


def begin_again() -> NoReturn:
    """Replace this process by a new one of the same command, in the environment as it is now."""
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - no shell is the point
