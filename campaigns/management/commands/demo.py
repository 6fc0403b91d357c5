"""`manage.py demo`: what `up` runs, with a sandbox instead of Rokt, and sample data."""

import os
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from campaigns.management import processes, sample, stack
from campaigns.management.commands.up import Command as Up
from campaigns.management.commands.up import begin_again

DEFAULT_SANDBOX_PORT = 8100

GREETING = _(
    """
    Calendar Admin  %(address)s
    Sign in as      marketer, approver, auditor or admin; the password is "%(password)s"
    Sandbox         %(sandbox)s/ stands in for Rokt and Braze: nothing leaves this machine
    Data            %(data)s
    Stop            Ctrl-C; the next start goes on with the same data
"""
)


class Command(Up):
    help = "Run everything with sample data and a sandbox instead of Rokt, until Ctrl-C."

    def complete_environment(self) -> None:
        """Call nobody but the sandbox, and keep away from the data of `up`."""
        self.sandbox_port = stack.port_from_environment("SANDBOX_PORT", default=DEFAULT_SANDBOX_PORT)
        place = f"{processes.LOOPBACK}:{self.sandbox_port}"
        wanted = {"ROKT_HOSTS": place, "BRAZE_HOSTS": place}
        if "DATA_DIR" not in os.environ:
            wanted["DATA_DIR"] = str(settings.BASE_DIR / "data" / "demo")
        if not wanted.items() <= os.environ.items():
            os.environ.update(wanted)
            begin_again()
        super().complete_environment()

    def programs(self) -> list[processes.Program]:
        """Return the children of `up`, after the sandbox."""
        stack.require_free("SANDBOX_PORT", self.sandbox_port)
        sandbox = stack.sandbox(self.sandbox_port, people_count=sample.PEOPLE_COUNT)
        return [sandbox, *super().programs()]

    def prepare_database(self) -> None:
        """Fill the tables, too."""
        super().prepare_database()
        self.stdout.write(_("Looking after the sample data …"))
        try:
            sample.make(sandbox=self.sandbox)
        except sample.InUseError as error:
            raise CommandError(str(error)) from None

    def greet(self) -> None:
        """Say where everything is."""
        words: dict[str, Any] = {
            "address": self.address,
            "password": sample.PASSWORD,
            "sandbox": self.sandbox,
            "data": settings.DATA_DIR,
        }
        self.stdout.write(GREETING % words)

    @property
    def sandbox(self) -> str:
        """The address that accounts have instead of Rokt's."""
        return f"http://{processes.LOOPBACK}:{self.sandbox_port}"
