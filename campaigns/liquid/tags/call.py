"""The request that a connected_content tag describes, for one person."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qsl

from campaigns.liquid.errors import LiquidError
from campaigns.liquid.web import Request, checked_headers, checked_url

if TYPE_CHECKING:
    from campaigns.liquid.context import Context
    from campaigns.liquid.tags.markup import Markup

_CACHE_SECONDS = (
    300,
    14_400,
)  # the shortest and longest Braze keeps an answer; the shortest is usual for GET


class Call(NamedTuple):
    """A connected_content tag as it is written."""

    url: Markup
    values: dict[str, Markup]
    flags: frozenset[str]
    save: str
    line: int


def request_of(call: Call, context: Context) -> Request:
    """The request for this person; LiquidError when an option makes no sense."""
    values = {name: markup.evaluate(context).strip() for name, markup in call.values.items()}
    method = values.get("method", "get").upper()
    if method not in {"GET", "POST"}:
        raise LiquidError(
            f"connected_content only knows the methods get and post, not {method[:20].lower()}."
        )
    content_type = values.get("content_type")
    usual = "application/json" if method == "GET" else "application/x-www-form-urlencoded"
    headers = {"Content-Type": content_type or usual, "Accept": content_type or "*/*"}
    return Request(
        method,
        checked_url(call.url.evaluate(context)),
        checked_headers(headers | _headers(values.get("headers"))),
        _body(values.get("body"), content_type) if method == "POST" else None,
        values.get("basic_auth"),
        values.get("auth_credentials"),
        _cache_seconds(method, values.get("cache_max_age"), call.flags),
    )


def _headers(written: str | None) -> dict[str, str]:
    found = parsed_json(written or "{}")
    if not isinstance(found, dict):
        raise LiquidError('The headers of connected_content must be JSON, as in {"X-Key": "value"}.')
    return {
        str(name): value if isinstance(value, str) else json.dumps(value) for name, value in found.items()
    }


def _body(body: str | None, content_type: str | None) -> str | None:
    """A form is sent as JSON when JSON is the content type; JSON is sent as it is written."""
    if body is None or content_type != "application/json" or body.startswith(("{", "[")):
        return body
    return json.dumps(dict(parse_qsl(body, keep_blank_values=True)), ensure_ascii=False)


def _cache_seconds(method: str, written: str | None, flags: frozenset[str]) -> int:
    shortest, longest = _CACHE_SECONDS
    if "no_cache" in flags:
        return 0
    if written is None:
        return shortest if method == "GET" else 0
    if not re.fullmatch(r"[0-9]{1,9}", written):
        raise LiquidError("The :cache_max_age of connected_content must be a number of seconds.")
    return min(max(int(written), shortest), longest)


def parsed_json(body: str) -> dict[str, object] | list[object] | None:
    """The hash or list a text stands for as JSON; None for any other text."""
    if not body.lstrip().startswith(("{", "[")):
        return None
    try:
        found: dict[str, object] | list[object] = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found
