"""What a dry run finds, grouped by cause: everybody behind an error, the first few behind a warning."""

from collections import Counter
from datetime import datetime

from django.db.models import F
from django.utils.translation import gettext as _

from campaigns.models import Delivery, DryRun, DryRunCause, DryRunPerson, Subscriber
from campaigns.pipeline import record

MOST_CAUSES_COUNT = 200
SHOWN_COUNT = 100  # people kept behind a warning
Level = DryRunCause.Level

COLUMNS = {Level.ERROR: "failing_count", Level.LEFT_OUT: "left_out_count"}


class Findings:
    """Collects what a batch of people comes to, and writes it down in one go."""

    def __init__(self, job: DryRun) -> None:
        self.job = job
        self.causes: dict[tuple[str, str], DryRunCause] = {}
        self.kept: Counter[int] = Counter()
        self.latest_end_at: datetime | None = None
        self._clear()

    def add(self, person: Subscriber | None, result: record.Intent | record.Unfit | None) -> None:
        """Take in what one person's delivery would come to."""
        if isinstance(result, record.Intent):
            self.counts["ready_count"] += 1
            for note in result.notes:
                self._note(Level.WARNING, note, person, "")
            if result.ends_at and (self.latest_end_at is None or result.ends_at > self.latest_end_at):
                self.latest_end_at = result.ends_at
            return
        assert result is not None  # noqa: S101 - a dry run prepares whatever has to be prepared
        if result.reason == Delivery.Reason.UNCHANGED:
            self.counts["unchanged_count"] += 1
            return
        level = Level.LEFT_OUT if result.state == Delivery.State.SKIPPED else Level.ERROR
        self.counts[COLUMNS[level]] += 1
        self._note(level, result.cause or str(result.reason.label), person, result.detail)

    def save(self) -> Counter[str]:
        """Write the batch down, within the surrounding transaction; return its counts."""
        for cause, people in self.people.items():
            DryRunCause.objects.filter(pk=cause).update(people_count=F("people_count") + people)
        DryRunPerson.objects.bulk_create(self._still_there(), batch_size=1_000)
        counts = self.counts
        self._clear()
        return counts

    def _still_there(self) -> list[DryRunPerson]:
        """Leave out whoever was erased while the batch was written; nobody else is until it is stored."""
        people = Subscriber.objects.filter(pk__in={row.subscriber_id for row in self.rows}).order_by("pk")
        known = set(people.select_for_update(no_key=True).values_list("pk", flat=True))
        return [row for row in self.rows if row.subscriber_id in known]

    def _clear(self) -> None:
        self.counts: Counter[str] = Counter()
        self.people: Counter[int] = Counter()
        self.rows: list[DryRunPerson] = []

    def _note(self, level: Level, text: str, person: Subscriber | None, detail: str) -> None:
        cause = self._cause(level, text[:500])
        self.people[cause.pk] += 1
        if person is None:  # gone meanwhile: counted, and nobody to show
            return
        if level is Level.ERROR or self.kept[cause.pk] < SHOWN_COUNT:
            self.kept[cause.pk] += 1
            detail = detail if cause.text == text[:500] else f"{text} {detail}"
            self.rows.append(DryRunPerson(cause=cause, subscriber=person, detail=detail[:300]))

    def _cause(self, level: Level, text: str) -> DryRunCause:
        """Return the group for a text; past the most that are kept, all others share one."""
        if (level, text) not in self.causes and len(self.causes) >= MOST_CAUSES_COUNT:
            text = _("Other causes")
        if (level, text) not in self.causes:
            made = DryRunCause.objects.create(dry_run=self.job, level=level, text=text)
            self.causes[level, text] = made
        return self.causes[level, text]
