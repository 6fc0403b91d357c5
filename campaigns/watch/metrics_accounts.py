"""What keeps an account from sending, as numbers; never what its secrets are."""

from collections.abc import Iterator
from datetime import datetime

from campaigns.models import Account, Token
from campaigns.watch.exposition import Metric, gauge, seconds

CLOSED, HALF_OPEN, OPEN = range(3)


def metrics(*, at: datetime) -> Iterator[Metric]:
    """Return what the workers of an account share: the stop, the breaker, Rokt's own wish, the token."""
    columns = ("code", "stopped_at", "breaker__open_until", "rate_limit__held_until")
    rows = list(Account.objects.order_by("code").values_list(*columns))
    yield gauge(
        "account_stopped",
        "1 where an account stopped until somebody puts it right.",
        (({"account": code}, stopped_at is not None) for code, stopped_at, _open, _held in rows),
    )
    yield gauge(
        "breaker_state",
        "0 closed, 1 half open (trying), 2 open.",
        (({"account": code}, breaker_state(until, at)) for code, _stopped, until, _held in rows),
    )
    yield gauge(
        "held_seconds",
        "How much longer Rokt wants no calls (Retry-After).",
        (({"account": code}, max(0, seconds(until or at, at))) for code, _stopped, _open, until in rows),
    )
    yield from _tokens(at)


def breaker_state(open_until: datetime | None, at: datetime) -> int:
    """Return where a breaker is now."""
    if open_until is None:
        return CLOSED
    return OPEN if open_until > at else HALF_OPEN


def _tokens(at: datetime) -> Iterator[Metric]:
    tokens = Token.objects.exclude(access_token="").order_by("account__code")
    held = list(tokens.values_list("account__code", "obtained_at", "expires_at"))
    yield gauge(
        "token_age_seconds",
        "Age of the access token, where there is one.",
        (({"account": code}, seconds(at, since)) for code, since, _until in held if since),
    )
    yield gauge(
        "token_expires_in_seconds",
        "How long the access token is still good; below 0 once it is not.",
        (({"account": code}, seconds(until, at)) for code, _since, until in held if until),
    )
