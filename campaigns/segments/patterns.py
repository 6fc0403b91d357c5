"""Regular expressions as people write them: read in linear time, ignoring case as Braze does."""

from functools import lru_cache
from typing import Any

import re2
from django.utils.translation import gettext as _

MAX_PATTERN_MEMORY = 1 << 20  # bytes; a pattern that needs more is refused


class PatternError(ValueError):
    """A pattern that cannot be used; the text says why, and the way out."""


@lru_cache(maxsize=256)
def compiled(pattern: str) -> Any:
    """Return the pattern, ready to `search` a text.

    Raises:
        PatternError: it is no pattern, or one that looks around, looks back, or repeats too often.
    """
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = MAX_PATTERN_MEMORY
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        raise PatternError(_why(pattern, _text(error))) from error


def _text(error: Exception) -> str:
    said = error.args[0] if error.args else ""
    return said.decode(errors="replace") if isinstance(said, bytes) else str(said)


def _why(pattern: str, fault: str) -> str:
    if any(sign in pattern for sign in ("(?=", "(?!", "(?<=", "(?<!")) and "perl operator" in fault:
        return _(
            "Looking ahead or behind, as in “(?=…)”, is not possible. Use two conditions instead, "
            "one of them “does not match”."
        )
    if "escape" in fault:
        return _("“\\1” and the like, which look back at what has matched, are not possible. (%(fault)s)") % {
            "fault": fault
        }
    if "repetition size" in fault or "too large" in fault:
        return _("It repeats something too often; at most 1000 times is possible. (%(fault)s)") % {
            "fault": fault
        }
    return _("This is not a regular expression: %(fault)s.") % {"fault": fault}
