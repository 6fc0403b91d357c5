"""Switching a fault on: what may be asked for, read or refused by name."""

from collections.abc import Callable
from typing import Any, NamedTuple

import orjson

from integrations.sandbox.faults import Fault
from integrations.sandbox.replies import RefusedError

FIXED_STATUS = {"401": 401, "400": 400, "429": 429, "500": 500, "302": 302}
COMMON = {"fault", "path", "share", "count"}


class Kind(NamedTuple):
    """Which parameters a fault takes, which it needs, and whether the request is acted upon by default."""

    takes: set[str]
    needs: set[str]
    applies: bool


ANSWERED = {"applies", "body", "content_type", "retry_after", "location"}
KINDS = {
    "latency": Kind({"seconds"}, {"seconds"}, applies=True),
    "duplicate": Kind(set(), set(), applies=True),
    "hang": Kind({"applies"}, set(), applies=True),
    "reset": Kind({"applies"}, set(), applies=True),
    "garbage": Kind({"applies"}, set(), applies=True),
    "early_hints": Kind({"applies", "status"}, set(), applies=True),
    "drip": Kind({"applies", "seconds"}, set(), applies=True),
    "cut": Kind({"applies"}, set(), applies=True),
    "bad_gzip": Kind({"applies"}, set(), applies=True),
    "status": Kind({"status", *ANSWERED}, {"status"}, applies=False),
    **{name: Kind(ANSWERED, set(), applies=False) for name in FIXED_STATUS},
    "302": Kind(ANSWERED, {"location"}, applies=False),
}


def read_json(body: bytes) -> dict[str, Any]:
    """What a door is told: a JSON object."""
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise RefusedError(f"body is not JSON: {error}") from None
    if not isinstance(told, dict):
        raise RefusedError("body must be a JSON object")
    return told


def read_fault(wanted: Any) -> Fault:
    """The fault that `wanted` asks for, or a refusal that names the field."""
    if not isinstance(wanted, dict):
        raise RefusedError("a fault is a JSON object")
    name = str(wanted.get("fault", ""))
    if name not in KINDS:
        raise RefusedError(f"fault must be one of {', '.join(KINDS)}, not {name[:40]!r}")
    kind = KINDS[name]
    for field in wanted.keys() - COMMON - kind.takes:
        raise RefusedError(f"{field[:40]} is not a parameter of {name}")
    for field in kind.needs - wanted.keys():
        raise RefusedError(f"{field} is required for {name}")
    values = {field: READERS[field](field, value) for field, value in wanted.items() if field != "fault"}
    fault = Fault(**{"fault": name, "applies": kind.applies, **values})
    fault.status = FIXED_STATUS.get(name, fault.status)
    return _with_status(fault)


def _with_status(fault: Fault) -> Fault:
    if fault.fault == "early_hints":
        fault.status = fault.status or 103
    lowest, highest = (100, 199) if fault.fault == "early_hints" else (200, 599)
    if fault.status is not None and (not lowest <= fault.status <= highest or fault.status == 101):
        raise RefusedError(f"status must be from {lowest} to {highest} for {fault.fault}")
    return fault


def _number(lowest: float, highest: float) -> Callable[[str, Any], float]:
    def read(field: str, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not lowest <= value <= highest:
            raise RefusedError(f"{field} must be a number from {lowest:g} to {highest:g}")
        return value

    return read


def _count(field: str, value: Any) -> int:
    if type(value) is not int or value < 1:
        raise RefusedError(f"{field} must be a whole number above 0")
    return value


def _flag(field: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise RefusedError(f"{field} must be true or false")
    return value


def _text(field: str, value: Any) -> str:
    if not isinstance(value, str):
        raise RefusedError(f"{field} must be a string")
    return value


def _header(field: str, value: Any) -> str:
    """A header's value: a line break in it would be a second header."""
    text = _text(field, value)
    if not text.isprintable() or not text.isascii():
        raise RefusedError(f"{field} must be printable ASCII on one line")
    return text


READERS: dict[str, Callable[[str, Any], Any]] = {
    "path": _text,
    "share": _number(0, 1),
    "count": _count,
    "applies": _flag,
    "seconds": _number(0, 3600),
    "status": _count,
    "retry_after": _header,
    "location": _header,
    "body": _text,
    "content_type": _header,
}
