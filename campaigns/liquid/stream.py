"""The pieces of a template as the tokens python-liquid's parser walks through, with their lines and references."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from liquid import Token, TokenStream
from liquid.token import TOKEN_CONTENT, TOKEN_EXPRESSION, TOKEN_OUTPUT, TOKEN_TAG

from campaigns.liquid.dialect import OUTPUT, TEXT, Lines, scan
from campaigns.liquid.errors import LiquidError, UnclosedError
from campaigns.liquid.lexer import Cursor, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from campaigns.liquid.dialect import Piece
    from campaigns.liquid.terms import Read


class Stream(TokenStream):
    """The tokens of one template. Every tag and output is followed by an expression token, empty or not."""

    def __init__(self, tokens: Iterable[Token], lines: Lines, reads: list[Read], depth: int = 0) -> None:
        super().__init__(iter(tokens), depth)
        self.lines = lines
        self.reads = reads

    @classmethod
    def of(cls, source: str) -> Stream:
        """The stream of a whole template; LiquidError when something in it is never closed."""
        lines = Lines(source)
        return cls(_tokens(source, scan(source, lines)), lines, [])

    def within(self, tokens: Iterable[Token]) -> Stream:
        """A stream of tokens found inside one of this stream's tags."""
        return Stream(tokens, self.lines, self.reads, self.block_depth)

    def line(self, token: Token) -> int:
        """The line a token stands on."""
        return self.lines.at(token.start_index)

    def expression(self) -> Token:
        """The current token, which is what stands inside a tag or output; the stream stays on it."""
        return self.expect(TOKEN_EXPRESSION)

    def cursor(self) -> Cursor:
        """A cursor over the words of the current expression; the stream stays on it."""
        token = self.expression()
        return self.cursor_over(token.value, token.start_index)

    def cursor_over(self, body: str, start: int) -> Cursor:
        """A cursor over the words of a text that stands at a place in the source."""
        return Cursor(words(body, start, self.lines.at), start + len(body), self.lines.at, self.reads)

    def close(self, opened: Token, end: str) -> None:
        """Go past the name of the tag that ends a block; LiquidError when the block is never closed."""
        if not self.current.is_tag(end):
            raise UnclosedError(
                f"{{% {opened.value} %}} is never closed; add {{% {end} %}}", self.line(opened)
            )
        self.next_token()

    def refuse(self, message: str, token: Token) -> NoReturn:
        """Raise LiquidError at a token."""
        raise LiquidError(message, self.line(token))


def _tokens(source: str, pieces: Iterable[Piece]) -> Iterator[Token]:
    for piece in pieces:
        if piece.kind == TEXT:
            yield Token(TOKEN_CONTENT, piece.body, piece.start, source)
            continue
        kind = TOKEN_OUTPUT if piece.kind == OUTPUT else TOKEN_TAG
        yield Token(kind, piece.name, piece.start, source)
        yield Token(TOKEN_EXPRESSION, piece.body, piece.body_start, source)
