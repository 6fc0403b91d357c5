"""Keys with which others push people to a workspace: made, found by their digest alone, revoked."""

import secrets
from datetime import datetime, timedelta
from hashlib import sha256

from django.contrib.auth.models import AnonymousUser, User
from django.db import transaction
from django.db.models import Q

from campaigns import audit
from campaigns.models import ApiKey, HookAddress, Workspace
from campaigns.models.clock import now

RANDOM_BYTES = 32
SHOWN_LETTERS = 4
USED_EVERY = timedelta(minutes=1)


@transaction.atomic
def make(workspace: Workspace, *, name: str, may_track: bool, by: User) -> tuple[ApiKey, str]:
    """Make a key; its text is returned this once, and nothing from which it could be found is kept."""
    text = secrets.token_urlsafe(RANDOM_BYTES)
    key = ApiKey.objects.create(
        workspace=workspace,
        name=name,
        may_track=may_track,
        digest=digest(text),
        ending=text[-SHOWN_LETTERS:],
        created_by=by,
    )
    audit.on_setup("added", key, by=by, data={"name": name})
    return key, text


def digest(text: str) -> str:
    """Return under what a key is kept: it is too long to be guessed, so a plain digest hides it."""
    return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def find(text: str) -> ApiKey | None:
    """Return the working key with this text; how long it takes tells nothing about keys, only about digests."""
    return ApiKey.objects.filter(digest=digest(text), revoked_at=None).first()


def note_use(door: ApiKey | HookAddress, *, at: datetime) -> None:
    """Remember when a key or an address was used last, to the minute, so that a busy one costs no writing."""
    before = at - USED_EVERY
    if door.used_at is None or door.used_at < before:
        stale = Q(used_at=None) | Q(used_at__lt=before)
        type(door)._default_manager.filter(stale, pk=door.pk).update(used_at=at)


@transaction.atomic
def revoke(key: ApiKey, *, by: User | AnonymousUser | None = None) -> bool:
    """Let a key open nothing from now on; False where it was revoked before."""
    count = ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now())
    if count:
        audit.on_setup("revoked", key, by=by, data={"name": key.name})
    return bool(count)
