"""Whether calls of an account may leave now: its token, its rate, its breaker, shared by all workers."""

import logging
import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import transaction
from django.db.models import F, Q

from campaigns.models import Account, Breaker, RateLimit, Token
from campaigns.models.clock import now
from integrations.rokt.token import Held
from integrations.rokt.token import Token as Fresh

log = logging.getLogger(__name__)

Row = TypeVar("Row", RateLimit, Breaker)

AHEAD_SECONDS = 0.05
FETCH_LEASE = timedelta(seconds=20)

WINDOW = timedelta(seconds=60)
FEWEST_CALLS_COUNT = 10
BAD_SHARE = 0.7
BAD_IN_A_ROW_COUNT = 10
GOOD_TO_CLOSE_COUNT = 5
COLD_CALLS_COUNT = 10  # a service that is down should not be met by a whole batch
MOST_CALLS_COUNT = 1_000_000
FIRST_REST_SECONDS = 30
LONGEST_REST_SECONDS = 600
PROBE_LEASE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class TokenShelf:
    """Where the workers of an account keep their one token; the refresh is a right that one of them holds."""

    account_id: int

    def read(self) -> Held | None:
        """Return the stored token, whatever its age."""
        row = Token.objects.filter(account=self.account_id).exclude(access_token="").first()
        if row is None or row.expires_at is None or row.obtained_at is None:
            return None
        return Held(access_token=row.access_token, expires_at=row.expires_at, obtained_at=row.obtained_at)

    def claim(self) -> bool:
        """Take the right to fetch a token for 20 s; False while another worker has it."""
        Token.objects.bulk_create([Token(account_id=self.account_id)], ignore_conflicts=True)
        at = now()
        free = Q(refreshing_until=None) | Q(refreshing_until__lt=at)
        taken = Token.objects.filter(free, account=self.account_id).update(refreshing_until=at + FETCH_LEASE)
        return bool(taken)

    def store(self, token: Fresh) -> None:
        """Keep a new token for everybody, and give the right to fetch back."""
        at = now()
        row = Token(
            account_id=self.account_id,
            access_token=token.access_token,
            obtained_at=at,
            expires_at=at + timedelta(seconds=token.expires_in),
            refreshing_until=None,
        )
        row.save(update_fields=["access_token", "obtained_at", "expires_at", "refreshing_until"])
        log.info("account %s: a new token, good for %d s", self.account_id, token.expires_in)

    def release(self) -> None:
        """Give the right to fetch back after a failure."""
        Token.objects.filter(account=self.account_id).update(refreshing_until=None)

    def forget(self, access_token: str) -> None:
        """Drop a token that Rokt refused, unless another worker has replaced it already."""
        with transaction.atomic():
            row = Token.objects.select_for_update().filter(account=self.account_id).first()
            if row is not None and row.access_token == access_token:
                Token.objects.filter(pk=row.pk).update(access_token="", refused_at=now())


def token_refused(account: Account, access_token: str) -> bool:
    """Drop a refused token; True when it was itself the replacement of a refused one: the account must stop."""
    row = Token.objects.filter(account=account).first()
    again = (
        row is not None
        and row.access_token == access_token
        and row.refused_at is not None
        and row.obtained_at is not None
        and row.obtained_at >= row.refused_at
    )
    TokenShelf(account.pk).forget(access_token)
    return again


def token_worked(account: Account) -> None:
    """Forget that a token was ever refused: Rokt accepts this one."""
    Token.objects.filter(account=account).exclude(refused_at=None).update(refused_at=None)


@dataclass(frozen=True, slots=True)
class Grant:
    """How many calls may leave: one each ``interval`` seconds, the first in ``first`` (or at once, if negative).

    ``at`` is the time by the database, ``wait_seconds`` when to ask again, where none may leave now.
    """

    count: int
    at: datetime
    wait_seconds: float = 0.0
    interval: float = 0.0
    first: float = 0.0


@transaction.atomic
def admit(account: Account, *, wanted: int) -> Grant:
    """Ask breaker and rate at once whether up to ``wanted`` calls may leave."""
    most, at = may_call(account), now()
    if not most:
        return Grant(0, at, wait_seconds=math.inf)
    grant = reserve(account, wanted=min(wanted, most), at=at)
    if most == 1 and not grant.count:
        _give_back_the_probe(account)
    return grant


@transaction.atomic(savepoint=False)
def reserve(account: Account, *, wanted: int, at: datetime | None = None) -> Grant:
    """Reserve up to ``wanted`` calls at the account's rate (GCRA); unused reservations are lost, never doubled.

    A little is reserved ahead of its time, so that no worker has to ask for every single call.
    """
    row = _shared(RateLimit, account)
    at = row.asked_at = at or now()
    grant, row.next_at = _grant(row, account, wanted=wanted, at=at)
    row.save(update_fields=["asked_at", "next_at"])
    return grant


def owe(account: Account, *, count: int) -> None:
    """Take calls that cannot be parted from those of a grant out of what may leave later."""
    if count > 0:
        ahead = timedelta(seconds=count / account.rate_per_second)
        with transaction.atomic():
            row = _shared(RateLimit, account)
            row.next_at = max(row.next_at or now(), now()) + ahead
            row.save(update_fields=["next_at"])


def _grant(row: RateLimit, account: Account, *, wanted: int, at: datetime) -> tuple[Grant, datetime | None]:
    """Return what may leave, and when the next call is due after it."""
    if row.held_until is not None and row.held_until > at:
        return Grant(0, at, wait_seconds=(row.held_until - at).total_seconds()), row.next_at
    interval = 1 / account.rate_per_second
    next_at = max(row.next_at or at, at)
    first = (next_at - at).total_seconds() - interval * (account.burst_count - 1)
    count = min(wanted, int((AHEAD_SECONDS - first) / interval + 1e-6) + 1)
    if count < 1 or first > AHEAD_SECONDS:
        return Grant(0, at, wait_seconds=first - AHEAD_SECONDS / 2), next_at
    return Grant(count, at, interval=interval, first=first), next_at + timedelta(seconds=interval * count)


def hold(account: Account, *, seconds: float) -> None:
    """Keep every call of the account back, as Rokt asked (Retry-After)."""
    RateLimit.objects.bulk_create([RateLimit(account=account)], ignore_conflicts=True)
    until = now() + timedelta(seconds=seconds)
    later = Q(held_until=None) | Q(held_until__lt=until)
    RateLimit.objects.filter(later, account=account).update(held_until=until)


def stop(account: Account, reason: str) -> None:
    """Stop an account until somebody has put it right; its rows wait."""
    running = Account.objects.filter(pk=account.pk, stopped_at=None)
    if running.update(stopped_at=now(), stopped_reason=reason[:300]):
        log.error("account %s stopped: %s", account.code, reason, extra={"account": account.code})


@transaction.atomic
def start_again(account: Account) -> None:
    """Let a stopped account send again, at somebody's wish: with a new token, and single calls until some went well.

    Where nothing was put right, that costs one call, and the account stops as before.
    """
    Token.objects.filter(account=account).delete()
    RateLimit.objects.filter(account=account).update(held_until=None)
    Breaker.objects.update_or_create(
        account=account,
        defaults={
            "open_until": now(),
            "opened_count": 0,
            "window_started_at": None,
            "good_count": 0,
            "bad_count": 0,
            "bad_in_a_row_count": 0,
            "probing_until": None,
        },
    )
    Account.objects.filter(pk=account.pk).update(stopped_at=None, stopped_reason="")


@transaction.atomic(savepoint=False)
def may_call(account: Account) -> int:
    """Ask the breaker how many calls a batch may have: 0 for not now, 1 for a probe, few before the first answer."""
    row, at = _shared(Breaker, account), now()
    if row.open_until is None:
        fresh = row.window_started_at is not None and at - row.window_started_at <= WINDOW
        return MOST_CALLS_COUNT if fresh and row.good_count else COLD_CALLS_COUNT
    if row.open_until > at or (row.probing_until is not None and row.probing_until > at):
        return 0
    Breaker.objects.filter(pk=row.pk).update(probing_until=at + PROBE_LEASE)
    return 1


def _went_on_well(account: Account, count: int) -> bool:
    """Count good calls in one statement where nothing else is to be decided."""
    rows = Breaker.objects.filter(account=account, open_until=None, bad_in_a_row_count=0)
    return bool(rows.filter(window_started_at__gte=now() - WINDOW).update(good_count=F("good_count") + count))


@transaction.atomic
def tell_breaker(account: Account, *, good_count: int, bad_count: int) -> None:
    """Count a batch's calls; open after 70 % of at least ten in a minute, or ten bad in a row.

    While it is open only a probe's answer counts: all others left before it opened, and say nothing new.
    """
    if not good_count and not bad_count:  # says nothing about Rokt's health: the next probe may go
        _give_back_the_probe(account)
        return
    if not bad_count and _went_on_well(account, good_count):
        return
    row, at = _shared(Breaker, account), now()
    was_open = row.open_until is not None
    if row.open_until is None:
        _count(row, good_count=good_count, bad_count=bad_count, at=at)
    elif row.probing_until is not None:
        _after_probe(row, good=bad_count == 0, count=good_count, at=at)
    row.save()
    if was_open != (row.open_until is not None):
        words = "closed: calls leave again" if was_open else "opened: calls are kept back"
        log.warning("account %s: breaker %s", account.code, words, extra={"account": account.code})


def _give_back_the_probe(account: Account) -> None:
    Breaker.objects.filter(account=account).exclude(probing_until=None).update(probing_until=None)


def _shared(model: type[Row], account: Account) -> Row:
    """Return, locked, what all workers of an account share; made when it is asked for first."""
    row = model.objects.select_for_update().filter(account=account).first()
    if row is None:
        model.objects.bulk_create([model(account=account)], ignore_conflicts=True)
        row = model.objects.select_for_update().get(account=account)
    return row


def _count(row: Breaker, *, good_count: int, bad_count: int, at: datetime) -> None:
    if row.window_started_at is None or at - row.window_started_at > WINDOW:
        row.window_started_at, row.good_count, row.bad_count = at, 0, 0
    row.good_count += good_count
    row.bad_count += bad_count
    row.bad_in_a_row_count = 0 if good_count else row.bad_in_a_row_count + bad_count
    calls = row.good_count + row.bad_count
    mostly_bad = calls >= FEWEST_CALLS_COUNT and row.bad_count >= BAD_SHARE * calls
    if mostly_bad or row.bad_in_a_row_count >= BAD_IN_A_ROW_COUNT:
        _open(row, at=at)


def _after_probe(row: Breaker, *, good: bool, count: int, at: datetime) -> None:
    row.probing_until = None
    if not good:
        _open(row, at=at)
        return
    row.good_count += count
    if row.good_count >= GOOD_TO_CLOSE_COUNT:
        row.open_until, row.opened_count, row.window_started_at = None, 0, None


def _open(row: Breaker, *, at: datetime) -> None:
    rest = min(FIRST_REST_SECONDS * 2**row.opened_count, LONGEST_REST_SECONDS)
    row.open_until = at + timedelta(seconds=rest)
    row.opened_count += 1
    row.good_count = row.bad_count = row.bad_in_a_row_count = 0
    row.probing_until = None
