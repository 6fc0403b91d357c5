"""Tidying up: everything that is kept for a while only, a step of each in turn, for a short time."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial

from django.conf import settings

from campaigns.keeping import findings, guard, uploads
from campaigns.models import Purge
from campaigns.pipeline.record import purge

log = logging.getLogger(__name__)

Step = Callable[[], int | None]


def steps() -> Mapping[str, Step]:
    """Return what there is to do by its name: each call is one short step, None when nothing is left."""
    texts, calls = settings.KEEP_TEXTS_DAYS, settings.KEEP_CALLS_DAYS
    by_days: Mapping[str, tuple[Callable[..., int | None], int]] = {
        "texts of calls": (partial(purge.step, Purge.What.TEXTS), texts),
        "contents of entries": (partial(purge.step, Purge.What.ENTRIES), texts),
        "people behind findings": (findings.forget_people, texts),
        "calls": (partial(purge.step, Purge.What.CALLS), calls),
        "snapshots of segments": (findings.forget_snapshots, calls),
    }
    kept = {name: partial(step, days=days) for name, (step, days) in by_days.items() if days}
    files = partial(uploads.sweep, days=settings.KEEP_UPLOADS_DAYS)
    return {**kept, "uploaded files": files, "beats of the clock": guard.forget_beats}


def tidy_up(*, seconds: float) -> Counter[str]:
    """Remove what is older than it may be, for so long at most; return how many rows and files, by name.

    Any number may run at once, and any of them may be killed: every step is a transaction of its own.
    """
    until, counts = time.monotonic() + seconds, Counter[str]()
    left = dict(steps())
    while left:
        for name, step in list(left.items()):
            if time.monotonic() >= until:
                return counts
            count = _try(name, step)
            if count is None:
                del left[name]
            else:
                counts[name] += count
    return counts


def _try(name: str, step: Step) -> int | None:
    try:
        return step()
    except Exception:  # one thing that cannot go must not keep the others
        log.exception("%s could not be removed; it is tried again later", name)
        return None
