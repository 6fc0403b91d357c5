"""python-liquid's environment with Braze's tags, and the templates it reads: read once, rendered many times."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from liquid import Environment, Node
from liquid.builtin.content import ContentNode, Literal
from liquid.exceptions import LiquidInterrupt
from liquid.parser import get_parser

from campaigns.liquid.context import Context, Fetch, Output
from campaigns.liquid.data import Data, Reference
from campaigns.liquid.errors import AbortedError, LiquidError
from campaigns.liquid.stream import Stream
from campaigns.liquid.tags.choices import CHOICE_TAGS
from campaigns.liquid.tags.connected_content import ConnectedContentTag
from campaigns.liquid.tags.loops import LOOP_TAGS
from campaigns.liquid.tags.messages import MESSAGE_TAGS
from campaigns.liquid.tags.outputs import OUTPUT_TAGS
from campaigns.liquid.tags.refused import RefusedTag
from campaigns.liquid.tags.variables import VARIABLE_TAGS
from campaigns.liquid.terms import Lookup

if TYPE_CHECKING:
    from collections.abc import Sequence

_CACHED_TEMPLATES = 256


class Rendered(NamedTuple):
    """What a template made of one person's data.

    `missing` names the references that were shown and empty, `fallbacks` those that a default replaced, each as the
    template spells it (`custom_attribute.${zip code}`) and once.
    """

    text: str
    extras: dict[str, str]
    fallbacks: tuple[str, ...]
    missing: tuple[str, ...]


class _BrazeEnvironment(Environment):
    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        """Only Braze's tags; filters are looked up while a template is read, not here."""
        tags = (*OUTPUT_TAGS, *VARIABLE_TAGS, *CHOICE_TAGS, *LOOP_TAGS, *MESSAGE_TAGS)
        for tag in (Literal, ConnectedContentTag, RefusedTag, *tags):
            self.add_tag(tag)


_ENVIRONMENT = _BrazeEnvironment()
TAG_NAMES = frozenset(name for name in _ENVIRONMENT.tags if name.isidentifier() or name == "#") | {"comment"}


class Template:
    """A template that has been read. It holds nothing of what it rendered, so threads may share it."""

    __slots__ = ("_lines", "_nodes", "_reads", "_text", "references")

    def __init__(self, source: str) -> None:
        stream = Stream.of(source)
        self._lines = stream.lines
        self._nodes: Sequence[Node] = get_parser(_ENVIRONMENT).parse(stream)
        self.references: tuple[Reference, ...] = tuple(
            read.reference for read in stream.reads if isinstance(read, Lookup)
        )
        self._reads = frozenset((item.namespace, item.name) for item in self.references)
        texts = [node.text for node in self._nodes if type(node) is ContentNode]
        self._text = "".join(texts) if len(texts) == len(self._nodes) else None

    def render(self, data: Data, *, fetch: Fetch | None = None) -> Rendered:
        """Render for one person; LiquidError when that cannot be done, AbortedError when the template says so.

        `fetch` makes the calls of connected_content; without it, such a call is a LiquidError.
        """
        if self._text is not None:
            return Rendered(self._text, {}, (), ())
        context = Context(_ENVIRONMENT, data, fetch=fetch, reads=self._reads)
        text = self._rendered(context)
        return Rendered(text, context.extras, tuple(context.fallbacks), tuple(context.missing))

    def _rendered(self, context: Context) -> str:
        output: Any = Output()
        for node in self._nodes:
            try:
                node.render_to_output(context, output)  # not render(): we disable no tags
            except LiquidInterrupt:  # a break outside a loop ends the template, as in Ruby
                break
            except AbortedError:
                raise
            except LiquidError as fault:
                raise LiquidError(fault.message, fault.line or self._line(node)) from None
            except Exception as fault:  # whatever a value can provoke: this template fails for this person
                raise LiquidError("This cannot be rendered with these values.", self._line(node)) from fault
        return _sendable(str(output.getvalue()))

    def _line(self, node: Node) -> int:
        return self._lines.at(node.token.start_index)


def _sendable(text: str) -> str:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise LiquidError("The rendered text holds half a character, which cannot be sent.") from None
    return text


@lru_cache(maxsize=_CACHED_TEMPLATES)
def parse(source: str) -> Template:
    """Read a template, or find it read already; LiquidError names what is wrong and the line."""
    return Template(source)


def render(source: str, data: Data, *, fetch: Fetch | None = None) -> Rendered:
    """Render a template for one person, as `Template.render` does."""
    return parse(source).render(data, fetch=fetch)


def references(source: str) -> tuple[Reference, ...]:
    """What a template reads about a person, in the order it is written; LiquidError if it cannot be read."""
    return parse(source).references
