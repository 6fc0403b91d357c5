"""The routes, and the one way every request to Rokt or Braze goes: read, hurt, answer, log."""

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

from integrations.sandbox import calls
from integrations.sandbox.announcements import announce
from integrations.sandbox.braze import BRAZE_ROUTES
from integrations.sandbox.doors import add_doors
from integrations.sandbox.events import posted_event_id
from integrations.sandbox.faults import NOTHING_SENT
from integrations.sandbox.log import MOST_BODY_BYTES, now
from integrations.sandbox.mischief import play, response, seen_reply
from integrations.sandbox.oauth import without_secrets
from integrations.sandbox.options import Options
from integrations.sandbox.replies import RefusedError, Reply, refused
from integrations.sandbox.state import Call, State

Operation = Callable[[State, Call], Reply]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

SUBSCRIPTION = "/subscription/{subscriptionId:[^/]+}"
EVENTS = "/subscriptionevent/{accountCode:[^/]+}"
ONE_EVENT = "/{eventId:[^/]+}"
ONE_HOLDER = "/subscription/{accountCode:[^/]+}/{subscriptionId:[^/]+}/subscriptionevent"
# One generation of Rokt's documentation has a version in front of a path, the other has none.
ROUTES: list[tuple[str, str, Operation]] = [
    ("POST", "/oauth2/token", calls.issue_token),
    *[("POST", version + EVENTS, calls.create) for version in ("/v1", "")],
    *[("POST", version + EVENTS + "/update", calls.update) for version in ("/v1", "")],
    *[("DELETE", version + EVENTS + ONE_EVENT, calls.delete) for version in ("/v1", "")],
    *[("DELETE", version + ONE_HOLDER + ONE_EVENT, calls.remove) for version in ("/v2", "")],
    *[("GET", version + SUBSCRIPTION, calls.read_subscription) for version in ("/v1", "")],
    ("GET", "/webcal/{subscriptionId:[^/]+}", calls.read_feed),
    *BRAZE_ROUTES,
    ("*", "/{anything:.*}", calls.unknown),
]


def make_app(options: Options) -> web.Application:
    """The whole stand-in: its own doors first, then Rokt's calls and Braze's, then a 404 for everything else."""
    state = State(options)
    app = web.Application()
    add_doors(app, state)
    for method, path, operation in ROUTES:
        app.router.add_route(method, path, _handler(state, operation))
    app.on_cleanup.append(_closing(state))
    return app


def _closing(state: State) -> Callable[[web.Application], Awaitable[None]]:
    async def close(_app: web.Application) -> None:
        state.close()

    return close


def _handler(state: State, operation: Operation) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:  # a function: aiohttp takes no partial
        return await _serve(state, operation, request)

    return handle


async def _serve(state: State, operation: Operation, request: web.Request) -> web.StreamResponse:
    try:
        call = _call(request, await request.read())
    except (web.HTTPRequestEntityTooLarge, web.RequestPayloadError) as error:
        return response(_turn_away(state, operation, request, error))
    hit = state.faults.hit(call.path)
    fault = hit.fault
    applies = fault is None or fault.applies
    done = _answer(state, operation, call) if applies else calls.ACCEPTED
    if applies and done.status == calls.ACCEPTED.status and "unknown event" not in done.note:
        announce(state, operation, call)
    if fault and fault.fault == "duplicate":
        _answer(state, operation, call)
    sent = seen_reply(fault, done) if fault else done
    status = None if fault and fault.fault in NOTHING_SENT else sent.status
    _record(state, operation, request, call, said=(status, hit.names, done.note))
    if hit.delay_seconds:  # only now may a fault keep the caller waiting: what arrived is in the log
        await asyncio.sleep(hit.delay_seconds)
    return await play(fault, request, sent) if fault else response(sent)


def _call(request: web.Request, body: bytes) -> Call:
    return Call(
        request.method,
        request.raw_path.partition("?")[0],
        request.match_info,
        request.query,
        request.host,
        request.headers.get("Authorization", ""),
        request.headers.get("Content-Type", ""),
        body,
    )


def _answer(state: State, operation: Operation, call: Call) -> Reply:
    try:
        return operation(state, call)
    except RefusedError as error:
        return refused(error)


def _turn_away(state: State, operation: Operation, request: web.Request, error: Exception) -> Reply:
    """Answer a body that is too long or cannot be unpacked."""
    if isinstance(error, web.HTTPRequestEntityTooLarge):
        why = RefusedError("body is too long", status=413, code="PayloadTooLarge")
    else:
        why = RefusedError("body cannot be unpacked")
    _record(state, operation, request, _call(request, b""), said=(why.status, "", ""))
    return refused(why)


def _record(
    state: State, operation: Operation, request: web.Request, call: Call, *, said: tuple[int | None, str, str]
) -> None:
    """Log one request; `said` is the status that goes out, the faults and the note."""
    account = call.params.get("accountCode", "")
    if operation is calls.create and (event_id := posted_event_id(call.body)) is not None:
        state.log.posted(account, event_id)
    body = without_secrets(call.body) if operation is calls.issue_token else call.body[:MOST_BODY_BYTES]
    status, faults, note = said
    resource = request.match_info.route.resource
    path = resource.canonical.replace("{accountCode}", account) if resource else call.path
    state.log.record((now(), call.method, call.path, status, body, faults, note), f"{call.method} {path}")
