"""What can go wrong between us and Braze: what can go wrong with any call, and what Braze itself may say."""

from typing import Final, TypeAlias

from integrations.web.download import CutShortError, TooLargeError
from integrations.web.errors import AddressError, NoAnswerError, NotReachableError, WebError

BrazeError: TypeAlias = WebError  # what to catch for all of them; `str()` is a sentence for staff


class KeyUnusableError(BrazeError):
    """The REST key is not one that could be sent. Nothing was sent."""


class KeyRefusedError(BrazeError):
    """Braze does not know the REST key: it is wrong, or it belongs to another instance (401)."""


class PermissionMissingError(BrazeError):
    """The REST key lacks `permission`, as it is called in Braze (403)."""

    def __init__(self, sentence: str, *, permission: str) -> None:
        super().__init__(sentence)
        self.permission = permission


class WaitError(BrazeError):
    """Try again, but not before `seconds` have passed."""

    def __init__(self, sentence: str, *, seconds: float) -> None:
        super().__init__(sentence)
        self.seconds = seconds


class LimitedError(WaitError):
    """Too many calls (429)."""


class ExportRunningError(LimitedError):
    """An export of this segment is running already; Braze makes one at a time (429)."""


class BusyError(WaitError):
    """Braze, or the storage that holds an export, cannot answer just now (5xx, or 429 from the storage)."""


class ExportNotReadyError(WaitError):
    """The export is not there: not yet, or no longer, which look the same."""


class RefusedError(BrazeError):
    """Braze turned the request down for good, with a reason in words (any other 3xx or 4xx)."""

    def __init__(self, sentence: str, *, status: int) -> None:
        super().__init__(sentence)
        self.status = status


class AnswerUnreadableError(BrazeError):
    """Braze answered, but not with anything that can be used."""


# After these the same call may be made again: at once, or after the seconds that a WaitError has.
RETRYABLE: Final = (WaitError, NotReachableError, NoAnswerError, CutShortError, AnswerUnreadableError)

__all__ = [
    "RETRYABLE",
    "AddressError",
    "AnswerUnreadableError",
    "BrazeError",
    "BusyError",
    "CutShortError",
    "ExportNotReadyError",
    "ExportRunningError",
    "KeyRefusedError",
    "KeyUnusableError",
    "LimitedError",
    "NoAnswerError",
    "NotReachableError",
    "PermissionMissingError",
    "RefusedError",
    "TooLargeError",
    "WaitError",
]
