"""How each fault plays out on the wire."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from http.client import responses

from aiohttp import web

from integrations.sandbox.faults import NOTHING_SENT, Fault
from integrations.sandbox.replies import STAND_IN, Reply, said

Play = Callable[[Fault, web.Request, Reply], Awaitable[web.StreamResponse]]
SERVER = {"Server": "Stand-in-for-Rokt-Calendar"}
CLOSE_AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER on, no seconds: the close is a RST


def response(reply: Reply) -> web.StreamResponse:
    """The reply as aiohttp sends it."""
    headers = dict(reply.headers, **SERVER) if reply.headers else SERVER
    if reply.file is not None:
        return web.FileResponse(reply.file, headers={**headers, "Content-Type": reply.content_type})
    if not reply.body:
        return web.Response(status=reply.status, headers=headers)
    return web.Response(
        status=reply.status, body=reply.body, headers={**headers, "Content-Type": reply.content_type}
    )


def seen_reply(fault: Fault, reply: Reply) -> Reply:
    """The reply that the fault lets out: the true one, or its own status and body."""
    if fault.status is None or fault.fault in NOTHING_SENT:
        return reply
    own = {"Retry-After": fault.retry_after, "Location": fault.location}
    headers = tuple((name, value) for name, value in own.items() if value is not None)
    if fault.body is not None:
        return Reply(fault.status, fault.body.encode(), fault.content_type, headers)
    if fault.status < 300:
        return Reply(fault.status, headers=headers)
    code = responses.get(fault.status, "Unknown").replace(" ", "")
    error = {"Code": code, "Reason": f"a fault that was switched on ({STAND_IN})"}
    return said(fault.status, error)._replace(headers=headers)


async def play(fault: Fault, request: web.Request, reply: Reply) -> web.StreamResponse:
    """Answer, or not, the way `fault` wants it."""
    if reply.file is not None:  # what is to be hurt is held in one piece
        reply = reply._replace(body=reply.file.read_bytes(), file=None)
    return await PLAYS.get(fault.fault, _answer)(fault, request, reply)


async def _answer(_fault: Fault, _request: web.Request, reply: Reply) -> web.StreamResponse:
    return response(reply)


async def _hang(_fault: Fault, _request: web.Request, reply: Reply) -> web.StreamResponse:
    await asyncio.Event().wait()  # until the caller goes away or the sandbox stops
    return response(reply)


async def _reset(_fault: Fault, request: web.Request, reply: Reply) -> web.StreamResponse:
    if transport := request.transport:
        wire: socket.socket = transport.get_extra_info("socket")
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, CLOSE_AT_ONCE)
        transport.abort()
    return response(reply)  # goes nowhere: the connection is gone


async def _garbage(_fault: Fault, request: web.Request, reply: Reply) -> web.StreamResponse:
    return _raw(request, b"ROKT/?? this is no status line\r\n\r\n", reply)


async def _early_hints(fault: Fault, request: web.Request, reply: Reply) -> web.StreamResponse:
    return _raw(request, f"HTTP/1.1 {fault.status} Not Final\r\n\r\n".encode(), reply)


def _raw(request: web.Request, line: bytes, reply: Reply) -> web.StreamResponse:
    """Write past aiohttp, and close: whatever it makes of `reply` goes nowhere."""
    if transport := request.transport:
        transport.write(line)
        transport.close()
    return response(reply)


async def _drip(fault: Fault, request: web.Request, reply: Reply) -> web.StreamResponse:
    body = reply.body or STAND_IN.encode() * 1000  # at the default pace: about an hour
    dripping = await _begin(request, reply, length=len(body))
    for byte in body:
        await dripping.write(bytes((byte,)))
        await asyncio.sleep(fault.seconds)
    return dripping


async def _cut(_fault: Fault, request: web.Request, reply: Reply) -> web.StreamResponse:
    body = reply.body or STAND_IN.encode()
    short = await _begin(request, reply, length=len(body) + 100)
    await short.write(body)
    if request.transport:
        request.transport.close()
    return short


async def _bad_gzip(_fault: Fault, request: web.Request, reply: Reply) -> web.StreamResponse:
    headers = (*reply.headers, ("Content-Encoding", "gzip"))
    return response(reply._replace(headers=headers, body=reply.body or STAND_IN.encode()))


async def _begin(request: web.Request, reply: Reply, *, length: int) -> web.StreamResponse:
    headers = {**dict(reply.headers), **SERVER, "Content-Type": reply.content_type}
    begun = web.StreamResponse(status=reply.status, headers=headers)
    begun.content_length = length
    await begun.prepare(request)
    return begun


PLAYS: dict[str, Play] = {
    "hang": _hang,
    "reset": _reset,
    "garbage": _garbage,
    "early_hints": _early_hints,
    "drip": _drip,
    "cut": _cut,
    "bad_gzip": _bad_gzip,
}
