"""The keys of an installation: made fresh, and kept beside its data where the environment has none."""

import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet

FILE_NAME = "keys.env"  # settings.py reads it


def fresh() -> dict[str, str]:
    """Return new values for SECRET_KEY and FIELD_KEYS, safe to put into any .env file as they are."""
    return {"SECRET_KEY": secrets.token_urlsafe(50), "FIELD_KEYS": Fernet.generate_key().decode()}


def lines(keys: dict[str, str]) -> str:
    """Return the keys as lines of an environment file."""
    return "".join(f"{name}={value}\n" for name, value in keys.items())


def keep_missing(folder: Path) -> bool:
    """Make the keys that the environment does not name, keep them in ``folder``, and say whether any were.

    A key that is there is never replaced: without it, the stored secrets could not be read again.
    An empty value counts as named; the start-up checks report it. Raises OSError.
    """
    missing = {name: value for name, value in fresh().items() if name not in os.environ}
    if missing:
        handle = os.open(folder / FILE_NAME, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write("\n" if os.fstat(handle).st_size else "")  # a last line may lack its end
            file.write(lines(missing))
            file.flush()
            os.fsync(handle)
    return bool(missing)
