"""What can go wrong between us and Rokt: what can go wrong with any call, and two things that Rokt may say."""

from typing import TypeAlias

from integrations.web.errors import AddressError, NoAnswerError, NotReachableError, WebError

RoktError: TypeAlias = WebError  # what to catch for all of them; `str()` is a sentence for staff


class CredentialsRefusedError(RoktError):
    """Rokt answered that it does not accept the client id and secret."""


class AnswerUnreadableError(RoktError):
    """Rokt answered, but not with anything that can be used."""


__all__ = [
    "AddressError",
    "AnswerUnreadableError",
    "CredentialsRefusedError",
    "NoAnswerError",
    "NotReachableError",
    "RoktError",
]
