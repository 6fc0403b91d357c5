"""Writing the chain: one event after another, whoever writes."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.db import transaction

from campaigns.audit.seal import START, canonical, keys, seal
from campaigns.models.audit import AuditEvent, AuditHead
from campaigns.models.clock import now

ONLY = 1


@transaction.atomic
def append(
    kind: str, *, by: User | AnonymousUser | None, about: tuple[str, object], data: Mapping[str, Any]
) -> AuditEvent:
    """Add an event in the transaction of what it tells; ``about`` is the kind of thing and its id.

    Call it last: the end of the chain stays locked until the commit, and whoever locked anything after it could
    wait for somebody who waits for the chain. ``by`` is None for what the engine did by itself.
    ``data`` is stored for ever: small, and without anything about a subscriber.
    """
    end = locked()
    name, key = next(iter(keys().items()))
    event = AuditEvent(
        seq=end.seq + 1,
        at=now(),
        kind=kind,
        by=f"{by.pk} {by.get_username()}" if by is not None else "",
        subject_kind=about[0],
        subject=str(about[1]),
        data=canonical(data),
        key=name,
        prev_hash=end.hash,
    )
    event.hash = seal(event, key)
    event.save(force_insert=True)
    AuditHead.objects.filter(pk=ONLY).update(seq=event.seq, hash=event.hash)
    return event


def head() -> AuditHead | None:
    """Return the end of the chain; None before the first event."""
    return AuditHead.objects.filter(pk=ONLY).first()


def locked() -> AuditHead:
    """Lock and return the end of the chain until the commit."""
    rows = AuditHead.objects.select_for_update().filter(pk=ONLY)
    found = rows.first()
    if found is None:
        AuditHead.objects.bulk_create([AuditHead(pk=ONLY, seq=0, hash=START)], ignore_conflicts=True)
        found = rows.get()
    return found
