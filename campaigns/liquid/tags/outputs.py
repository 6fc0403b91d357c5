"""The tags that write something or nothing: outputs, echo, raw, comments, and liquid with its lines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from liquid import Token
from liquid.ast import Node
from liquid.builtin.content import ContentNode
from liquid.builtin.tags.liquid_tag import LiquidNode
from liquid.token import TOKEN_EXPRESSION, TOKEN_OUTPUT, TOKEN_TAG

from campaigns.liquid.filtered import parse_filtered
from campaigns.liquid.limits import weight
from campaigns.liquid.printing import to_text
from campaigns.liquid.tags.tag import BrazeTag, parse_nodes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

    from campaigns.liquid.stream import Stream
    from campaigns.liquid.terms import Term

_LINE = re.compile(r"[^\S\n]*(?P<name>\w+)?[^\S\n]*(?P<rest>[^\n]*)\n?")


class OutputNode(Node):
    """`{{ value }}`."""

    __slots__ = ("_value",)

    def __init__(self, token: Token, value: Term) -> None:
        super().__init__(token)
        self._value = value
        self.blank = False

    def render_to_output(self, context: Any, buffer: TextIO) -> int:
        """Write the value as Ruby would print it."""
        value = self._value.evaluate(context)
        if isinstance(value, str):
            return buffer.write(value)
        if isinstance(value, list | dict):
            context.spend(weight(value))
        return buffer.write(to_text(value))


class OutputTag(BrazeTag):
    """`{{ value | filter }}`."""

    name = TOKEN_OUTPUT

    def read(self, token: Token, stream: Stream) -> Node:
        """Read the value and its filters."""
        return OutputNode(token, parse_filtered(stream.cursor()))


class EchoTag(OutputTag):
    """`{% echo value | filter %}`."""

    name = "echo"


class RawTag(BrazeTag):
    """`{% raw %}…{% endraw %}`: the scanner has already cut out what stands between."""

    name = "raw"

    def read(self, token: Token, stream: Stream) -> Node:
        """Keep the text as it is, spaces too."""
        node = ContentNode(token, stream.expression().value)
        node.blank = not node.text
        return node


class InlineCommentTag(BrazeTag):
    """`{% # a remark %}`."""

    name = "#"

    def read(self, token: Token, stream: Stream) -> Node:
        """Keep nothing."""
        return ContentNode(token, "")


class LiquidTag(BrazeTag):
    """`{% liquid … %}`: one tag on each line, without braces."""

    name = "liquid"

    def read(self, token: Token, stream: Stream) -> Node:
        """Read the lines as tags of their own."""
        inside = stream.within(self._tokens(stream))
        return LiquidNode(token, None, parse_nodes(self, inside, set()))

    def _tokens(self, stream: Stream) -> Iterator[Token]:
        token = stream.expression()
        comments: list[Token] = []  # those that are open
        for line in _LINE.finditer(token.value):
            name, rest = line["name"] or "", line["rest"].rstrip()
            start = token.start_index + line.start("name" if name else "rest")
            found = Token(TOKEN_TAG, name, start, token.source)
            if name == "comment":
                comments.append(found)
            elif name == "endcomment" and comments:
                comments.pop()
            elif not comments and not name and rest and not rest.startswith("#"):
                stream.refuse("Each line of {% liquid %} begins with the name of a tag.", found)
            elif not comments and name:
                yield found
                yield Token(TOKEN_EXPRESSION, rest, token.start_index + line.start("rest"), token.source)
        if comments:
            stream.close(comments[-1], "endcomment")


OUTPUT_TAGS = (OutputTag, EchoTag, RawTag, InlineCommentTag, LiquidTag)
