"""The tags that keep a value under a name: assign, capture, increment and decrement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from liquid.builtin.content import ContentNode
from liquid.builtin.expressions import Identifier
from liquid.builtin.tags.assign_tag import AssignNode
from liquid.builtin.tags.capture_tag import CaptureNode
from liquid.builtin.tags.decrement_tag import DecrementNode
from liquid.builtin.tags.increment_tag import IncrementNode

from campaigns.liquid.context import Output
from campaigns.liquid.filtered import parse_filtered
from campaigns.liquid.tags.tag import BrazeTag, parse_block, parse_name

if TYPE_CHECKING:
    from typing import TextIO

    from liquid import BlockNode, Node, Token

    from campaigns.liquid.stream import Stream


class Assign(AssignNode):
    """An assignment that remembers what it found empty."""

    __slots__ = ()

    def render_to_output(self, context: Any, buffer: TextIO) -> int:
        """Set the variable."""
        with context.setting(self.name):
            context.locals[self.name] = self.expression.evaluate(context)
        return 0


class AssignTag(BrazeTag):
    """`{% assign name = value | filter %}`."""

    name = "assign"

    def read(self, token: Token, stream: Stream) -> Node:
        """Read the name, the value and its filters."""
        cursor = stream.cursor()
        name = parse_name(cursor)
        if not cursor.take("="):
            cursor.refuse("A variable is set with {% assign name = value %}.")
        return Assign(token, name=Identifier(name, token=token), expression=parse_filtered(cursor))


class Capture(CaptureNode):
    """A capture that knows when its text is the same for everyone, and pays for it when it is not."""

    __slots__ = ("_constant",)

    def __init__(self, token: Token, name: Identifier, block: BlockNode) -> None:
        super().__init__(token, name, block)
        block.blank = False  # captured spaces are kept, as in Ruby
        texts = [node.text for node in block.nodes if type(node) is ContentNode]
        self._constant = "".join(texts) if len(texts) == len(block.nodes) else None

    def render_to_output(self, context: Any, buffer: TextIO) -> int:
        """Set the variable; also when a break leaves the capture early."""
        if self._constant is not None:
            context.locals[self.name] = self._constant
            return 0
        captured: Any = Output()
        with context.setting(self.name):
            try:
                self.block.render(context, captured)
            finally:
                context.locals[self.name] = captured.getvalue()
        context.spend(len(context.locals[self.name]))
        return 0


class CaptureTag(BrazeTag):
    """`{% capture name %}…{% endcapture %}`."""

    name = "capture"
    end = "endcapture"

    def read(self, token: Token, stream: Stream) -> Node:
        """Read the name and what is captured."""
        cursor = stream.cursor()
        name = parse_name(cursor)
        cursor.expect_end()
        block = parse_block(self, stream, {self.end})
        stream.close(token, self.end)
        return Capture(token, Identifier(name, token=token), block)


class IncrementTag(BrazeTag):
    """`{% increment name %}`: writes a counter and adds one."""

    name = "increment"
    node_class: Any = IncrementNode

    def read(self, token: Token, stream: Stream) -> Node:
        """Read the counter's name."""
        cursor = stream.cursor()
        name = parse_name(cursor)
        cursor.expect_end()
        node: Node = self.node_class(token, Identifier(name, token=token))
        return node


class DecrementTag(IncrementTag):
    """`{% decrement name %}`: takes one off a counter and writes it."""

    name = "decrement"
    node_class = DecrementNode


VARIABLE_TAGS = (AssignTag, CaptureTag, IncrementTag, DecrementTag)
