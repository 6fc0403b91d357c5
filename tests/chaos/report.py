"""What is told of a run: what was done to it, what came of it, and how to do it again."""

import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.utils import timezone

from campaigns.models import Account, Attempt, Breaker, Delivery, RateLimit, Send
from tests.faults import invariants
from tests.sandbox_process import Sandbox

if TYPE_CHECKING:
    from tests.chaos.run import Stage


@dataclass
class Report:
    """One run in numbers; ``violations`` are the promises that were broken."""

    seed: int
    stack: str
    deliveries: int
    policy: str
    seconds: float = 0.0
    done: Counter[str] = field(default_factory=Counter)
    books: list[str] = field(default_factory=list)
    doubled: int = 0
    in_doubt_first: int = 0
    asked_first: int = 0
    unexplained: int = 0
    doubts: int = 0
    undecided: int = 0
    lost: int = 0
    story: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)

    def look_at(self, stage: "Stage", rokt: Sandbox) -> None:
        """Count what became of everybody."""
        for send in stage.sends:
            send.refresh_from_db()
            held = {state.value: count for state, count in send.books.items() if count}
            self.books.append(f"#{send.pk} {send.kind} {send.state} {send.audience_count}: {held}")
            arrived = invariants.posted(rokt, invariants.OPERATIONS[Send.Kind(send.kind)])
            for event_id, person in invariants.histories(send).items():
                self._count(person, arrived[event_id])

    def _count(self, person: invariants.History, arrived: int) -> None:
        self.doubts += person.doubts > 0
        self.undecided += person.state == Delivery.State.IN_DOUBT
        self.lost += person.state in (Delivery.State.QUEUED, Delivery.State.SENDING)
        if arrived < 2:
            return
        self.doubled += 1
        if arrived > 1 + person.repeatable:
            self.unexplained += 1
        elif person.doubts:
            self.in_doubt_first += 1
        else:
            self.asked_first += 1

    def tell(self, what: str) -> None:
        """Keep what happened, and when."""
        self.story.append(f"{timezone.now():%H:%M:%S.%f} {what}")

    def progress(self, share: float, seconds: float) -> None:
        """Show how far a run is, where somebody looks."""
        self.tell(f"{share:4.0%}")
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{self.stack} seed {self.seed}: {share:4.0%} after {seconds:3.0f} s ")

    def __str__(self) -> str:
        done = ", ".join(f"{verb} {count}" for verb, count in sorted(self.done.items()))
        lines = [
            f"seed {self.seed} on {self.stack}, in doubt: {self.policy}, {self.seconds:.0f} s",
            f"  done: {done}",
            *(f"  books {books}" for books in self.books),
            f"  arrived more than once: {self.doubled} ({self.in_doubt_first} had been in doubt,"
            f" {self.asked_first} were asked for by Rokt), unexplained: {self.unexplained}",
            f"  were in doubt: {self.doubts}, left to people: {self.undecided}, lost: {self.lost}",
            *(f"  VIOLATION: {words}" for words in self.violations),
            f"  again: python -m tests.chaos --stack {self.stack} --deliveries {self.deliveries} --seeds {self.seed}",
        ]
        return "\n".join(lines)


def state_of(stage: "Stage") -> str:
    """Everything that may keep a send from its end."""
    rows = Delivery.objects.filter(send__in=stage.sends).exclude(state__in=Delivery.FINAL_STATES)
    examples = [
        {
            "row": row,
            "calls": list(
                Attempt.objects.filter(delivery=row["id"]).values("number", "operation", "outcome", "reason")
            ),
        }
        for row in rows.values("id", "send", "state", "reason", "due_at", "retry_count", "lease_until")[:5]
    ]
    return "\n    ".join(
        str(each)
        for each in (
            *Account.objects.values("stopped_at", "stopped_reason"),
            *RateLimit.objects.values("next_at", "held_until", "asked_at"),
            *Breaker.objects.values("open_until", "probing_until", "opened_count"),
            *((send.pk, send.state, send.books) for send in stage.sends),
            *examples,
        )
    )
