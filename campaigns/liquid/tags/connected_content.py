"""Braze's connected_content: calls an address while rendering and keeps or writes the answer.

`fetch` is the only way out. It makes one call and returns a Response; it raises OSError (as every network error and
timeout is) when no answer came, and LookupError when it does not know a credential. It also owns the waiting before
a repeat, the time limit and any cache: a Request says how long its answer may be kept.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from liquid.ast import Node
from liquid.parser import get_parser

from campaigns.liquid.context import Output
from campaigns.liquid.data import narrowed
from campaigns.liquid.errors import AbortedError, LiquidError
from campaigns.liquid.limits import ANSWER_LIMIT, CALL_WORK, weight
from campaigns.liquid.stream import Stream
from campaigns.liquid.tags.call import Call, parsed_json, request_of
from campaigns.liquid.tags.markup import MarkupWord, parse_markup, split
from campaigns.liquid.tags.tag import BrazeTag

if TYPE_CHECKING:
    from typing import TextIO

    from liquid import Token

    from campaigns.liquid.context import Context
    from campaigns.liquid.web import Response

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
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_AGAIN = {408, 429}  # and every 5xx: answers that a repeat may change


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
        found = parsed_json(body)
        if found is None:
            return buffer.write(body) if response and 200 <= response.status < 300 else 0
        if isinstance(found, dict) and response and 200 <= response.status < 300:
            found["__http_status_code__"] = response.status
        context.spend(weight(found))
        context.assign(self._call.save, found)
        return 0


def _answer(call: Call, context: Context) -> Response | None:
    """The answer worth reading, or None; the call is repeated at once as often as `:retry` allows."""
    if context.fetch is None:
        raise LiquidError("connected_content calls an address, which cannot be done here.")
    request = request_of(call, context)
    for attempt in range(1 + (_REPEATS if "retry" in call.flags else 0)):
        context.spend(CALL_WORK)
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


def _text(response: Response) -> str:
    body = response.body.encode(errors="replace") if isinstance(response.body, str) else response.body
    if len(body) > ANSWER_LIMIT:
        raise LiquidError(f"The answer of connected_content may hold at most {ANSWER_LIMIT:,} bytes.")
    return body.decode(errors="replace")


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
