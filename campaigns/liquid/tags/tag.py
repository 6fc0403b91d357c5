"""What every tag of the dialect has in common: how its block and its names are read."""

from __future__ import annotations

import re
from abc import abstractmethod
from typing import TYPE_CHECKING

from liquid.parser import get_parser
from liquid.tag import Tag

from campaigns.liquid import lexer
from campaigns.liquid.limits import NESTING_LIMIT
from campaigns.liquid.stream import Stream

if TYPE_CHECKING:
    from liquid import BlockNode, Node, Token, TokenStream

    from campaigns.liquid.lexer import Cursor

_NAME = re.compile(r"[A-Za-z0-9_-]+")


class BrazeTag(Tag):
    """A tag that reads our stream. It leaves the stream on its last token, as python-liquid's parser wants it."""

    def parse(self, stream: TokenStream) -> Node:
        """Go past the tag's own token and read the rest."""
        if not isinstance(stream, Stream):
            raise TypeError("The tags of the Braze dialect read a Stream.")
        return self.read(stream.next_token(), stream)

    @abstractmethod
    def read(self, token: Token, stream: Stream) -> Node:
        """Read the tag; the stream stands on its expression."""


def parse_block(tag: BrazeTag, stream: Stream, ends: set[str], *, is_inner: bool = False) -> BlockNode:
    """Read what stands between an expression and one of the ending tags.

    `is_inner` is for `else`: the stream then stands on the tag itself, whose expression means nothing.
    """
    if is_inner:
        stream.next_token()
    opened = stream.next_token()
    if stream.block_depth >= NESTING_LIMIT:
        stream.refuse(f"Tags may stand inside each other at most {NESTING_LIMIT} deep.", opened)
    return get_parser(tag.env).parse_block(stream, ends)


def parse_name(cursor: Cursor) -> str:
    """Read the name of a variable to be set, quoted or not; LiquidError when Braze could not read it again."""
    word = cursor.word
    if word.kind not in (lexer.NAME, lexer.STRING) or not _NAME.fullmatch(word.text):
        cursor.refuse("A variable's name may only hold the letters a to z, digits and _.")
    return cursor.next().text
