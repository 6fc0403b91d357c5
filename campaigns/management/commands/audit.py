"""`manage.py audit`: checks the audit chain, and prints the seal to keep elsewhere."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from campaigns import audit


class Command(BaseCommand):
    help = "Check that nothing in the audit chain was changed, deleted or put in another order; exit code 1 if so."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--head", action="store_true", help="only print the seal of the newest event")
        parser.add_argument(
            "--since", default="", metavar="SEAL", help="a seal noted earlier, which has to be in the chain"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["head"]:
            self._print_head()
            return
        found = audit.check(since=options["since"].strip().lower())
        if found.back_at is not None:
            self.stdout.write(
                _("From event %(seq)s on the clock was behind: it was put back. That proves nothing.")
                % {"seq": found.back_at}
            )
        if found.bad_seq is not None:
            raise CommandError(
                _("Event %(seq)s: %(why)s.") % {"seq": found.bad_seq, "why": found.why}, returncode=1
            )
        if not found.is_whole:
            raise CommandError(f"{found.why}.", returncode=1)
        self.stdout.write(
            _("%(count)s events, all as they were written. Seal: %(seal)s")
            % {"count": found.count, "seal": found.hash}
        )

    def _print_head(self) -> None:
        end = audit.head()
        if end is None:
            raise CommandError(_("Nothing has been chained yet."))
        self.stdout.write(end.hash)
