"""What every tag of the dialect has in common: how its block and its names are read."""

from __future__ import annotations

import re
from abc import abstractmethod
from typing import TYPE_CHECKING, cast

from liquid.parser import get_parser
from liquid.tag import Tag

from campaigns.liquid import lexer
from campaigns.liquid.limits import NESTING_LIMIT

if TYPE_CHECKING:
    from liquid import BlockNode, Node, Token, TokenStream

    from campaigns.liquid.lexer import Cursor
    from campaigns.liquid.stream import Stream

_NAME = re.compile(r"[A-Za-z0-9_-]+")


class BrazeTag(Tag):
    """A tag that reads our stream. It leaves the stream on its last token, as python-liquid's parser wants it."""

    def parse(self, stream: TokenStream) -> Node:
        """Go past the tag's own token and read the rest."""
        return self.read(stream.next_token(), cast("Stream", stream))  # our environment makes no other

    @abstractmethod
    def read(self, token: Token, stream: Stream) -> Node:
        """Read the tag; the stream stands on its expression."""


def parse_block(tag: BrazeTag, stream: Stream, ends: set[str], *, is_inner: bool = False) -> BlockNode:
    """Read what stands between an expression and one of the ending tags.

    `is_inner` is for `else`: the stream then stands on the tag itself, whose expression means nothing.
    """
    if is_inner:
        stream.next_token()
    stream.next_token()
    return parse_nodes(tag, stream, ends)


def parse_nodes(tag: BrazeTag, stream: Stream, ends: set[str]) -> BlockNode:
    """Read up to one of the ending tags or the end; LiquidError when blocks stand too deep inside each other."""
    if stream.block_depth >= NESTING_LIMIT:
        stream.refuse(f"Tags may stand inside each other at most {NESTING_LIMIT} deep.", stream.current)
    return get_parser(tag.env).parse_block(stream, ends)


def parse_name(cursor: Cursor) -> str:
    """Read the name of a variable to be set, quoted or not; LiquidError when Braze could not read it again."""
    word = cursor.word
    if word.kind not in (lexer.NAME, lexer.STRING) or not _NAME.fullmatch(word.text):
        cursor.refuse("A variable's name may only hold the letters a to z, digits and _.")
    return cursor.next().text
