"""Who was in a segment at a moment, kept as a compressed set of ids, and who has come and gone since."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _
from pyroaring import BitMap64

from campaigns.models import Segment, SegmentVersion, Send, Snapshot, Subscriber
from campaigns.models.clock import now
from campaigns.segments import nesting
from campaigns.segments.compile import subscriptions
from campaigns.segments.rules import RuleError, parse

PAGE_SIZE = 50
WAKE_UP_AFTER = timedelta(seconds=60)
NOT_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Move:
    """Somebody who has come or gone, and why; the person is None where it was erased."""

    pk: int
    subscriber: Subscriber | None
    reason: str


@dataclass(frozen=True, slots=True)
class Drift:
    """What has become of the people of an earlier moment; only their numbers are kept here."""

    before: BitMap64
    after: BitMap64
    is_same_rule: bool
    since: Snapshot | Send

    @property
    def joined_count(self) -> int:
        """How many are in now and were not then."""
        return self.after.difference_cardinality(self.before)

    @property
    def left_count(self) -> int:
        """How many were in then and are not now."""
        return self.before.difference_cardinality(self.after)

    @property
    def stayed_count(self) -> int:
        """How many were in then and are now."""
        return self.before.intersection_cardinality(self.after)

    def joined(self, *, offset: int = 0, size: int = PAGE_SIZE) -> list[Move]:
        """Return a page of those who have come."""
        return self._page(self.after - self.before, offset, size, has_left=False)

    def left(self, *, offset: int = 0, size: int = PAGE_SIZE) -> list[Move]:
        """Return a page of those who have gone."""
        return self._page(self.before - self.after, offset, size, has_left=True)

    def _page(self, people: BitMap64, offset: int, size: int, *, has_left: bool) -> list[Move]:
        chosen = list(islice(people, offset, offset + size))
        rows = Subscriber.objects.prefetch_related("subscriptions").in_bulk(chosen)
        why = self._why_left if has_left else self._why_joined
        return [Move(pk, rows.get(pk), why(rows.get(pk))) for pk in chosen]

    def _why_joined(self, person: Subscriber | None) -> str:
        if person and person.created_at > taken_at(self.since):
            return _("new here")
        return _("now matches") if self.is_same_rule else _("the definition has changed")

    def _why_left(self, person: Subscriber | None) -> str:
        if person is None:
            return _("erased")
        if person.is_suppressed:
            return _("suppressed")
        if not person.is_active:
            return _("no longer active")
        if all(each.ended_at for each in person.subscriptions.all()):
            return _("unsubscribed")
        return _("the rule no longer fits") if self.is_same_rule else _("the definition has changed")


def taken_at(since: Snapshot | Send) -> datetime:
    """Return the moment that is compared with."""
    return since.taken_at if isinstance(since, Snapshot) else (since.started_at or since.created_at)


def take(
    segment: Segment,
    *,
    cause: str,
    by: User | None = None,
    account_code: str = "",
    people: Iterable[int] | None = None,
) -> Snapshot:
    """Remember who is in a segment now, or the people whose ids are given.

    Raises:
        RuleError: the segment's rule cannot be read.
    """
    ids = BitMap64(people) if people is not None else members(segment, account_code)
    return Snapshot.objects.create(
        segment=segment,
        version=segment.version,
        account_code=account_code,
        cause=cause,
        people=ids.serialize(),
        people_count=len(ids),
        taken_by=by,
        taken_at=now(),
    )


def remember(segment: Segment) -> Snapshot | None:
    """Remember who is in a segment that was saved; None where its present version has been remembered.

    Raises:
        RuleError: the segment's rule cannot be read.
    """
    if not _unremembered().filter(pk=segment.pk).exists():
        return None
    ids = members(segment)  # takes long; whoever else counts them meanwhile is waited for only now
    with transaction.atomic():
        locked = Segment.objects.select_for_update(no_key=True).filter(pk=segment.pk, version=segment.version)
        is_first = locked.first() is not None and _unremembered().filter(pk=segment.pk).exists()
        return take(segment, cause=Snapshot.Cause.SAVED, people=ids) if is_first else None


def forgotten() -> list[int]:
    """Return the segments whose last save should have been remembered by now: the wake-up for it was lost.

    Older ones are left alone: who was in them then cannot be known any more.
    """
    at = now()
    saved = SegmentVersion.objects.filter(segment=OuterRef("pk"), number=OuterRef("version"))
    saved = saved.filter(made_at__gt=at - NOT_AFTER, made_at__lt=at - WAKE_UP_AFTER)
    lost = _unremembered().filter(Exists(saved)).order_by("pk")
    return [segment.pk for segment in lost if _is_understood(segment)]


def _unremembered() -> QuerySet[Segment]:
    kept = Snapshot.objects.filter(
        segment=OuterRef("pk"), version=OuterRef("version"), cause=Snapshot.Cause.SAVED
    )
    return Segment.objects.filter(~Exists(kept))


def _is_understood(segment: Segment) -> bool:
    """Whether its rule can be asked; where a segment inside cannot be read any more, its own page says so."""
    try:
        subscriptions(parse(segment.rule))
    except RuleError:
        return False
    return True


def members(segment: Segment, account_code: str = "") -> BitMap64:
    """Return the ids of the people who are in a segment now, read as a stream."""
    found = subscriptions(parse(segment.rule), account_code=account_code or None)
    return BitMap64(found.order_by().values_list("subscriber_id", flat=True).iterator(chunk_size=10_000))


def drift(segment: Segment, since: Snapshot | Send) -> Drift:
    """Compare those who are in now with an earlier moment, or with everybody a send had a delivery for."""
    if isinstance(since, Snapshot):
        before, account_code = BitMap64.deserialize(bytes(since.people)), since.account_code
        is_same = since.version == segment.version and not _changed_inside(segment, since.taken_at)
    else:
        theirs = since.deliveries.filter(subscriber__isnull=False).order_by()
        before = BitMap64(theirs.values_list("subscriber_id", flat=True).iterator(chunk_size=10_000))
        account_code = since.account.code
        is_same = _unnamed(since.rule) == _unnamed(nesting.resolved(segment.rule))
    return Drift(before, members(segment, account_code), is_same, since)


def _changed_inside(segment: Segment, at: datetime) -> bool:
    """Whether a segment inside this one says something else than it did then."""
    for inner in nesting.within(segment.rule):
        if inner.changed_at > at:
            then = inner.versions.filter(made_at__lte=at).order_by("-number").first()
            if then is None or then.rule != inner.rule:
                return True
    return False


def _unnamed(rule: Any) -> Any:
    """Return a resolved rule without what the segments in it are called, which says nothing about people."""
    if isinstance(rule, list):
        return [_unnamed(each) for each in rule]
    if isinstance(rule, dict):
        return {key: _unnamed(value) for key, value in rule.items() if key != "name"}
    return rule
