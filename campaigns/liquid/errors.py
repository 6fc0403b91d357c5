"""What can go wrong in a template, in words for the people who wrote it."""


class LiquidError(Exception):
    """A template that cannot be read or rendered: `message` is one plain sentence, `line` counts from 1."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.line = line

    def __str__(self) -> str:
        return self.message if self.line is None else f"Line {self.line}: {self.message}"


class UnclosedError(LiquidError):
    """Something is opened and never closed."""


class AbortedError(Exception):
    """The template itself decided that this person gets nothing; `reason` is what it said."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class FilterError(Exception):
    """A filter cannot work with what it was given; whoever called it adds the line."""
