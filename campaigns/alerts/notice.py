"""One look at everything, on every tick: open what is new, resolve what is over. Any number may look at once."""

import logging
from collections.abc import Callable
from datetime import datetime

from django.contrib.auth.models import User

from campaigns.alerts import conditions, ledger
from campaigns.alerts.finished import look_at_finished
from campaigns.alerts.found import Found
from campaigns.alerts.standstill import standing_still
from campaigns.models import Alert
from campaigns.models.clock import now

log = logging.getLogger(__name__)

CONDITIONS: dict[Alert.Kind, Callable[[datetime], list[Found]]] = {
    Alert.Kind.HELD: conditions.held,
    Alert.Kind.ACCOUNT_STOPPED: conditions.stopped,
    Alert.Kind.BREAKER_OPEN: conditions.broken,
    Alert.Kind.NO_PROGRESS: standing_still,
    Alert.Kind.SEND_PAUSED: conditions.paused,
    Alert.Kind.IN_DOUBT: conditions.doubtful,
    Alert.Kind.BOOKS: conditions.unbalanced,
}


def look() -> None:
    """Look at every condition; one that cannot be asked must not hide the others."""
    at = now()
    for kind, condition in CONDITIONS.items():
        try:
            ledger.keep(kind, condition(at), at=at)
        except Exception:
            log.exception("the condition %s could not be looked at", kind)
    try:
        look_at_finished(at)
    except Exception:
        log.exception("finished sends could not be looked at")


def close_by_hand(alert: Alert, *, by: User) -> bool:
    """Let somebody say that an alert is dealt with; False where it ends by itself, or has ended."""
    fitting = Alert.objects.filter(pk=alert.pk, kind__in=Alert.ENDED_BY_HAND, resolved_at=None)
    return bool(fitting.update(resolved_at=now(), closed_by=by))
