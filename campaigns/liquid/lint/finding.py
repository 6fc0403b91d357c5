"""What the checks report, in words for marketers."""

from typing import Literal, NamedTuple

Level = Literal["error", "warning"]


class Finding(NamedTuple):
    """One trap in a template: where, which, what happens, and what to write instead.

    An `error` cannot be sent; a `warning` can, and may not do what its author wants.
    """

    line: int
    code: str
    message: str
    fix: str
    level: Level = "warning"
