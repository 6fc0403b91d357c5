"""The tags that choose: if, unless, case and ifchanged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from liquid.ast import ConditionalBlockNode, Node
from liquid.builtin.tags.if_tag import IfNode
from liquid.builtin.tags.ifchanged_tag import IfChangedNode
from liquid.builtin.tags.unless_tag import UnlessNode
from liquid.token import TOKEN_TAG

from campaigns.liquid.conditions import parse_condition
from campaigns.liquid.expressions import parse_value
from campaigns.liquid.limits import weight
from campaigns.liquid.tags.tag import BrazeTag, parse_block
from campaigns.liquid.values import equal

if TYPE_CHECKING:
    from typing import TextIO

    from liquid import BlockNode, Token

    from campaigns.liquid.stream import Stream
    from campaigns.liquid.terms import Term


class IfTag(BrazeTag):
    """`{% if … %}…{% elsif … %}…{% else %}…{% endif %}`."""

    name = "if"
    end = "endif"
    node_class: Any = IfNode

    def read(self, token: Token, stream: Stream) -> Node:
        """Read every condition with its block; what stands behind the word `else` means nothing, as in Ruby."""
        ends = {"elsif", "else", self.end}
        condition = parse_condition(stream.cursor())
        consequence = parse_block(self, stream, ends)
        alternatives: list[ConditionalBlockNode] = []
        while stream.current.is_tag("elsif"):
            opened = stream.next_token()
            alternative = parse_condition(stream.cursor())
            alternatives.append(ConditionalBlockNode(opened, alternative, parse_block(self, stream, ends)))
        default = (
            parse_block(self, stream, {self.end}, is_inner=True) if stream.current.is_tag("else") else None
        )
        stream.close(token, self.end)
        node: Node = self.node_class(token, condition, consequence, alternatives, default)
        return node


class UnlessTag(IfTag):
    """`{% unless … %}…{% endunless %}`."""

    name = "unless"
    end = "endunless"
    node_class = UnlessNode


class CaseNode(Node):
    """Every block one of whose values equals; the `else` blocks when none did before them."""

    __slots__ = ("_blocks", "_value")

    def __init__(self, token: Token, value: Term, blocks: list[tuple[list[Term] | None, BlockNode]]) -> None:
        super().__init__(token)
        self._value, self._blocks = value, blocks
        self.blank = all(block.blank for _, block in blocks)
        for _, block in blocks:
            block.blank = self.blank

    def render_to_output(self, context: Any, buffer: TextIO) -> int:
        """Write the blocks that apply; one that is named twice is written twice, as in Ruby."""
        value, has_matched = self._value.evaluate(context), False
        work = weight(value)
        for choices, block in self._blocks:
            times = int(not has_matched)
            if choices is not None:
                context.spend(work * len(choices))
                times = sum(equal(value, choice.evaluate(context)) for choice in choices)
                has_matched = has_matched or times > 0
            for _ in range(times):
                block.render(context, buffer)
        return 0


class CaseTag(BrazeTag):
    """`{% case x %}{% when 1, 2 %}…{% else %}…{% endcase %}`."""

    name = "case"
    end = "endcase"
    _parts = frozenset(("when", "else", end))

    def read(self, token: Token, stream: Stream) -> Node:
        """Read the value and the blocks; what stands before the first `when` is left out."""
        cursor = stream.cursor()
        value = parse_value(cursor, is_shown=False)
        cursor.expect_end()
        parse_block(self, stream, set(self._parts))
        blocks: list[tuple[list[Term] | None, BlockNode]] = []
        while stream.current.kind == TOKEN_TAG and stream.current.value != self.end:
            is_when = stream.next_token().value == "when"
            choices = self._choices(stream) if is_when else None
            blocks.append((choices, parse_block(self, stream, set(self._parts))))
        stream.close(token, self.end)
        return CaseNode(token, value, blocks)

    def _choices(self, stream: Stream) -> list[Term]:
        cursor = stream.cursor()
        choices = [parse_value(cursor, is_shown=False)]
        while cursor.take(",", "or"):
            choices.append(parse_value(cursor, is_shown=False))
        cursor.expect_end()
        return choices


class IfChangedTag(BrazeTag):
    """`{% ifchanged %}…{% endifchanged %}`: written when it differs from the last time."""

    name = "ifchanged"
    end = "endifchanged"

    def read(self, token: Token, stream: Stream) -> Node:
        """Read the block."""
        block = parse_block(self, stream, {self.end})
        stream.close(token, self.end)
        node = IfChangedNode(token, block)
        block.blank = False  # spaces count as a change, as in Ruby
        return node


CHOICE_TAGS = (IfTag, UnlessTag, CaseTag, IfChangedTag)
