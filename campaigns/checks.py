"""Start-up checks: a bad or missing setting is told by its name before anything runs."""

from collections.abc import Iterator
from typing import Any

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured

MAKE_KEYS = "Run `manage.py keys` and put what it prints into the environment or .env."


def secret_key() -> str:
    """Return SECRET_KEY; Django refuses to hand out an empty one."""
    try:
        return str(settings.SECRET_KEY)
    except ImproperlyConfigured:
        return ""


def secret_problems() -> Iterator[CheckMessage]:
    """Yield what is wrong with SECRET_KEY and FIELD_KEYS."""
    if len(secret_key()) < 32:
        yield Error("SECRET_KEY is missing or too short.", hint=MAKE_KEYS, id="campaigns.E001")
    if not settings.FIELD_KEYS:
        yield Error(
            "FIELD_KEYS is missing: secrets could not be stored.", hint=MAKE_KEYS, id="campaigns.E002"
        )
    for number, key in enumerate(settings.FIELD_KEYS, start=1):
        try:
            Fernet(key)
        except ValueError:
            yield Error(f"FIELD_KEYS: key {number} is not a Fernet key.", hint=MAKE_KEYS, id="campaigns.E003")


def delivery_problems() -> Iterator[CheckMessage]:
    """Yield what is wrong with the times that the delivery protocol rests on."""
    if settings.LEASE_SECONDS < 3 * settings.ANSWER_SECONDS:
        yield Error(
            f"LEASE_SECONDS ({settings.LEASE_SECONDS:g}) must be at least three times"
            f" ANSWER_SECONDS ({settings.ANSWER_SECONDS:g}).",
            hint="A batch must not lose its lease while its calls may still be answered.",
            id="campaigns.E004",
        )
    for name in ("ANSWER_SECONDS", "LEASE_SECONDS", "SETTLE_SECONDS", "TICK_SECONDS"):
        if getattr(settings, name) <= 0:
            yield Error(f"{name} must be more than 0.", id="campaigns.E005")


@register()
def settings_are_complete(**_options: Any) -> list[CheckMessage]:
    """Return every problem with the settings at once."""
    return [*secret_problems(), *delivery_problems()]
