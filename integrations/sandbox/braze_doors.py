"""The door to the stand-in's Braze: how many people there are, who is gone or changed, keys, pace of exports."""

from collections.abc import Callable
from typing import Any

from aiohttp import web

from integrations.sandbox.braze_workspace import Workspace
from integrations.sandbox.replies import RefusedError, Reply, said
from integrations.sandbox.state import State
from integrations.sandbox.switches import read_json

MOST_PEOPLE = 1_000_000
MOST_SECONDS = 24 * 3600


def show(state: State, _request: web.Request, _body: bytes) -> Reply:
    """What is set."""
    return said(200, _shown(state.braze))


def change(state: State, _request: web.Request, body: bytes) -> Reply:
    """Set what is named, all of it or nothing; what is set replaces what was set before."""
    told = read_json(body)
    for name in told.keys() - SETTINGS.keys():
        raise RefusedError(f"{name[:40]} is none of {', '.join(SETTINGS)}")
    values = {name: SETTINGS[name][0](name, value) for name, value in told.items()}
    for name, value in values.items():
        SETTINGS[name][1](state.braze, value)
    return said(200, _shown(state.braze))


def _shown(braze: Workspace) -> dict[str, Any]:
    return {
        "people": braze.crowd.people_count,
        "seed": braze.crowd.seed,
        "removed": len(braze.crowd.removed),
        "changed": len(braze.crowd.changes),
        "ready_after": braze.ready_after,
        "expires_after": braze.expires_after,
        "permissions": sorted(sorted(permissions) for permissions in braze.gate.keys.values()),
    }


def _whole(lowest: int, highest: int) -> Callable[[str, Any], int]:
    def read(name: str, value: Any) -> int:
        if type(value) is not int or not lowest <= value <= highest:
            raise RefusedError(f"{name} must be a whole number from {lowest} to {highest}")
        return value

    return read


def _seconds(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MOST_SECONDS:
        raise RefusedError(f"{name} must be a number of seconds from 0 to {MOST_SECONDS}")
    return float(value)


def _texts(name: str, value: Any) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise RefusedError(f"{name} must be a list of strings")
    return frozenset(value)


def _changes(name: str, value: Any) -> dict[str, tuple[dict[str, Any], ...]]:
    """External id to attributes, as in /users/track."""
    if not isinstance(value, dict) or not all(isinstance(one, dict) for one in value.values()):
        raise RefusedError(f"{name} must map external ids to attributes")
    return {external_id: (attributes,) for external_id, attributes in value.items()}


def _keys(name: str, value: Any) -> dict[str, frozenset[str]]:
    if not isinstance(value, dict):
        raise RefusedError(f"{name} must map keys to lists of permissions")
    return {key: _texts(name, permissions) for key, permissions in value.items()}


def _on(part: str, name: str) -> Callable[[Workspace, Any], None]:
    return lambda braze, value: setattr(getattr(braze, part), name, value)


# What may be set: how it is read, and where it goes.
SETTINGS: dict[str, tuple[Callable[[str, Any], Any], Callable[[Workspace, Any], None]]] = {
    "people": (_whole(0, MOST_PEOPLE), _on("crowd", "people_count")),
    "seed": (_whole(0, 2**31), _on("crowd", "seed")),
    "remove": (_texts, _on("crowd", "removed")),
    "change": (_changes, _on("crowd", "changes")),
    "ready_after": (_seconds, lambda braze, value: setattr(braze, "ready_after", value)),
    "expires_after": (_seconds, lambda braze, value: setattr(braze, "expires_after", value)),
    "keys": (_keys, _on("gate", "keys")),
    "rate_limit": (_whole(1, MOST_PEOPLE), lambda braze, value: braze.gate.limit(value)),
}
