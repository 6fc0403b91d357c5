"""The rows of alerts: opened once, joined when the trouble comes back soon, resolved when it is gone."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet

from campaigns.alerts.found import Found
from campaigns.models import Alert

JOINS_WITHIN = timedelta(minutes=15)


def keep(kind: Alert.Kind, found: Iterable[Found], *, at: datetime) -> None:
    """Make the open alerts of a kind be exactly what is found."""
    now_open = {(alert.account_id, alert.send_id): alert for alert in _open(kind)}
    for one in found:
        held = now_open.pop(one.subject, None)
        if held is None:
            notice(kind, one, at=at)
        elif held.facts != one.facts:
            _open(kind).filter(pk=held.pk).update(facts=one.facts)
    gone = [alert.pk for alert in now_open.values()]
    if gone:
        resolve(Alert.objects.filter(pk__in=gone), at=at)


def notice(kind: Alert.Kind, one: Found, *, at: datetime) -> None:
    """Open an alert, unless it is open; one that ended less than 15 minutes ago goes on."""
    same = Alert.objects.filter(kind=kind, account=one.account_id, send=one.send_id)
    last = same.order_by("-pk").first()
    if last is not None and last.resolved_at is None:
        same.filter(pk=last.pk).update(facts=one.facts)
    elif last is not None and last.over_at is None and (last.resolved_at or at) > at - JOINS_WITHIN:
        with suppress(IntegrityError), transaction.atomic():
            same.filter(pk=last.pk, over_at=None).exclude(resolved_at=None).update(
                resolved_at=None, closed_by=None, facts=one.facts, reopened_count=F("reopened_count") + 1
            )
    else:
        fresh = Alert(
            kind=kind,
            account_id=one.account_id,
            send_id=one.send_id,
            since=one.since,
            facts=one.facts,
            opened_at=at,
        )
        Alert.objects.bulk_create([fresh], ignore_conflicts=True)  # another tick may have been first


def resolve(alerts: QuerySet[Alert], *, at: datetime) -> int:
    """Say of alerts that are open that they are over; return how many were."""
    return alerts.filter(resolved_at=None).update(resolved_at=at)


def _open(kind: Alert.Kind) -> QuerySet[Alert]:
    return Alert.objects.filter(kind=kind, resolved_at=None)
