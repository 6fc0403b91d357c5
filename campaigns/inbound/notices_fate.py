"""What becomes of a webhook: its state, and why, in words for staff."""

from typing import NamedTuple

from campaigns.models import Notice
from integrations.rokt.notice import Notice as Message


class Heard(NamedTuple):
    """A webhook that came in, and what it says."""

    row: Notice
    message: Message


class Fate(NamedTuple):
    """A state and its reason; WAITING and ORPHAN are looked at again after a while."""

    state: Notice.State
    reason: str = ""


def done(reason: str) -> Fate:
    """It changed something, or everything was so already."""
    return Fate(Notice.State.DONE, reason)


def ignored(reason: str) -> Fate:
    """It asks for nothing."""
    return Fate(Notice.State.IGNORED, reason)


def failed(reason: str) -> Fate:
    """It cannot be taken over, now or later."""
    return Fate(Notice.State.FAILED, reason)


def orphan(reason: str) -> Fate:
    """What it speaks of is not known here, or not yet."""
    return Fate(Notice.State.ORPHAN, reason)


def early(reason: str) -> Fate:
    """What it speaks of is on its way."""
    return Fate(Notice.State.WAITING, reason)
