"""What has a value while rendering: literals, ranges, variables and references to a person's data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from liquid.expression import Expression

from campaigns.liquid.data import NAMESPACES, UNSENT_DISPATCH, Reference, find, spelled
from campaigns.liquid.errors import FilterError, LiquidError
from campaigns.liquid.filters.numbers import to_number
from campaigns.liquid.limits import ITEM_LIMIT
from campaigns.liquid.values import is_blank, is_empty, step

if TYPE_CHECKING:
    from collections.abc import Iterable


class Term(Expression):
    """Something that has a value while rendering. `context` is always ours; python-liquid declares its own."""

    __slots__ = ()

    def children(self) -> list[Expression]:
        """Nothing: python-liquid's static analysis is not used, `references` is."""
        return []


class Literal(Term):
    """A value that is written in the template."""

    __slots__ = ("value",)

    def __init__(self, value: object) -> None:
        self.value = value

    def evaluate(self, context: Any) -> object:
        """The value as it is written."""
        return self.value


class Range(Term):
    """`(1..n)`."""

    __slots__ = ("line", "start", "stop")

    def __init__(self, start: Term, stop: Term, line: int) -> None:
        self.start, self.stop, self.line = start, stop, line

    def evaluate(self, context: Any) -> range:
        """The whole numbers from start to stop, both included; LiquidError when there are too many."""
        try:
            start, stop = (int(to_number(end.evaluate(context))) for end in (self.start, self.stop))
        except FilterError as fault:
            raise LiquidError(str(fault), self.line) from None
        if stop - start >= ITEM_LIMIT:
            raise LiquidError(f"A range may hold at most {ITEM_LIMIT:,} numbers.", self.line)
        return range(start, max(start, stop + 1))


Path = tuple[tuple[object, bool], ...]  # (key or Term, whether it stood behind a dot)


def _follow(value: object, path: Path, context: Any) -> object:
    for key, is_command in path:
        value = step(value, key.evaluate(context) if isinstance(key, Term) else key, is_command=is_command)
    return value


class Read(Term):
    """A value that is read by name. `is_shown`: it goes into the text; `has_default`: something stands in for it."""

    __slots__ = ("has_default", "is_shown", "path")

    def __init__(self, path: Path, *, is_shown: bool) -> None:
        self.path, self.is_shown, self.has_default = path, is_shown, False

    def note(self, value: object, found: Iterable[str], context: Any) -> None:
        """Write down what was empty: replaced by a default, or missing. A text of spaces is never replaced."""
        is_replaced = self.has_default and (value is None or value is False or is_empty(value))
        (context.fallbacks if is_replaced else context.missing).update(dict.fromkeys(found))


class Variable(Read):
    """A name that the template itself has set, and a path behind it."""

    __slots__ = ("name",)

    def __init__(self, name: str, path: Path, *, is_shown: bool) -> None:
        super().__init__(path, is_shown=is_shown)
        self.name = name

    def evaluate(self, context: Any) -> object:
        """The variable's value, or None; notes what was empty when it was set, now that it is shown."""
        value = context.lookup(self.name)
        if self.path:
            value = _follow(value, self.path, context)
        if context.hollow and self.is_shown and self.name in context.hollow:
            self.note(value, context.hollow[self.name], context)
        return value


class Lookup(Read):
    """`custom_attribute.${rokt:account_code}[0]`: one reference to a person's data."""

    __slots__ = ("_field", "_label", "_unset", "line", "name", "namespace")

    def __init__(self, namespace: str, name: str, path: Path, *, line: int, is_shown: bool) -> None:
        super().__init__(path, is_shown=is_shown)
        self.namespace, self.name, self.line = namespace, name, line
        self._field, self._label = NAMESPACES[namespace], spelled(namespace, name)
        self._unset = UNSENT_DISPATCH if (namespace, name) == ("campaign", "dispatch_id") else None

    @property
    def reference(self) -> Reference:
        """What is read here, for whoever asks without rendering."""
        return Reference(self.namespace, self.name, self.line, self.has_default, self.is_shown)

    def evaluate(self, context: Any) -> object:
        """The person's value or None; notes when something to be shown is empty."""
        value = find(getattr(context.data, self._field), self.name)
        if self.path:
            value = _follow(value, self.path, context)
        if value is None:
            value = self._unset
        if self.is_shown and (is_blank(value) if value is not False else self.has_default):
            self.note(value, (self._label,), context)
        return value
