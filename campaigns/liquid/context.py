"""What one rendering knows and may still spend: the person, the variables, and what was found empty."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from io import StringIO
from typing import TYPE_CHECKING, TextIO

from liquid import RenderContext

from campaigns.liquid.data import Data
from campaigns.liquid.errors import LiquidError
from campaigns.liquid.limits import TEXT_LIMIT, WORK_LIMIT
from campaigns.liquid.web import Request, Response

if TYPE_CHECKING:
    from liquid import Environment
    from liquid.builtin.tags.for_tag import ForLoop
    from liquid.builtin.tags.tablerow_tag import TableRow

Fetch = Callable[[Request], Response]


class Output:
    """Collects what is written, and refuses to grow beyond the limit. A list, because appending to one is cheapest."""

    __slots__ = ("_pieces", "_size")

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._size = 0

    def write(self, text: str) -> int:
        """Add a piece; LiquidError when there is too much."""
        self._size += len(text)
        if self._size > TEXT_LIMIT:
            raise LiquidError(f"A rendered text may hold at most {TEXT_LIMIT:,} characters.")
        self._pieces.append(text)
        return len(text)

    def getvalue(self) -> str:
        """All that was written."""
        return "".join(self._pieces)


class Context(RenderContext):
    """python-liquid's render context with Braze's data, our budget, and none of what we do not use."""

    __slots__ = (
        "_now",
        "data",
        "extras",
        "fallbacks",
        "fetch",
        "frames",
        "hollow",
        "missing",
        "reads",
        "work_left",
    )

    def __init__(
        self, env: Environment, data: Data, *, fetch: Fetch | None, reads: frozenset[tuple[str, str]]
    ) -> None:
        # Not super().__init__(): it builds half a dozen maps, and this runs once for every person and field.
        self.env = env
        self.autoescape = False
        self.disabled_tags = []
        self.locals: dict[str, object] = {}
        self.counters = {}
        self.loops = []
        self.frames: list[Mapping[str, object]] = []
        self.tag_namespace = {"cycles": {}, "ifchanged": ""}
        self.data = data
        self.fetch = fetch
        self.reads = reads  # what the template reads by itself: all that a re-rendered answer may read
        self.extras: dict[str, str] = {}
        self.missing: dict[str, None] = {}
        self.fallbacks: dict[str, None] = {}
        self.hollow: dict[str, dict[str, None]] = {}  # variable -> what was empty when it was set
        self.work_left = WORK_LIMIT
        self._now: datetime | None = None

    @property
    def now(self) -> datetime:
        """The moment of this rendering; the same however often it is asked."""
        if self._now is None:
            self._now = self.data.now or datetime.now(UTC)
        return self._now

    def spend(self, work: int) -> None:
        """Take work from the budget; LiquidError when it is used up."""
        self.work_left -= work
        if self.work_left < 0:
            raise LiquidError("This template does too much work; make its loops or texts smaller.")

    def lookup(self, name: str) -> object:
        """The value of a variable: the innermost loop's first, then assigned ones, then counters; None if unknown."""
        for frame in reversed(self.frames):
            if name in frame:
                return frame[name]
        return self.locals[name] if name in self.locals else self.counters.get(name)

    def assign(self, key: str, val: object) -> None:
        """Set a variable."""
        self.locals[key] = val

    @contextmanager
    def setting(self, variable: str) -> Iterator[None]:
        """While a variable is being set, what is empty is not missing yet: it is once the variable is shown."""
        missing, self.missing = self.missing, {}
        try:
            yield
        finally:
            self.hollow.pop(variable, None)
            if self.missing:
                self.hollow[variable] = self.missing
            self.missing = missing

    @contextmanager
    def loop(self, namespace: Mapping[str, object], forloop: ForLoop | TableRow) -> Iterator[RenderContext]:
        """Put a loop's variables before all others while it runs."""
        self.frames.append(namespace)
        self.loops.append(forloop)
        try:
            yield self
        finally:
            self.loops.pop()
            self.frames.pop()

    def parentloop(self) -> object:
        """The loop around the one that is about to start, or None."""
        return self.loops[-1] if self.loops else None

    def get_buffer(self, buf: TextIO | None = None) -> StringIO:
        """A fresh place to write to, for what is captured."""
        return Output()  # type: ignore[return-value]  # nodes only write to it and take its value
