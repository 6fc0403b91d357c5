"""The sandbox's own doors: its log, its counts, what is on the calendars, and the faults."""

import inspect
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from aiohttp import web

from integrations.sandbox import braze_doors, webhook_doors
from integrations.sandbox.faults import shown
from integrations.sandbox.mischief import response
from integrations.sandbox.page import page
from integrations.sandbox.replies import STAND_IN, RefusedError, Reply, refused, said
from integrations.sandbox.state import State
from integrations.sandbox.store import Event
from integrations.sandbox.switches import read_fault

Door = Callable[[State, web.Request, bytes], Reply | Awaitable[Reply]]


def add_doors(app: web.Application, state: State) -> None:
    """Hang the doors; nothing that comes through them is logged."""
    for method, path, door in DOORS:
        app.router.add_route(method, path, _handler(state, door))


def _handler(state: State, door: Door) -> Callable[[web.Request], Any]:
    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            reply = door(state, request, await request.read())
            return response(await reply if inspect.isawaitable(reply) else reply)
        except RefusedError as error:
            return response(refused(error))

    return handle


def _front(state: State, _request: web.Request, _body: bytes) -> Reply:
    return Reply(200, page(_summary(state), state.faults.shown()).encode(), "text/html; charset=utf-8")


def _log(state: State, request: web.Request, _body: bytes) -> Reply:
    after, limit = _whole(request, "after"), _whole(request, "limit")
    return said(200, state.log.lines(after=after or 0, limit=limit))


def _counts(state: State, _request: web.Request, _body: bytes) -> Reply:
    return said(200, _summary(state))


def _summary(state: State) -> dict[str, Any]:
    return {
        "sandbox": STAND_IN,
        **state.log.summary(),
        "tokens_issued": state.tokens.issued_count,
    }


def _entries(state: State, request: web.Request, _body: bytes) -> Reply:
    wanted, event_id = request.query.get("subscription", "").lower(), request.query.get("event")
    found = {
        subscription_id: [_entry(e) for e in held.events.values() if event_id in (None, e.event_id)]
        for subscription_id, held in state.store.subscriptions()
        if wanted in ("", subscription_id)
    }
    return said(200, {subscription_id: entries for subscription_id, entries in found.items() if entries})


def _entry(event: Event) -> dict[str, Any]:
    details = event.details
    return {
        "account": event.account,
        "eventId": event.event_id,
        "title": details.title,
        "description": details.description,
        "location": details.location,
        "start": details.start_local.isoformat(),
        "end": details.end_local.isoformat(),
        "timezone": details.timezone or None,
        "timezoneIanaId": details.iana,
        "notifyBefore": details.notify_before_minutes,
        "allDayEvent": details.all_day,
        "sequence": event.sequence,
    }


def _faults_on(state: State, _request: web.Request, _body: bytes) -> Reply:
    return said(200, state.faults.shown())


def _switch_on(state: State, _request: web.Request, body: bytes) -> Reply:
    try:
        wanted = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise RefusedError(f"body is not JSON: {error}") from None
    fault = read_fault(wanted)
    state.faults.add(fault)
    return said(201, shown(fault))


def _switch_off(state: State, _request: web.Request, _body: bytes) -> Reply:
    return said(200, {"cleared": state.faults.clear()})


def _reset(state: State, _request: web.Request, _body: bytes) -> Reply:
    state.reset()
    return Reply(204)


def _whole(request: web.Request, name: str) -> int | None:
    text = request.query.get(name)
    if text is None:
        return None
    if not text.isdecimal():
        raise RefusedError(f"{name} must be a whole number from 0")
    return int(text)


DOORS: list[tuple[str, str, Door]] = [
    ("GET", "/", _front),
    ("GET", "/sandbox/log", _log),
    ("GET", "/sandbox/summary", _counts),
    ("GET", "/sandbox/entries", _entries),
    ("GET", "/sandbox/faults", _faults_on),
    ("POST", "/sandbox/faults", _switch_on),
    ("DELETE", "/sandbox/faults", _switch_off),
    ("GET", "/sandbox/braze", braze_doors.show),
    ("POST", "/sandbox/braze", braze_doors.change),
    ("GET", "/sandbox/webhooks", webhook_doors.show),
    ("POST", "/sandbox/webhooks", webhook_doors.post),
    ("PUT", "/sandbox/webhooks", webhook_doors.register),
    ("DELETE", "/sandbox/webhooks", webhook_doors.forget),
    ("POST", "/sandbox/reset", _reset),
]
