"""What is wrong with a rule, and where."""

from typing import TypeAlias

Path: TypeAlias = tuple[str | int, ...]


class RuleError(ValueError):
    """A rule that is not understood: `path` leads to the fault as in the JSON (places from 0), `message` says it.

    As a text the path counts from 1, as people do: "rules → 3 → values: …".
    """

    def __init__(self, path: Path, message: str) -> None:
        steps = [str(step + 1) if isinstance(step, int) else step for step in path]
        super().__init__(f"{' → '.join(steps)}: {message}" if steps else message)
        self.path = path
        self.message = message
