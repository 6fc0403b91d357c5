"""Braze's connected_content: calls an address while rendering and keeps or writes the answer.

`fetch` is the only way out. It makes one call and returns a Response; it raises OSError (as every network error and
timeout is) when no answer came, and LookupError when it does not know a credential. It also owns the waiting before
a repeat, the time limit and any cache: a Request says how long its answer may be kept.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl

from liquid.ast import Node
from liquid.parser import get_parser

from campaigns.liquid.context import Output
from campaigns.liquid.data import narrowed
from campaigns.liquid.errors import AbortedError, LiquidError
from campaigns.liquid.limits import ANSWER_LIMIT
from campaigns.liquid.stream import Stream
from campaigns.liquid.tags.markup import Markup, MarkupWord, parse_markup, split
from campaigns.liquid.tags.tag import BrazeTag
from campaigns.liquid.web import Request, Response, checked_headers, checked_url

if TYPE_CHECKING:
    from typing import TextIO

    from liquid import Token

    from campaigns.liquid.context import Context

_FLAGS = {"retry", "no_cache", "rerender"}
_WITH_VALUE = {
    "save",
    "method",
    "body",
    "headers",
    "content_type",
    "basic_auth",
    "auth_credentials",
    "cache_max_age",
}
_REPEATS = 5  # what `:retry` asks for
_CACHE_SECONDS = (
    300,
    14_400,
)  # the shortest and longest Braze keeps an answer; the shortest is usual for GET
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_AGAIN = {408, 429}  # and every 5xx: answers that a repeat may change


class Call(NamedTuple):
    """A connected_content tag as it is written."""

    url: Markup
    values: dict[str, Markup]
    flags: frozenset[str]
    save: str
    line: int


class ConnectedContentNode(Node):
    """Makes the call, then keeps JSON under a name and writes any other text."""

    __slots__ = ("_call",)

    def __init__(self, token: Token, call: Call) -> None:
        super().__init__(token)
        self._call = call
        self.blank = False

    def render_to_output(self, context: Any, buffer: TextIO) -> int:
        """Write the answer's text, if it is one; AbortedError when `:retry` has run out."""
        try:
            response = _answer(self._call, context)
            body = _text(response) if response else ""
            if "rerender" in self._call.flags:
                body = _rerendered(body, context)
        except LiquidError as fault:
            raise LiquidError(fault.message, self._call.line) from None
        found = _parsed(body)
        if found is None:
            return buffer.write(body) if response and 200 <= response.status < 300 else 0
        if isinstance(found, dict) and response and 200 <= response.status < 300:
            found["__http_status_code__"] = response.status
        context.assign(self._call.save, found)
        return 0


def _answer(call: Call, context: Context) -> Response | None:
    """The answer worth reading, or None; the call is repeated at once as often as `:retry` allows."""
    if context.fetch is None:
        raise LiquidError("connected_content calls an address, which cannot be done here.")
    request = _request(call, context)
    for attempt in range(1 + (_REPEATS if "retry" in call.flags else 0)):
        try:
            response = context.fetch(replace(request, attempt=attempt))
        except OSError:
            continue
        except LookupError:
            name = request.basic_auth or request.auth_credentials
            raise AbortedError(f"connected_content: there is no credential called {name}") from None
        if response.status < 500 and response.status not in _AGAIN:
            return None if response.status == 404 or 300 <= response.status < 400 else response
    if "retry" in call.flags:
        raise AbortedError(f"connected_content: no answer after {_REPEATS} retries")
    return None


def _request(call: Call, context: Context) -> Request:
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
    found = _parsed(written or "{}")
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


def _text(response: Response) -> str:
    body = response.body.encode(errors="replace") if isinstance(response.body, str) else response.body
    if len(body) > ANSWER_LIMIT:
        raise LiquidError(f"The answer of connected_content may hold at most {ANSWER_LIMIT:,} bytes.")
    return body.decode(errors="replace")


def _parsed(body: str) -> dict[str, object] | list[object] | None:
    """The hash or list a text stands for as JSON; None for any other text."""
    if not body.lstrip().startswith(("{", "[")):
        return None
    try:
        found: dict[str, object] | list[object] = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found


def _rerendered(body: str, context: Context) -> str:
    """The answer rendered once, reading no more than its template reads by itself, and calling nothing."""
    data, fetch = context.data, context.fetch
    context.data, context.fetch = narrowed(data, context.reads), None
    try:
        output: Any = Output()
        for node in get_parser(context.env).parse(Stream.of(body)):
            node.render(context, output)
        return str(output.getvalue())
    finally:
        context.data, context.fetch = data, fetch


class ConnectedContentTag(BrazeTag):
    """`{% connected_content https://… :method post :save token :retry %}`."""

    name = "connected_content"

    def read(self, token: Token, stream: Stream) -> Node:
        """Read the address and the options."""
        words = split(stream)
        if not words or words[0].text.startswith(":"):
            stream.refuse("connected_content needs an address: {% connected_content https://… %}.", token)
        url, words = words[0], words[1:]
        flags, values = set[str](), dict[str, MarkupWord]()
        while words:
            option, words = words[0].text, words[1:]
            if option[1:] in _FLAGS and option.startswith(":"):
                flags.add(option[1:])
            elif option[1:] in _WITH_VALUE and option.startswith(":") and words:
                values[option[1:]], words = words[0], words[1:]
            else:
                stream.refuse(_stray(option), token)
        return ConnectedContentNode(token, self._call(stream, token, url, values, frozenset(flags)))

    def _call(
        self,
        stream: Stream,
        token: Token,
        url: MarkupWord,
        values: dict[str, MarkupWord],
        flags: frozenset[str],
    ) -> Call:
        save = values.pop("save", None)
        if save and not _NAME.fullmatch(save.text):
            stream.refuse("The name behind :save may only hold the letters a to z, digits and _.", token)
        markups = {name: parse_markup(stream, word.start, word.end) for name, word in values.items()}
        where = parse_markup(stream, url.start, url.end)
        return Call(where, markups, flags, save.text if save else "connected", stream.line(token))


def _stray(option: str) -> str:
    if not option.startswith(":"):
        return f"connected_content does not understand {option[:40]!r}; a value may hold no spaces."
    if option[1:] in _WITH_VALUE:
        return f"connected_content needs a value behind {option}."
    return f"connected_content has no option {option[:40]}."
