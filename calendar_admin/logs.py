"""What leaves as a log line: plain text or JSON, and never a secret or an e-mail address in it."""

import copy
import json
import logging
import time
from typing import Any, Final

import re2
from celery import current_app
from django.conf import settings

PLAIN: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"
IDS: Final = ("account", "send", "task")  # what `extra=` may name
HIDDEN: Final = "***"
LONGEST: Final = 100_000  # characters of one text; more is cut off


def _pattern(*parts: str) -> Any:
    """Compile with RE2: linear time, whatever is thrown at it."""
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    return re2.compile("".join(parts), options)


# The value behind a name: bare, or in quotation marks. How often those were escaped cannot be counted, so an escaped
# one ends nothing, and what is cut off before they close is hidden to the end of its line.
_VALUE = r"""(?:b?\\*"(?:[^"\\\n]|\\+.)*"?|b?\\*'(?:[^'\\\n]|\\+.)*'?|[^\s"'&,;<>(){}\[\]\\]+)"""
_ESCAPED = r"\\+x[0-9a-f]{2}|\\+u[0-9a-f]{4}"  # a letter of somebody's name, as bytes or JSON show it
_IS = r"""\\*["']?\s*(?:[:=,]|=>|%3A|%3D)\s*"""
_SLASH = r"(?:/|%2F)"
_GUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

# In this order: what a rule has hidden, the next one leaves alone.
_RULES: Final = (
    # Cookie: everything that follows
    (_pattern(r"(\bcookie", _IS, r")[^\n]+"), rf"\1{HIDDEN}"),
    # what an Authorization header holds, with its scheme
    (
        _pattern(r"(authorization", _IS, r""")(?:\\*b?["']?(?:[a-z]+(?:\s|%20|\+)+)?)""", _VALUE),
        rf"\1{HIDDEN}",
    ),
    # "Bearer …" wherever it stands
    (_pattern(r"\b(bearer|basic)(?:\s|%20|\+)+", _VALUE), rf"\1 {HIDDEN}"),
    # client_secret=…, "access_token": "…", SECRET_KEY='…', sessionid=…
    (
        _pattern(
            r"((?:secret(?:_key)?|token|password|passwd|api[_-]?key|rest[_-]?key|field[_-]?keys|sessionid)",
            _IS,
            ")",
            _VALUE,
        ),
        rf"\1{HIDDEN}",
    ),
    # JSON Web Tokens
    (_pattern(r"\beyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?"), HIDDEN),
    # /hooks/rokt/<token>
    (
        _pattern(rf"({_SLASH}hooks{_SLASH}rokt{_SLASH})", r"""[^\s/"'?#&%]+"""),
        rf"\1{HIDDEN}",
    ),
    # redis://:password@host
    (_pattern(r"""(://)[^\s/"'@]*@"""), rf"\1{HIDDEN}@"),
    # e-mail addresses, also percent-encoded or escaped
    (
        _pattern(
            rf"""(?:"[^"\n]{{1,64}}"|(?:[^\s@<>"(),:;\[\]\\]|{_ESCAPED})+)(?:@|%(?:25)*40|\\+u0040)""",
            rf"""(?:[\pL\pN-]|{_ESCAPED})+(?:\.(?:[\pL\pN-]|{_ESCAPED})+)+""",
        ),
        HIDDEN,
    ),
    # subscription ids; the id of a task stands in brackets behind its name
    (_pattern(r"(^|[^\[\w-])", _GUID), rf"\1{HIDDEN}"),
)
# One look tells whether any rule could apply: most lines have nothing to hide.
_SUSPECT: Final = _pattern(
    r"cookie|authorization|bearer|basic|secret|token|passw|key|sessionid|eyj|hooks|@|%(?:25)*40|u0040|",
    r"[0-9a-f]{4}-[0-9a-f]{4}-",
)


def mask(text: str) -> str:
    """Return a text without credentials, tokens, e-mail addresses and subscription ids."""
    text = text if len(text) <= LONGEST else f"{text[:LONGEST]} (cut off)"
    clean = text.encode(errors="backslashreplace").decode()  # RE2 reads UTF-8, which has no lone surrogates
    if _SUSPECT.search(clean):
        for pattern, instead in _RULES:
            clean = pattern.sub(instead, clean)
    return clean


def said(record: logging.LogRecord) -> str:
    """Return the message; one that cannot be put together must not be printed past the mask by `logging`."""
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 - a wrong number of arguments, or one that cannot be written
        try:
            return f"{record.msg!s} {record.args!r}"
        except Exception:  # noqa: BLE001 - hostile, or broken
            return "(a message that could not be written)"


class Plain(logging.Formatter):
    """A line for people."""

    def __init__(self) -> None:
        super().__init__(PLAIN)

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, with the traceback below it."""
        mine = copy.copy(record)  # other handlers see the record as it was
        mine.msg, mine.args = said(record), None
        return mask(super().format(mine))


class Json(logging.Formatter):
    """One JSON object a line: time (UTC), level, logger, message, process; ids and a traceback where there are any."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, Any] = {
            "time": f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(record.created))}.{int(record.msecs):03}Z",
            "level": record.levelname,
            "logger": record.name,
            "message": mask(said(record)),
            "process": record.process,
            **ids_of(record),
        }
        if record.exc_info:
            line["error"] = mask(self.formatException(record.exc_info))
        if record.stack_info:
            line["stack"] = mask(record.stack_info)
        return json.dumps(line, default=str)


def ids_of(record: logging.LogRecord) -> dict[str, Any]:
    """Return what a line is about; the task is known without being told."""
    ids = {name: getattr(record, name) for name in IDS if getattr(record, name, None) is not None}
    task = current_app.current_task
    if task is not None and task.request.id:
        ids.setdefault("task", task.request.id)
    return ids


def formatter() -> logging.Formatter:
    """Return what LOG_FORMAT asks for."""
    return Json() if settings.LOG_FORMAT == "json" else Plain()
