"""The tags that repeat: for, tablerow, break, continue and cycle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liquid.ast import Node
from liquid.builtin.tags.for_tag import BreakNode, ContinueNode, ForNode
from liquid.builtin.tags.tablerow_tag import TablerowNode

from campaigns.liquid.expressions import parse_value
from campaigns.liquid.limits import BODY_WORK
from campaigns.liquid.printing import to_text
from campaigns.liquid.tags.loop import parse_loop
from campaigns.liquid.tags.tag import BrazeTag, parse_block

if TYPE_CHECKING:
    from typing import TextIO

    from liquid import RenderContext, Token

    from campaigns.liquid.stream import Stream
    from campaigns.liquid.terms import Term


class ForTag(BrazeTag):
    """`{% for item in list %}…{% else %}…{% endfor %}`."""

    name = "for"
    end = "endfor"

    def read(self, token: Token, stream: Stream) -> Node:
        """Read the loop, its body, and what stands in for an empty list."""
        loop = parse_loop(stream)
        block = parse_block(self, stream, {"else", self.end})
        loop.step_work += BODY_WORK * (stream.current.start_index - token.start_index)
        default = (
            parse_block(self, stream, {self.end}, is_inner=True) if stream.current.is_tag("else") else None
        )
        stream.close(token, self.end)
        node = ForNode(token, loop, block, default)
        for part in (block, default):
            if part:
                part.blank = node.blank  # spaces only vanish when the whole loop holds nothing else
        return node


class TablerowTag(BrazeTag):
    """`{% tablerow item in list cols: 3 %}…{% endtablerow %}`."""

    name = "tablerow"
    end = "endtablerow"

    def read(self, token: Token, stream: Stream) -> Node:
        """Read the loop and its cells."""
        loop = parse_loop(stream)
        block = parse_block(self, stream, {self.end})
        loop.step_work += BODY_WORK * (stream.current.start_index - token.start_index)
        stream.close(token, self.end)
        block.blank = False  # a cell of spaces keeps them, as in Ruby
        return TablerowNode(token, loop, block)


class BreakTag(BrazeTag):
    """`{% break %}`: leaves the loop."""

    name = "break"

    def read(self, token: Token, stream: Stream) -> Node:
        """Nothing else to read."""
        node = BreakNode(token)
        node.blank = False  # as in Ruby: a block that only breaks keeps its spaces
        return node


class ContinueTag(BrazeTag):
    """`{% continue %}`: goes on to the loop's next step."""

    name = "continue"

    def read(self, token: Token, stream: Stream) -> Node:
        """Nothing else to read."""
        node = ContinueNode(token)
        node.blank = False
        return node


class CycleNode(Node):
    """One of several values, the next one each time."""

    __slots__ = ("_group", "_key", "_values")

    def __init__(self, token: Token, group: Term | None, key: str, values: list[Term]) -> None:
        super().__init__(token)
        self._group, self._key, self._values = group, key, values
        self.blank = False

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        """Write the value whose turn it is."""
        key = ("group", to_text(self._group.evaluate(context))) if self._group else ("values", self._key)
        value = self._values[context.cycle((*key, len(self._values)), len(self._values))]
        return buffer.write(to_text(value.evaluate(context)))


class CycleTag(BrazeTag):
    """`{% cycle 'odd', 'even' %}`, `{% cycle group: 'odd', 'even' %}`."""

    name = "cycle"

    def read(self, token: Token, stream: Stream) -> Node:
        """Read the values, and the name of the group when there is one."""
        cursor = stream.cursor()
        group: Term | None = None
        values = [parse_value(cursor, is_shown=True)]
        if cursor.take(":"):
            group, values = values[0], [parse_value(cursor, is_shown=True)]
        while cursor.take(","):
            values.append(parse_value(cursor, is_shown=True))
        cursor.expect_end()
        return CycleNode(token, group, stream.expression().value, values)


LOOP_TAGS = (ForTag, TablerowTag, BreakTag, ContinueTag, CycleTag)
