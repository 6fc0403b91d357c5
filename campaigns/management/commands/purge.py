"""`manage.py purge`: removes now what has been kept for long enough, and says how much that was."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _

from campaigns import keeping

FOREVER_SECONDS = 24 * 60 * 60


class Command(BaseCommand):
    help = "Remove texts, calls, findings and uploads that are older than they may be; sends go on meanwhile."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seconds", type=float, default=FOREVER_SECONDS, help="stop after so long")

    def handle(self, *_args: Any, **options: Any) -> None:
        for name in ("KEEP_TEXTS_DAYS", "KEEP_CALLS_DAYS", "KEEP_NOTICES_DAYS", "KEEP_UPLOADS_DAYS"):
            days = getattr(settings, name)
            self.stdout.write(f"{name}={days}" + ("" if days else " " + _("(for ever)")))
        counts = keeping.tidy_up(seconds=options["seconds"])
        for name, count in sorted(counts.items()):
            if count:
                self.stdout.write(f"{count:>12,} {name}")
        self.stdout.write(_("%(count)s removed.") % {"count": f"{counts.total():,}"})
