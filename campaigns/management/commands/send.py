"""`manage.py send EVENT`: queue a send without the browser, and watch it to its end."""

import time
from argparse import ArgumentTypeError
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from campaigns import tasks
from campaigns.management import bookkeeping
from campaigns.models import DryRun, Event, Segment, Send
from campaigns.pipeline import compose, dryrun, record
from campaigns.pipeline.record import books

LOOK_SECONDS = 0.5
BAR_WIDTH = 40
GONE_WRONG = ("failed_count", "expired_count", "in_doubt_count")


class Command(BaseCommand):
    help = "Queue a send of an event, now or at a time; with --wait, show its progress and its books."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("event", help="event id, or account code/event id where accounts share one")
        parser.add_argument("--segment", help="name of a segment, instead of the campaign's own audience")
        parser.add_argument("--kind", choices=Send.Kind.values, default=Send.Kind.CREATE.value)
        parser.add_argument("--at", type=_instant, help="when to start: ISO 8601 with an offset or Z")
        parser.add_argument("--user", help="username it is queued by; the first administrator otherwise")
        parser.add_argument(
            "--leave-out", default="", help="why it goes out without those who cannot be sent to"
        )
        parser.add_argument("--first", type=int, help="how many people go first; the others wait for them")
        parser.add_argument(
            "--stop-above", type=int, default=5, help="stop if more than so many per cent of the first fail"
        )
        parser.add_argument("--wait", action="store_true", help="wait for the end; fail if anything failed")

    def handle(self, *_args: Any, **options: Any) -> None:
        draft = compose.draft(_event(options["event"]), Send.Kind(options["kind"]))
        if options["segment"]:
            compose.choose_audience(draft, _segment(options["segment"]))
        by = _user(options["user"])
        if options["first"] is not None:
            _start_small(draft, options["first"], options["stop_above"])
        self._check(draft, by)
        try:
            send = compose.queue(
                draft,
                by=by,
                scheduled_at=options["at"] or timezone.now(),
                submit_token=uuid4(),
                leave_out=compose.LeaveOut(options["leave_out"]),
            )
        except compose.NotPossibleError as error:
            raise CommandError(str(error)) from error
        tasks.look_now()
        self.stdout.write(_("Queued send #%(number)s.") % {"number": send.pk})
        if options["wait"]:
            self._watch(send)

    def _check(self, draft: Send, by: User) -> None:
        """Check everybody here and now, and say what was found."""
        job = dryrun.run(dryrun.ask(draft, by=by).pk)
        if job.state == DryRun.State.FAILED:
            raise CommandError(job.reason)
        self.stdout.write(
            _("Checked %(people)s people: %(ready)s ready, %(failing)s cannot be sent to.")
            % {
                "people": f"{job.people_count:,}",
                "ready": f"{job.ready_count:,}",
                "failing": f"{job.failing_count:,}",
            }
        )
        for cause in job.causes.all():
            self.stdout.write(f"  {cause.get_level_display()}: {cause.text} ({cause.people_count:,})")

    def _watch(self, send: Send) -> None:
        if send.state == Send.State.REQUESTED:
            raise CommandError(_("Somebody else has to release this send before it starts."))
        while send.state in Send.OPEN_STATES:
            self._show(send)
            if stop := record.stop_of(send):
                raise CommandError(stop.note)
            time.sleep(LOOK_SECONDS)
            send.refresh_from_db()
        self._show(send)
        self.stdout.write("")
        balance = books.check(send)
        self.stdout.write(bookkeeping.line(balance))
        if not balance.holds:
            raise CommandError(_("The books do not balance."))
        if any(getattr(send, name) for name in GONE_WRONG) or send.state != Send.State.FINISHED:
            raise CommandError(_("Not everybody got the event; the history says why."))

    def _show(self, send: Send) -> None:
        people = send.audience_count
        done = people - send.queued_count - send.sending_count - send.in_doubt_count
        filled = BAR_WIDTH * done // people if people else 0
        bar = "█" * filled + "░" * (BAR_WIDTH - filled)
        self.stdout.write(f"\r{bar} {done:,} / {people:,} {send.get_state_display()}   ", ending="")
        self.stdout.flush()


def _instant(text: str) -> datetime:
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ArgumentTypeError(_("a date and time with an offset, as in 2027-05-01T10:00:00-05:00"))
    return moment


def _start_small(draft: Send, count: int, percent: int) -> None:
    try:
        compose.start_small(draft, count=count, percent=percent)
    except compose.NotPossibleError as error:
        raise CommandError(str(error)) from error


def _event(name: str) -> Event:
    account, _slash, event_id = name.rpartition("/")
    found = Event.objects.filter(event_id=event_id)
    if account:
        found = found.filter(account__code=account)
    if not found:
        raise CommandError(_("There is no event “%(name)s”.") % {"name": name})
    if len(found) > 1:
        codes = ", ".join(f"{event.account.code}/{event_id}" for event in found.select_related("account"))
        raise CommandError(_("Which one? %(names)s") % {"names": codes})
    return found[0]


def _segment(name: str) -> Segment:
    segment = Segment.objects.filter(name=name).first()
    if segment is None:
        names = ", ".join(Segment.objects.values_list("name", flat=True))
        raise CommandError(
            _("There is no segment “%(name)s”. There are: %(names)s") % {"name": name, "names": names}
        )
    return segment


def _user(username: str | None) -> User:
    people = User.objects.filter(is_active=True)
    chosen = people.filter(username=username) if username else people.filter(groups__name="admin")
    user = chosen.order_by("pk").first() or (None if username else people.filter(is_superuser=True).first())
    if user is None:
        raise CommandError(_("There is no such member of staff; name one with --user."))
    return user
