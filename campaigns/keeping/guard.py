"""The guard: a database that was put back from a backup sends nothing until somebody has looked.

Every tick writes a beat into the database, and every host remembers the newest it has seen in a file. A database that
does not know a host's beat has been turned back: it may send again what has gone out since, so everything is held.
A host without a file, or a database that it has never met, is trusted.
"""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from campaigns import audit
from campaigns.keeping.remembered import Mark, recall, remember
from campaigns.models import Beat, Halt
from campaigns.models.clock import now

log = logging.getLogger(__name__)

KEPT = timedelta(days=14)  # a host that was away for longer cannot be asked any more
TIDY_MINUTES = 10


def may_send() -> bool:
    """Whether anything may leave now: ask it at every tick and before every turn at an account.

    Two narrow questions to the database and a small file; no more than that.
    """
    newest = Beat.objects.order_by("-pk").first()
    if newest is None:
        return not _is_held()
    mark, present = recall(newest.family), mark_of(newest)
    if mark != present:
        if mark is not None and is_turned_back(mark):
            _halt(mark)
            return False
        remember(newest.family, present, instead_of=mark)
    return not _is_held()


def mark_of(beat: Beat) -> Mark:
    """Return what is to be remembered of a beat."""
    return Mark(beat.pk, beat.at)


def is_turned_back(mark: Mark) -> bool:
    """Whether the database has lost a beat that this host saw, and nobody has released that loss since."""
    if Beat.objects.filter(pk=mark.number, at=mark.at).exists():
        return False
    oldest = Beat.objects.order_by("pk").first()
    is_forgotten = oldest is not None and mark.number < oldest.pk and mark.at < oldest.at
    return not is_forgotten and not Halt.objects.filter(released_at__gte=mark.at).exists()


def beat() -> bool:
    """Move the clock on by one, and say whether tidying up is due; call it after ``may_send``.

    This host remembers the beat at once, unless it had seen another one than that before it: a loss must not be hidden.
    """
    newest, at = Beat.objects.order_by("-pk").first(), now()
    if newest is not None and timedelta(0) <= at - newest.at < timedelta(seconds=settings.TICK_SECONDS / 2):
        return False
    made = Beat.objects.create(at=at, **({"family": newest.family} if newest else {}))
    remember(made.family, mark_of(made), instead_of=mark_of(newest) if newest else None)
    return newest is not None and _tenth(newest.at) != _tenth(at)


def _tenth(at: datetime) -> int:
    return int(at.timestamp() // (60 * TIDY_MINUTES))


def _is_held() -> bool:
    return Halt.objects.filter(released_at=None).exists()


@transaction.atomic
def _halt(mark: Mark) -> None:
    """Halt everything; many hosts may notice at once, and the oldest beat lets them do so one after the other."""
    Beat.objects.select_for_update().order_by("pk").first()
    if _is_held():
        return
    before = Beat.objects.filter(at__lte=mark.at).order_by("-pk").first()
    back_to = before.at if before else None
    audit.halted(Halt.objects.create(made_at=now(), back_to=back_to, known_until=mark.at))
    log.error(
        "the database was put back from a backup of %s; it had worked until %s. Nothing is sent until an"
        " administrator releases it, on the page “All sends are held” or with `manage.py release`.",
        back_to,
        mark.at,
    )


def forget_beats() -> int | None:
    """Delete some old beats; None where there are none. The newest always stays."""
    old = Beat.objects.filter(at__lt=now() - KEPT).order_by("pk").values_list("pk", flat=True)[:1_000]
    newest = Beat.objects.order_by("-pk").values_list("pk", flat=True).first()
    count, _each = Beat.objects.filter(pk__in=[pk for pk in old if pk != newest]).delete()
    return count or None
