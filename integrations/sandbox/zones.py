"""The sandbox's own list of time zones: Windows ids as Rokt takes them, and the IANA zone of each."""

import json
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

WINDOWS: dict[str, str] = json.loads(Path(__file__).with_name("timezones.json").read_text(encoding="utf-8"))[
    "zones"
]


@lru_cache(maxsize=512)
def is_iana(name: str) -> bool:
    """Whether `name` is a zone of the tz database."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a folder ("America") and "../x" are errors too
        return False
    return True
