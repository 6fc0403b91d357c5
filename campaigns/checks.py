"""Start-up checks: a bad or missing setting is told by its name before anything runs."""

from collections.abc import Collection, Iterator
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError

from campaigns.models import Account

TIMES = (
    "ANSWER_SECONDS",
    "LEASE_SECONDS",
    "SETTLE_SECONDS",
    "ARRIVAL_SECONDS",
    "TICK_SECONDS",
    "SILENCE_SECONDS",
)
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
    if settings.SILENCE_SECONDS >= settings.LEASE_SECONDS:
        yield Error(
            f"SILENCE_SECONDS ({settings.SILENCE_SECONDS:g}) must be less than"
            f" LEASE_SECONDS ({settings.LEASE_SECONDS:g}).",
            hint="A worker must not wait for a silent database for longer than its batch belongs to it.",
            id="campaigns.E008",
        )
    for name in TIMES:
        if getattr(settings, name) <= 0:
            yield Error(f"{name} must be more than 0.", id="campaigns.E005")


def logging_problems() -> Iterator[CheckMessage]:
    """Yield what is wrong with how lines are written."""
    if settings.LOG_FORMAT not in ("plain", "json"):
        yield Error(f"LOG_FORMAT must be plain or json, not “{settings.LOG_FORMAT}”.", id="campaigns.E006")


def address_problems() -> Iterator[CheckMessage]:
    """Yield what is wrong with where others find this installation."""
    if settings.SITE_URL and not settings.SITE_URL.startswith(("http://", "https://")):
        yield Error(
            f"SITE_URL must begin with https:// (or http://), not “{settings.SITE_URL}”.",
            hint="Links in alerts begin with it: SITE_URL=https://calendar.example.com",
            id="campaigns.E009",
        )


@register()
def settings_are_complete(**_options: Any) -> list[CheckMessage]:
    """Return every problem with the settings at once."""
    return [*secret_problems(), *delivery_problems(), *logging_problems(), *address_problems()]


@register(Tags.database)
def keys_fit_the_database(*, databases: Collection[str] | None = None, **_options: Any) -> list[CheckMessage]:
    """Return an error where FIELD_KEYS cannot read what is stored; asked before every migration."""
    return [problem for database in databases or () for problem in key_problems(database)]


def key_problems(database: str) -> Iterator[CheckMessage]:
    """Yield an error if the stored secrets of a database were encrypted with other keys."""
    try:
        list(Account.objects.using(database).values_list("client_secret", flat=True))
    except InvalidToken:
        yield Error(
            "FIELD_KEYS cannot read the secrets in the database: they were stored under another key.",
            hint="List the key that they were stored under behind the new one, separated by a comma.",
            id="campaigns.E007",
        )
    except (DatabaseError, ValueError):
        return  # no tables yet, or a key that is none: told elsewhere
