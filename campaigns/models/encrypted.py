"""Secrets at rest: text that only the keys in the environment can read."""

from functools import cache

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper


@cache
def keyring(keys: tuple[str, ...]) -> MultiFernet:
    """Return the cipher for these keys, newest first; a malformed key raises ValueError."""
    return MultiFernet([Fernet(key) for key in keys])


class EncryptedTextField(models.TextField[str, str]):
    """Text encrypted with ``FIELD_KEYS``; reading it with the wrong key raises ``InvalidToken``.

    An empty string stays empty, so that "no secret yet" can be seen without a key.
    """

    def get_prep_value(self, value: str | None) -> str | None:
        """Encrypt on the way in, with the newest key."""
        if not value:
            return value
        return keyring(tuple(settings.FIELD_KEYS)).encrypt(value.encode()).decode()

    def from_db_value(
        self, value: str | None, expression: object, connection: BaseDatabaseWrapper
    ) -> str | None:
        """Decrypt on the way out, with whichever key fits."""
        if not value:
            return value
        return keyring(tuple(settings.FIELD_KEYS)).decrypt(value.encode()).decode()
