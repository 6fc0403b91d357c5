"""`manage.py books`: counts every send anew and says whether its books balance."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from campaigns.management import bookkeeping
from campaigns.models import Send
from campaigns.pipeline.record import books


class Command(BaseCommand):
    help = "Check that every send's audience equals its deliveries, each in exactly one state."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "send", nargs="*", type=int, help="number of a send; all of them if none is given"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        sends = Send.objects.order_by("pk")
        if options["send"]:
            sends = sends.filter(pk__in=options["send"])
        balances = [books.check(send) for send in sends.iterator()]
        for balance in balances:
            self.stdout.write(bookkeeping.line(balance))
        wrong = [f"#{balance.send.pk}" for balance in balances if not balance.holds]
        if wrong:
            raise CommandError(_("The books do not balance: %(sends)s") % {"sends": ", ".join(wrong)})
        self.stdout.write(_("%(count)s sends, and the books of all balance.") % {"count": len(balances)})
