"""`manage.py halt`: holds all sends, as before a database is put back."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _

from campaigns.keeping import halts


class Command(BaseCommand):
    help = "Hold all sends until somebody releases them, on the page “Held sends” or with `release`."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--because", required=True, help="why; it is shown and kept")

    def handle(self, *_args: Any, **options: Any) -> None:
        made = halts.halt(by=None, note=options["because"])
        self.stdout.write(
            _("All sends are held since %(at)s.") % {"at": f"{made.made_at:%Y-%m-%d %H:%M:%S} UTC"}
        )
