"""Keys with which others push people to a workspace: made, found by their digest alone, revoked."""

import secrets
from datetime import datetime, timedelta
from hashlib import sha256

from django.contrib.auth.models import User
from django.db.models import Q

from campaigns.models import ApiKey, Workspace
from campaigns.models.clock import now

RANDOM_BYTES = 32
SHOWN_LETTERS = 4
USED_EVERY = timedelta(minutes=1)


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
    return key, text


def digest(text: str) -> str:
    """Return under what a key is kept: it is too long to be guessed, so a plain digest hides it."""
    return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def find(text: str) -> ApiKey | None:
    """Return the working key with this text; how long it takes tells nothing about keys, only about digests."""
    return ApiKey.objects.filter(digest=digest(text), revoked_at=None).first()


def note_use(key: ApiKey, *, at: datetime) -> None:
    """Remember when a key was used last, to the minute, so that a busy key costs no writing."""
    before = at - USED_EVERY
    if key.used_at is None or key.used_at < before:
        stale = Q(used_at=None) | Q(used_at__lt=before)
        ApiKey.objects.filter(stale, pk=key.pk).update(used_at=at)


def revoke(key: ApiKey) -> bool:
    """Let a key open nothing from now on; False where it was revoked before."""
    return bool(ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now()))
