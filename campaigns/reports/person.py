"""Everything that happened to one person, newest first, a page at a time.

Each source is asked by an index over the person and gives at most a page; what one page asks stays the same however
much there is.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.urls import reverse
from django.utils.translation import gettext as _

from campaigns.models import (
    Attempt,
    Delivery,
    Entry,
    Notice,
    Subscriber,
    SubscriberAction,
    SubscriberEvent,
    SubscriptionStatus,
)
from campaigns.reports.progress import TONES
from campaigns.reports.titles import title_of

PAGE_SIZE = 40
CALLS = {
    Attempt.Outcome.ACCEPTED: "good",
    Attempt.Outcome.FOUND: "good",
    Attempt.Outcome.REFUSED: "bad",
    Attempt.Outcome.FORBIDDEN: "bad",
    Attempt.Outcome.UNAUTHORIZED: "bad",
}


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that happened; ``place`` is where the page after it goes on."""

    at: datetime
    rank: int
    pk: int
    title: str
    detail: str = ""
    badge: str = ""
    tone: str = "none"
    url: str = ""

    @property
    def place(self) -> tuple[datetime, int, int]:
        """The order: by time, then by source, then by number; no two are alike."""
        return (self.at, self.rank, self.pk)

    @property
    def cursor(self) -> str:
        """The place as a text for an address."""
        return f"{self.at.isoformat()}~{self.rank}~{self.pk}"


@dataclass(frozen=True, slots=True)
class Page:
    """Some items, and the cursor of the page after them; "" on the last one."""

    items: list[Item]
    after: str


@dataclass(frozen=True, slots=True)
class Source:
    """Rows that become items: ``at`` is the column with their time."""

    rows: QuerySet[Any]
    at: str
    item: Callable[[Any, int], Item]


def timeline(person: Subscriber, *, after: str = "") -> Page:
    """Return a page of what happened; raises ``ValueError`` for a cursor that is none."""
    start = _place(after) if after else None
    sources = [_items(source, rank, start) for rank, source in enumerate(_sources(person))]
    seen = [item for item in _first_and_last(person, len(sources)) if start is None or item.place < start]
    merged = heapq.merge(*sources, seen, key=lambda item: item.place, reverse=True)
    items = list(islice(merged, PAGE_SIZE + 1))
    return Page(items[:PAGE_SIZE], items[PAGE_SIZE - 1].cursor if len(items) > PAGE_SIZE else "")


def _place(cursor: str) -> tuple[datetime, int, int]:
    at, rank, pk = cursor.split("~")
    moment = datetime.fromisoformat(at)
    if moment.tzinfo is None or not (rank + pk).isascii() or len(rank + pk) > len(str(2**63)):
        raise ValueError(cursor)
    return (moment, int(rank), int(pk))


def _items(source: Source, rank: int, start: tuple[datetime, int, int] | None) -> Iterator[Item]:
    rows = source.rows.exclude(**{source.at: None})
    if start is not None:
        at, last_rank, pk = start
        same = Q(**{source.at: at})
        rows = rows.filter(**{f"{source.at}__lte": at})
        if rank > last_rank:
            rows = rows.exclude(same)
        elif rank == last_rank:
            rows = rows.exclude(same, pk__gte=pk)
    for row in rows.order_by(f"-{source.at}", "-pk")[: PAGE_SIZE + 1]:
        yield source.item(row, rank)


def _sources(person: Subscriber) -> Iterable[Source]:
    shown = Entry.objects.filter(subscriber=person, event=OuterRef("send__event")).values("body")
    deliveries = Delivery.objects.filter(subscriber=person).select_related("send__event")
    deliveries = deliveries.annotate(shown=Subquery(shown[:1]))
    calls = Attempt.objects.filter(delivery__subscriber=person).defer("body", "answer")
    entries = Entry.objects.filter(subscriber=person).select_related("event")
    told = SubscriptionStatus.objects.filter(subscriber=person).select_related("traits")
    return (
        Source(deliveries.defer("send__content", "send__rule", "subscriptions"), "changed_at", _delivery),
        Source(calls, "opened_at", _call),
        Source(SubscriberEvent.objects.filter(subscriber=person), "at", _event),
        Source(entries, "confirmed_at", _entry),
        Source(told, "told_at", _told),
        Source(SubscriberAction.objects.filter(subscriber=person).select_related("by"), "at", _action),
        Source(Notice.objects.filter(subscriber=person).defer("body"), "received_at", _notice),
    )


def _delivery(row: Delivery, rank: int) -> Item:
    words = {
        "kind": row.send.get_kind_display(),
        "title": title_of(row.send.event, shown=getattr(row, "shown", "")),
    }
    return Item(
        at=row.changed_at,
        rank=rank,
        pk=row.pk,
        title=(_("Test, %(kind)s: “%(title)s”") if row.send.is_test else _("%(kind)s: “%(title)s”")) % words,
        detail=str(row.reason_text),
        badge=row.get_state_display(),
        tone=TONES[Delivery.State(row.state)],
        url=reverse("delivery_detail", args=[row.pk]),
    )


def _call(row: Attempt, rank: int) -> Item:
    status = f"HTTP {row.status}" if row.status else ""
    return Item(
        at=row.opened_at,
        rank=rank,
        pk=row.pk,
        title=_("Call %(number)d to Rokt: %(what)s")
        % {"number": row.number, "what": row.get_operation_display()},
        detail=row.reason or status,
        badge=row.get_outcome_display(),
        tone=CALLS.get(Attempt.Outcome(row.outcome), "warn"),
        url=reverse("delivery_detail", args=[row.delivery_id]),
    )


def _event(row: SubscriberEvent, rank: int) -> Item:
    said = ", ".join(f"{name}: {value}" for name, value in row.properties.items())
    return Item(row.at, rank, row.pk, title=_("Event “%(name)s”") % {"name": row.name}, detail=said)


def _entry(row: Entry, rank: int) -> Item:
    title = _("Seen on the calendar: “%(title)s”") % {"title": title_of(row.event, shown=row.body)}
    url = reverse("delivery_detail", args=[row.delivery_id])
    assert row.confirmed_at is not None  # noqa: S101 - others are not asked for
    return Item(row.confirmed_at, rank, row.pk, title=title, badge=row.get_state_display(), url=url)


def _told(row: SubscriptionStatus, rank: int) -> Item:
    badge, tone = (_("ended"), "warn") if row.ended_at else (_("subscribed"), "good")
    title = _("Rokt told of a subscription")
    detail = " ".join(filter(None, (str(row.traits or ""), row.rokt_id)))
    return Item(row.told_at, rank, row.pk, title=title, detail=detail, badge=badge, tone=tone)


def _notice(row: Notice, rank: int) -> Item:
    title = _("Rokt's webhook “%(type)s”") % {"type": row.event_type}
    tone = "bad" if row.state == Notice.State.FAILED else "none"
    return Item(
        row.received_at, rank, row.pk, title, detail=row.reason, badge=row.get_state_display(), tone=tone
    )


def _action(row: SubscriberAction, rank: int) -> Item:
    by = str(row.by) if row.by else _("somebody who has left")
    title = _("%(who)s: %(what)s") % {"who": by, "what": row.get_verb_display()}
    return Item(row.at, rank, row.pk, title=title, detail=row.note, badge=_("by staff"), tone="info")


def _first_and_last(person: Subscriber, rank: int) -> list[Item]:
    """What the person's own row tells, newest first."""
    seen = [Item(person.created_at, rank, 0, title=_("First seen in Braze's data"))]
    if person.left_at:
        seen.append(Item(person.left_at, rank, 1, title=_("No longer in Braze's segment"), tone="warn"))
    return sorted(seen, key=lambda item: item.place, reverse=True)
