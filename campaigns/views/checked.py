"""What the page before a send says about the dry run: its state, its findings, and whether it still counts."""

from dataclasses import dataclass
from functools import cached_property

from django.utils.translation import gettext as _

from campaigns import reports
from campaigns.models import DryRun, DryRunCause, Send
from campaigns.pipeline import dryrun

Level = DryRunCause.Level
OPEN_STATES = (DryRun.State.WAITING, DryRun.State.RUNNING)


@dataclass(frozen=True)
class Check:
    """A dry run as a page shows it. ``gap`` is how many people more there are now than were checked.

    ``stale`` says why an earlier one does not count any more, where there is none that does.
    """

    job: DryRun | None
    stale: str = ""
    gap: int = 0

    @property
    def is_open(self) -> bool:
        """Whether it waits or runs."""
        return self.job is not None and self.job.state in OPEN_STATES

    @property
    def is_finished(self) -> bool:
        """Whether everybody has been checked, so that a send may be queued."""
        return self.job is not None and self.job.state == DryRun.State.FINISHED

    @property
    def is_shrunk(self) -> bool:
        """Whether there are fewer people now."""
        return self.gap < 0

    @property
    def gap_count(self) -> int:
        """How many people more or less there are now."""
        return abs(self.gap)

    @property
    def pace(self) -> reports.Pace | None:
        """How far it is."""
        return reports.pace(self.job) if self.job else None

    @cached_property
    def causes(self) -> list[DryRunCause]:
        """What it found, most people first."""
        return list(self.job.causes.order_by("-people_count", "pk")) if self.job else []

    @property
    def errors(self) -> list[DryRunCause]:
        """What keeps people from being sent to."""
        return [cause for cause in self.causes if cause.level == Level.ERROR]

    @property
    def notes(self) -> list[DryRunCause]:
        """What should be looked at, and whom the text itself leaves out."""
        return [cause for cause in self.causes if cause.level != Level.ERROR]


def check(send: Send, *, job: DryRun | None = None, people_now: int | None = None) -> Check:
    """Look for the dry run of a drafted send, unless one is given; ``people_now`` are to be sent to now."""
    job = job or dryrun.latest(send)
    if job is None:
        return Check(None, stale=_stale(send))
    is_finished = job.state == DryRun.State.FINISHED
    gap = people_now - job.people_count if is_finished and people_now is not None else 0
    return Check(job, gap=gap)


def _stale(send: Send) -> str:
    before = DryRun.objects.filter(event=send.event, kind=send.kind).first()
    if before is None:
        return ""
    if before.fingerprint == dryrun.fingerprint(send):
        return _("Everybody was checked more than a day ago; that is too long to count.")
    return _("The event, its audience or its account has changed since everybody was checked.")
