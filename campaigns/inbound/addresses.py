"""The addresses to which Rokt sends webhooks: made, found by what was called, replaced and switched off."""

import secrets
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q

from campaigns import audit
from campaigns.inbound.keys import digest
from campaigns.models import Account, HookAddress, Notice
from campaigns.models.clock import now

TOKEN_BYTES = 32  # 256 bits
ENDING_LENGTH = 4
MOST_COUNTED = 10_000
OF_THE_ACCOUNT = ("account__id", "account__code", "account__rate_per_second")


class NotPossibleError(Exception):
    """Why an address cannot be replaced; the text is for staff."""


@transaction.atomic
def make(account: Account, *, by: User | None, secret: str = "") -> tuple[HookAddress, str]:
    """Make an address; return it with its token, which is kept nowhere."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    address = HookAddress.objects.create(
        account=account, digest=digest(token), ending=token[-ENDING_LENGTH:], secret=secret, created_by=by
    )
    audit.on_setup("added", address, by=by, data={"account": account.pk, "ending": address.ending})
    return address, token


def replace(address: HookAddress, *, by: User | None, days: int, secret: str = "") -> tuple[HookAddress, str]:
    """Make an address in place of another, which works so many days more; it signs as before unless told.

    Raises NotPossibleError where the old one is on its way out already.
    """
    with transaction.atomic():
        at = now()
        until = at + timedelta(days=days)
        mine = HookAddress.objects.filter(pk=address.pk, expires_at=None)
        if not mine.update(expires_at=until):
            raise NotPossibleError
        return make(address.account, by=by, secret=secret or address.secret)


@transaction.atomic
def switch_off(address: HookAddress, *, by: User | None = None) -> None:
    """Let nothing more in by this address, from now on."""
    at = now()
    mine = HookAddress.objects.filter(pk=address.pk)
    if mine.filter(Q(expires_at=None) | Q(expires_at__gt=at)).update(expires_at=at):
        audit.on_setup("revoked", address, by=by, data={"account": address.account_id})


def find(token: str) -> HookAddress | None:
    """Return the address that this token opens now.

    The row is found by the token's digest, so the time that takes tells nothing about any token.
    """
    rows = HookAddress.objects.select_related("account")
    columns = ("id", "digest", "secret", "expires_at", "used_at", *OF_THE_ACCOUNT)
    address = rows.only(*columns).filter(digest=digest(token)).first()
    return address if address and is_open(address, now()) else None


def is_open(address: HookAddress, at: datetime) -> bool:
    """Whether webhooks come in by this address at this time."""
    return address.expires_at is None or address.expires_at > at


def came_in(account: Account, *, since: datetime) -> int:
    """Return how many webhooks an account got since then; no more than ``MOST_COUNTED`` are looked at."""
    last = Notice.objects.filter(account=account).order_by("-pk").values("pk")[:MOST_COUNTED]
    return Notice.objects.filter(pk__in=last, received_at__gte=since).count()
