"""Braze's tags about the message itself: abort_message and message_extras."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NoReturn

from liquid.ast import Node

from campaigns.liquid.errors import AbortedError
from campaigns.liquid.limits import EXTRAS_LIMIT
from campaigns.liquid.tags.markup import Markup, parse_markup
from campaigns.liquid.tags.tag import BrazeTag

if TYPE_CHECKING:
    from typing import TextIO

    from liquid import Token

    from campaigns.liquid.stream import Stream

_NO_REASON = "{% abort_message %} called"  # what Braze's own log says
_KEY = re.compile(r"\s*:key(?=\s)")
_VALUE = re.compile(r"(?<=\s):value(?!\S)")


class AbortNode(Node):
    """Ends the message for this person."""

    __slots__ = ("_reason",)

    def __init__(self, token: Token, reason: str) -> None:
        super().__init__(token)
        self._reason = reason
        self.blank = False

    def render_to_output(self, context: Any, buffer: TextIO) -> NoReturn:
        """Raise AbortedError with the reason."""
        raise AbortedError(self._reason)


class AbortTag(BrazeTag):
    """`{% abort_message('reason') %}`, with or without the reason, the quotes and the parentheses."""

    name = "abort_message"

    def read(self, token: Token, stream: Stream) -> Node:
        """Read the reason: a literal text, in which Liquid means nothing."""
        reason = stream.expression().value.strip()
        if reason.startswith("(") and reason.endswith(")"):
            reason = reason[1:-1].strip()
        if len(reason) > 1 and reason[0] == reason[-1] and reason[0] in "'\"":
            reason = reason[1:-1]
        return AbortNode(token, reason or _NO_REASON)


class ExtrasNode(Node):
    """Adds one pair to the message's extras and writes nothing."""

    __slots__ = ("_key", "_value")

    def __init__(self, token: Token, key: Markup, value: Markup) -> None:
        super().__init__(token)
        self._key, self._value = key, value
        self.blank = False

    def render_to_output(self, context: Any, buffer: TextIO) -> int:
        """Keep the pair unless its key is there already; cut what goes beyond the limit."""
        extras: dict[str, str] = context.extras
        key, value = self._key.evaluate(context).strip(), self._value.evaluate(context).strip()
        room = EXTRAS_LIMIT - sum(_size(item) for pair in extras.items() for item in pair) - _size(key)
        if key and key not in extras and room >= min(len(value), 1):
            extras[key] = value.encode(errors="replace")[:room].decode(errors="ignore")
        return 0


def _size(text: str) -> int:
    return len(text.encode(errors="replace"))


class ExtrasTag(BrazeTag):
    """`{% message_extras :key name :value text %}`."""

    name = "message_extras"

    def read(self, token: Token, stream: Stream) -> Node:
        """Read the key and the value, which may hold outputs."""
        expression = stream.expression()
        key, value = _KEY.match(expression.value), _VALUE.search(expression.value)
        if not key or not value:
            stream.refuse("Extras are written {% message_extras :key name :value text %}.", token)
        start, end = expression.start_index, expression.start_index + len(expression.value)
        return ExtrasNode(
            token,
            parse_markup(stream, start + key.end(), start + value.start()),
            parse_markup(stream, start + value.end(), end),
        )


MESSAGE_TAGS = (AbortTag, ExtrasTag)
