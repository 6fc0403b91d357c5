"""`manage.py release`: lets all sends go that are held since the database was put back."""

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from campaigns import keeping
from campaigns.keeping import halts


class Command(BaseCommand):
    help = "Say what is held; with --because, let it go. It may call people again who were called since the backup."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--because", default="", help="why it is safe; it is kept. Without it nothing is released"
        )
        parser.add_argument("--user", help="username of the administrator who decided it")

    def handle(self, *_args: Any, **options: Any) -> None:
        keeping.may_send()  # a database that was put back a moment ago is noticed here at the latest
        found = keeping.open_halt()
        if found is None:
            self.stdout.write(_("Nothing is held."))
            return
        if found.known_until:
            self.stdout.write(
                _("Put back from a backup of %(back_to)s; it had worked until %(known_until)s.")
                % {"back_to": found.back_to, "known_until": found.known_until}
            )
        held = halts.waiting()
        for send in (*held.under_way, *held.to_come):
            self.stdout.write(
                f"  {send}: {send.get_state_display()}, {send.queued_count:,} / {send.audience_count:,}"
            )
        words = {"sends": f"{held.send_count:,}", "people": f"{held.people_count:,}"}
        if not options["because"].strip():
            self.stdout.write(
                _("%(sends)s sends wait, with %(people)s people. Release them with --because.") % words
            )
            return
        halts.release(by=_user(options["user"]), note=options["because"])
        self.stdout.write(_("Released: %(sends)s sends, %(people)s people.") % words)


def _user(username: str | None) -> User | None:
    if username is None:
        return None
    found = User.objects.filter(username=username, is_active=True).first()
    if found is None or not found.has_perm("campaigns.release_halt"):
        raise CommandError(_("--user has to name an administrator."))
    return found
