"""The doors to Rokt's webhooks: post one, say where they go by themselves, see what became of them."""

from aiohttp import web

from integrations.sandbox.fields import Fields
from integrations.sandbox.replies import Reply, said
from integrations.sandbox.state import State
from integrations.sandbox.switches import read_json
from integrations.sandbox.webhooks import envelope, read_loopback, read_secret


async def post(state: State, _request: web.Request, body: bytes) -> Reply:
    """Post one webhook to `url` and tell the status that came back."""
    told = read_json(body)
    url, secret = read_loopback("url", told.get("url")), Fields(told, "").text("secret")
    read_secret(secret)
    envelope(told)  # refused before anything leaves
    return said(200, await state.webhooks.post(url, told, secret=secret))


def register(state: State, _request: web.Request, body: bytes) -> Reply:
    """Post by itself to `url` from now on, signed if there is a `secret`."""
    told = read_json(body)
    url, secret = read_loopback("url", told.get("url")), Fields(told, "").text("secret")
    read_secret(secret)
    state.webhooks.url, state.webhooks.secret = url, secret
    return Reply(204)


def forget(state: State, _request: web.Request, _body: bytes) -> Reply:
    """Post nothing by itself any more."""
    state.webhooks.url = state.webhooks.secret = ""
    return Reply(204)


def show(state: State, _request: web.Request, _body: bytes) -> Reply:
    """Where they go, and the last that were posted."""
    return said(200, {"url": state.webhooks.url or None, "sent": list(state.webhooks.sent)})
