"""What an event is called in a history: as somebody saw it, or else without the Liquid that its title holds."""

import json
import re

from campaigns.models import Event

TAG = re.compile(r"\{%.*?%\}", re.DOTALL)
VALUE = re.compile(r"\{\{.*?\}\}+", re.DOTALL)  # `{{${name}}}` ends in three braces


def title_of(event: Event, *, shown: str | None = "") -> str:
    """Return the title in ``shown``, the content that somebody has on their calendar; else the event's, readable."""
    return _title_in(shown or "") or readable(event.title)


def readable(title: str) -> str:
    """Return a title with an ellipsis for each value that Liquid would fill in."""
    return " ".join(VALUE.sub("…", TAG.sub(" ", title)).split()) or title


def _title_in(content: str) -> str:
    try:
        said = json.loads(content)
    except ValueError:
        return ""
    title = said.get("title") if isinstance(said, dict) else None
    return title if isinstance(title, str) else ""
